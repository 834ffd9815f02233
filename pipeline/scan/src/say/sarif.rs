//! A report as SARIF 2.1.0, for GitHub's code scanning and other viewers.
//!
//! In: a [`Report`]. Out: JSON. One rule a vulnerability, one result a vulnerability and source; what is not affected is there, suppressed.
//! What GitHub reads: <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.

use std::collections::BTreeMap;

use blob::Digest;

use crate::counts::headline;
use crate::finding::{Finding, FindingStatus};
use crate::purl::encode;
use crate::report::Report;
use crate::say::sarif_document::{
    ArtifactLocation, Automation, Driver, Invocation, Location, Log, LogicalLocation, Notification, PhysicalLocation,
    Region, ResultEntry, Rule, RuleProperties, Run, Suppression, Tool,
};
use crate::say::table::{rank, worst_first};
use crate::standing::Standing;
use crate::words;

/// Name and version of the tool.
const TOOL: (&str, &str) = ("bedplate", env!("CARGO_PKG_VERSION"));
/// Where more about it stands.
const ABOUT: &str = "https://bedplate.dev";

/// The report as SARIF.
pub fn sarif(report: &Report) -> String {
    let findings = worst_first(report.findings.iter().collect());
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().copied() {
        rules.entry(&finding.id).or_default().push(finding);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let at = |id: &str| index.get(id).copied().unwrap_or_default();
    let driver = Driver {
        name: TOOL.0,
        version: TOOL.1,
        semantic_version: TOOL.1,
        information_uri: ABOUT,
        rules: rules.values().filter_map(|findings| rule(findings)).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        automation_details: Automation { id: category(report) },
        invocations: [invocation(report)],
        results: findings.iter().map(|finding| result(report, finding, at(&finding.id))).collect(),
        column_kind: "unicodeCodePoints",
        properties: properties(report),
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    let log = Log { schema, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).map_or_else(|_| String::new(), |text| text + "\n")
}

/// GitHub keeps results apart by what stands before the last slash.
fn category(report: &Report) -> String {
    let platform = report.subject.platform.as_deref().unwrap_or("any");
    format!("{}/{}/{platform}/", TOOL.0, report.subject.name)
}

/// Whether the data are current, and what else should be known.
fn invocation(report: &Report) -> Invocation {
    let level = |level, text: String| Notification { level, message: text.into() };
    let mut notes = match report.standing {
        Standing::Current { .. } => Vec::new(),
        Standing::Stale { .. } | Standing::Absent => vec![level("error", headline(report))],
    };
    notes.extend(report.remarks.iter().map(|remark| level("warning", remark.to_string())));
    Invocation { execution_successful: report.standing != Standing::Absent, tool_execution_notifications: notes }
}

fn properties(report: &Report) -> BTreeMap<&'static str, String> {
    let mut properties = BTreeMap::from([("standing", report.standing.to_string()), ("headline", headline(report))]);
    properties.extend(report.subject.digest.as_ref().map(|digest| ("digest", digest.to_string())));
    properties.extend(report.subject.platform.clone().map(|platform| ("platform", platform)));
    let feeds: Vec<String> =
        report.feeds.iter().map(|feed| format!("{} {} {}", feed.name, feed.date, feed.digest)).collect();
    properties.insert("feeds", feeds.join(", "));
    properties
}

/// A vulnerability, with the words of the worst of its findings.
fn rule(findings: &[&Finding]) -> Option<Rule> {
    let worst = findings.iter().min_by_key(|finding| rank(finding))?;
    let page = words::tracker_page(&worst.id);
    let short = format!("{} in {}", worst.id, worst.source);
    let score = worst.severity.cvss.as_ref().map(|cvss| cvss.score).filter(|score| *score > 0.0);
    Some(Rule {
        id: worst.id.clone(),
        full_description: worst.description.clone().unwrap_or_else(|| short.clone()).into(),
        help: format!("{}. What Debian knows: {page}", sentence(worst)).into(),
        short_description: short.into(),
        help_uri: page,
        properties: RuleProperties {
            tags: vec!["security", "vulnerability"],
            security_severity: score.map(|score| format!("{score:.1}")),
        },
    })
}

fn sentence(finding: &Finding) -> String {
    format!("{} {}: {}", finding.source, finding.source_version, words::in_words(finding))
}

fn result(report: &Report, finding: &Finding, rule_index: usize) -> ResultEntry {
    let (kind, level) = level(finding.status);
    let severity = words::severity(finding);
    let properties = [("status", words::status_word(finding.status).to_owned()), ("severity", severity)];
    ResultEntry {
        rule_id: finding.id.clone(),
        rule_index,
        kind,
        level,
        message: format!("{} in {}", finding.id, sentence(finding)).into(),
        locations: [location(report, finding)],
        partial_fingerprints: BTreeMap::from([("primaryLocationLineHash", fingerprint(report, finding))]),
        suppressions: suppressions(finding),
        properties: properties.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
    }
}

/// Kind (§3.27.9) and level (§3.27.10).
fn level(status: FindingStatus) -> (&'static str, &'static str) {
    match status {
        FindingStatus::Fixable => ("fail", "error"),
        FindingStatus::FixAnnounced
        | FindingStatus::FixPending
        | FindingStatus::Affected
        | FindingStatus::Unknown
        | FindingStatus::EndOfLife => ("fail", "warning"),
        FindingStatus::NoDsa
        | FindingStatus::Postponed
        | FindingStatus::Ignored
        | FindingStatus::UnderInvestigation
        | FindingStatus::Negligible => ("fail", "note"),
        FindingStatus::NotAffected => ("notApplicable", "none"),
    }
}

/// A viewer wants a file: the image stands for one, and the packages are places in it.
fn location(report: &Report, finding: &Finding) -> Location {
    let place = |name: String| LogicalLocation { fully_qualified_name: name, kind: "package" };
    let parts: Vec<String> = report.subject.name.split('/').filter(|part| !part.is_empty()).map(encode_path).collect();
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: parts.join("/") },
            region: Region { start_line: 1 },
        },
        logical_locations: finding.packages.iter().map(|it| place(format!("{}@{}", it.name, it.version))).collect(),
    }
}

