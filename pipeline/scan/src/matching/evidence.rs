//! What a finding stands on beside Debian's row.
//!
//! - A part that the image lacks, by the catalogue's rule, makes it not affected.
//! - An operator's statement that holds makes it what that says.
//! - A changelog that names it is shown, and makes nothing of it: the tracker may know that the fix was not enough. Where both
//!   disagree, a remark says so.

use super::{Context, Image, Matched};
use crate::finding::{Evidence, Finding, FindingStatus};
use crate::inventory::Remark;

/// Adds evidence to a finding.
pub(super) fn apply(finding: &mut Finding, image: Image<'_>, matched: &mut Matched<'_>) {
    if finding.status != FindingStatus::NotAffected {
        changelog(finding, matched);
        component(finding, image, matched.context);
    }
    let context = matched.context;
    let statements =
        context.rules.statements.iter().filter(|it| it.is_about(finding, image.name) && !it.is_expired(context.today));
    let good: Vec<_> = statements.filter(|it| it.check("").is_ok()).collect();
    good.into_iter().for_each(|statement| statement.apply(finding));
}

fn changelog(finding: &mut Finding, matched: &mut Matched<'_>) {
    let context = matched.context;
    let changelog = context.changelogs.of(&finding.source, &finding.source_version);
    let Some(fix) = changelog.and_then(|it| it.fix(&finding.id, &finding.source_version)) else { return };
    matched.remark(format!(
        "{}: Debian's data say that {} has it, its own changelog names it in {}: `{}`",
        finding.id, finding.source_version, fix.version, fix.line
    ));
    finding.evidence.push(Evidence::Changelog { version: fix.version, line: fix.line });
}

fn component(finding: &mut Finding, image: Image<'_>, context: &Context<'_>) {
    let rules = context.rules.components.iter().filter(|rule| rule.is_about(&finding.id, &finding.source));
    if let Some(absence) = rules.filter_map(|rule| rule.absence(image.inventory, image.files)).next() {
        finding.status = FindingStatus::NotAffected;
        finding.evidence.push(absence);
    }
}

/// Statements that do nothing, and why.
pub(super) fn rules_remarks(context: &Context<'_>) -> Vec<Remark> {
    let remark = |(at, statement): (usize, &crate::rules::OperatorStatement)| {
        let place = format!("statements[{at}]");
        let who = format!("{} of {}", statement.ids.join(", "), statement.author);
        let text = match (statement.check(&place), statement.expires.filter(|_| statement.is_expired(context.today))) {
            (Err(error), _) => format!("the statement does nothing: {error}"),
            (Ok(()), Some(expires)) => format!("the statement on {who} expired on {expires} and does nothing"),
            (Ok(()), None) => return None,
        };
        Some(Remark { about: place, text })
    };
    context.rules.statements.iter().enumerate().filter_map(remark).collect()
}
