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
    for statement in good {
        statement.apply(finding);
    }
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
    let mut rules = context.rules.components.iter().filter(|rule| rule.is_about(&finding.id, &finding.source));
    if let Some(absence) = rules.find_map(|rule| rule.absence(image.inventory, image.files)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changelog::Changelog;
    use crate::matching::fixture::{World, row};
    use crate::rules::{EvidenceRules, PathList};

    fn world(rules: &str) -> World {
        let mut world = World::new(&[row("zlib", "CVE-2023-45853")], &[("zlib", "1:1.2.13.dfsg-1")]);
        let EvidenceRules { components, statements } = serde_json::from_str(rules).unwrap();
        world.rules = EvidenceRules { components, statements };
        world
    }

    fn rule(component: &str) -> String {
        format!(
            r#"{{"components": [{{"ids": ["CVE-2023-45853"], "source": "zlib", "component": "{component}", "reason": "only minizip has it", "reference": "https://x.example"}}]}}"#
        )
    }

    #[test]
    fn an_image_without_the_part_is_not_affected_and_one_with_it_is() {
        let finding = world(&rule("libminizip1t64")).only();
        assert_eq!(finding.status, FindingStatus::NotAffected);
        let Evidence::ComponentNotPresent { reason, .. } = &finding.evidence[0] else { panic!("{finding:?}") };
        assert_eq!(reason, "only minizip has it (https://x.example)");
        assert_eq!(world(&rule("zlib")).only().status, FindingStatus::Affected);
    }

    #[test]
    fn a_rule_for_a_path_says_nothing_without_a_list_of_files() {
        let by_path = world(&rule("/usr/lib/*/libminizip.so.*"));
        assert_eq!(by_path.only().status, FindingStatus::Affected);
        let status = |path: &str| by_path.report(Some(&PathList(vec![path.into()]))).findings[0].status;
        assert_eq!(status("usr/lib/x/libz.so.1"), FindingStatus::NotAffected);
        assert_eq!(status("usr/lib/x/libminizip.so.1"), FindingStatus::Affected);
    }

    #[test]
    fn a_statement_holds_for_its_images_packages_and_days() {
        let status = |extra: &str, statement: &str| {
            let text = format!(
                r#"{{"statements": [{{"ids": ["CVE-2023-45853"], "author": "A Person", "reason": "r", "status": "{statement}"{extra}}}]}}"#
            );
            let report = world(&text).report(None);
            (report.findings[0].status, report.findings[0].evidence.len(), report.remarks.len())
        };
        let why = r#", "justification": "vulnerable_code_not_in_execute_path""#;
        let with = |extra: &str| status(&format!("{why}{extra}"), "not_affected");
        let applied = (FindingStatus::NotAffected, 1, 0);
        let left = (FindingStatus::Affected, 0, 0);
        assert_eq!(with(""), applied);
        assert_eq!(with(r#", "expires": "2026-11-23""#), applied);
        assert_eq!(with(r#", "expires": "2026-11-22""#), (FindingStatus::Affected, 0, 1));
        assert_eq!(with(r#", "images": ["python"]"#), applied);
        assert_eq!(with(r#", "images": ["ython", "python:3"]"#), left);
        assert_eq!(with(r#", "packages": ["zlib"], "sources": ["zlib"]"#), applied);
        assert_eq!(with(r#", "packages": ["zlib1g"]"#), left);
        assert_eq!(status("", "not_affected"), (FindingStatus::Affected, 0, 1), "no justification");
        assert_eq!(status("", "under_investigation"), (FindingStatus::Affected, 1, 0));
        assert_eq!(status("", "fixed").0, FindingStatus::NotAffected);
        assert_eq!(status("", "affected").0, FindingStatus::Affected);
    }

    #[test]
    fn a_changelog_is_evidence_and_changes_no_status() {
        let entry = |version: &str, line: &str| {
            format!("zlib ({version}) unstable; urgency=high\n\n  * {line}\n\n -- A <a>  x\n\n")
        };
        let with = |line: &str| {
            let mut world = world("{}");
            let text = entry("1:1.2.13.dfsg-1", "Rebuild") + &entry("1:1.2.12-1", line);
            world.changelogs.add("zlib", "1:1.2.13.dfsg-1", Changelog::read(&text));
            let report = world.report(None);
            (report.findings[0].status, report.findings[0].evidence.clone(), report.remarks.len())
        };
        let (status, evidence, remarks) = with("Fix CVE-2023-45853");
        assert_eq!((status, remarks), (FindingStatus::Affected, 1));
        let expected = Evidence::Changelog { version: "1:1.2.12-1".into(), line: "* Fix CVE-2023-45853".into() };
        assert_eq!(evidence, [expected]);
        for line in ["Revert the fix for CVE-2023-45853", "Not affected by CVE-2023-45853", "Fix CVE-2023-45854"] {
            assert_eq!(with(line), (FindingStatus::Affected, vec![], 0), "{line}");
        }
    }
}