/// A colon in the first part would make it a scheme.
fn encode_path(part: &str) -> String {
    encode(part).replace(':', "%3A")
}

/// The same for the same vulnerability in the same source of the same image, whatever the version: one alert, not one a rebuild.
fn fingerprint(report: &Report, finding: &Finding) -> String {
    let platform = report.subject.platform.as_deref().unwrap_or_default();
    let named = [&report.subject.name, platform, &finding.source, &finding.id].join("\0");
    format!("{}:1", &Digest::of(named).hex()[..32])
}

fn suppressions(finding: &Finding) -> Vec<Suppression> {
    if finding.status != FindingStatus::NotAffected {
        return Vec::new();
    }
    vec![Suppression { kind: "external", status: "accepted", justification: words::in_words(finding) }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};
    use crate::{Evidence, Remark};
    use serde_json::{Value, json};

    fn log(report: &Report) -> Value {
        serde_json::from_str(&sarif(report)).unwrap()
    }

    #[test]
    fn one_rule_a_vulnerability_and_one_result_a_source() {
        let mut absent = finding("CVE-2026-1", "zlib", FindingStatus::NotAffected);
        absent.evidence = vec![Evidence::NeverAffected];
        let report = report(vec![
            absent,
            fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z"),
            finding("CVE-2026-2", "glibc", FindingStatus::NoDsa),
        ]);
        let run = &log(&report)["runs"][0];
        let rules = &run["tool"]["driver"]["rules"];
        assert_eq!((rules.as_array().unwrap().len(), &rules[1]["id"]), (2, &json!("CVE-2026-2")));
        assert_eq!(rules[1]["properties"]["security-severity"], "7.5");
        assert_eq!(rules[0]["properties"].get("security-severity"), None);
        assert_eq!(rules[0]["helpUri"], "https://security-tracker.debian.org/tracker/CVE-2026-1");
        let result = &run["results"][0];
        assert_eq!((&result["ruleIndex"], &result["level"]), (&json!(1), &json!("error")));
        let expected = "CVE-2026-2 in openssl 1.0-1: \
                        fixed in 3.5.7-1~deb13u4 (trixie-security since 2026-11-20, DSA-6531-1)";
        assert_eq!(result["message"]["text"], expected);
        assert_eq!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "openssl@1.0-1");
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "images.example/python");
        let last = &run["results"][2];
        assert_eq!((&last["level"], &last["kind"]), (&json!("none"), &json!("notApplicable")));
        assert_eq!(last["suppressions"][0]["justification"], "Debian: this release never had it");
    }

    #[test]
    fn a_fingerprint_outlives_a_version_but_not_an_image() {
        let (mut one, finding) = (report(Vec::new()), finding("CVE-2026-1", "zlib", FindingStatus::NoDsa));
        let newer = Finding { source_version: "2".into(), status: FindingStatus::Affected, ..finding.clone() };
        assert_eq!(fingerprint(&one, &finding), fingerprint(&one, &newer));
        let before = fingerprint(&one, &finding);
        one.subject.platform = Some("linux/arm64".into());
        assert_ne!(before, fingerprint(&one, &finding));
    }

    #[test]
    fn data_that_are_not_current_are_an_error_of_the_run() {
        let mut report = report(Vec::new());
        report.standing = Standing::Absent;
        report.remarks = vec![Remark { about: "a".into(), text: "b".into() }];
        let invocation = &log(&report)["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notes = &invocation["toolExecutionNotifications"];
        assert_eq!(notes[0]["message"]["text"], "unknown: there are no vulnerability data");
        assert_eq!((&notes[1]["level"], &notes[1]["message"]["text"]), (&json!("warning"), &json!("a: b")));
    }
}
