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

#[cfg(test)]
mod tests {
    use crate::finding::FindingStatus;
    use crate::knowledge::SecuritySupport;
    use crate::matching::fixture::{World, row};

    #[test]
    fn an_end_that_has_come_counts_and_a_limit_is_said() {
        let list = "binutils limited  Only suitable for trusted content\nconsul non-supported 1.10.12+dfsg1-1 2023-09-20 why\n\
                    later non-supported 1 2027-01-01 soon\n";
        let sources = ["binutils", "consul", "later"];
        let rows = sources.map(|source| row(source, "CVE-2026-1001"));
        let mut world = World::new(&rows, &sources.map(|source| (source, "9")));
        world.knowledge.support = SecuritySupport::read(list, "13").unwrap();
        let statuses: Vec<_> = world.statuses().into_iter().map(|(_, status)| status).collect();
        assert_eq!(statuses, [FindingStatus::Affected, FindingStatus::EndOfLife, FindingStatus::Affected]);
        let remarks: Vec<String> = world.report(None).remarks.iter().map(ToString::to_string).collect();
        let expected = [
            "binutils: its security support is limited: Only suitable for trusted content",
            "consul: its security support ended on 2023-09-20: why",
            "later: its security support ends on 2027-01-01: soon",
        ];
        assert_eq!(remarks, expected);
    }
}
