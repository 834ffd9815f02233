//! Sources whose security support is limited or has ended: said once a source.

use super::Matched;
use crate::knowledge::Support;

/// Whether support has ended by today. Only the day counts: the version that a list names is that of another release at times.
pub(super) fn ended(matched: &mut Matched<'_>, release_number: Option<&str>) -> bool {
    let Some(number) = release_number else { return false };
    let context = matched.context;
    match context.knowledge.support.of(matched.source.source, number) {
        None => false,
        Some(Support::Limited { text }) => {
            matched.remark(format!("its security support is limited: {text}"));
            false
        }
        Some(Support::Ended { date, text, .. }) => {
            let ended = date <= context.today;
            let verb = if ended { "ended" } else { "ends" };
            matched.remark(format!("its security support {verb} on {date}: {text}"));
            ended
        }
    }
}
