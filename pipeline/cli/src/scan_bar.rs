//! Whether something stands against a target: `--fail-on`.
//!
//! In: reports, what could not be known of them, and what counts. Out: a line for each condition that is met.

use std::collections::BTreeSet;

use blob::Digest;
use scan::{Finding, FindingStatus, Report};

use crate::scan_arguments::FailOn;

/// CVSS 3.1, section 5: `Critical` begins here.
const CRITICAL: f64 = 9.0;
/// CVSS 3.1, section 5: `High` begins here.
const HIGH: f64 = 7.0;
/// So many findings are named.
const MOST_NAMED: usize = 3;

/// A report, and why it may not be complete.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    /// What was found.
    pub(crate) report: Report,
    /// Digest of the index that names the image, or of its manifest.
    pub(crate) whole: Option<Digest>,
    /// Why the answer is not known; empty where it is.
    pub(crate) unknown: Vec<String>,
}

/// What stands against these reports, one line a condition and report.
pub(crate) fn objections(all: &[Judged], bar: &[FailOn]) -> Vec<String> {
    let bar: BTreeSet<FailOn> = bar.iter().copied().collect();
    let lines = all.iter().flat_map(|judged| bar.iter().filter_map(|condition| objection(judged, *condition)));
    lines.collect()
}

fn objection(judged: &Judged, condition: FailOn) -> Option<String> {
    let name = subject(&judged.report);
    if condition == FailOn::Unknown {
        let unknown = !judged.unknown.is_empty();
        return unknown.then(|| format!("{name}: not known, because {}", judged.unknown.join("; and ")));
    }
    let met: Vec<&Finding> = judged.report.findings.iter().filter(|finding| meets(finding, condition)).collect();
    let named: Vec<String> = met.iter().take(MOST_NAMED).map(|it| format!("{} in {}", it.id, it.source)).collect();
    let more = met.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!met.is_empty()).then(|| format!("{name}: {} ({}{more})", word(condition, met.len()), named.join(", ")))
}

/// What a report is about, in a line.
pub(crate) fn subject(report: &Report) -> String {
    let platform = report.subject.platform.as_ref().map(|platform| format!(" ({platform})"));
    format!("{}{}", report.subject.name, platform.unwrap_or_default())
}

fn word(condition: FailOn, count: usize) -> String {
    let what = match condition {
        FailOn::Any => "open",
        FailOn::Fixable => "fixed in the archive",
        FailOn::Kev => "known to be exploited",
        FailOn::Critical => "critical",
        FailOn::High => "of high severity",
        FailOn::Unknown => "unknown",
    };
    format!("{count} {what}")
}

fn meets(finding: &Finding, condition: FailOn) -> bool {
    let severity = &finding.severity;
    let at_least = |score: f64| severity.cvss.as_ref().is_some_and(|cvss| cvss.score >= score);
    let counts = match condition {
        FailOn::Any => true,
        FailOn::Fixable => finding.status == FindingStatus::Fixable,
        FailOn::Kev => severity.kev.is_some(),
        FailOn::Critical => at_least(CRITICAL),
        FailOn::High => at_least(HIGH) || severity.urgency.as_deref() == Some("high"),
        FailOn::Unknown => false,
    };
    counts && finding.status.is_vulnerable()
}

#[cfg(test)]
mod tests {
    use scan::{CvssScore, Severities, Standing};

    use super::*;
    use crate::scan_fixtures::{finding, report};

    fn judged(findings: Vec<Finding>, unknown: &[&str]) -> [Judged; 1] {
        [Judged { report: report(findings), whole: None, unknown: unknown.iter().map(ToString::to_string).collect() }]
    }

    fn scored(score: f64) -> Severities {
        Severities { cvss: Some(CvssScore { vector: String::new(), score }), ..Severities::default() }
    }

    #[test]
    fn each_condition_is_met_by_what_it_names_and_by_nothing_else() {
        let mut all: Vec<Finding> =
            (1..=5).map(|count| finding(&format!("CVE-2026-{count}"), "openssl", FindingStatus::Affected)).collect();
        all[0].status = FindingStatus::Fixable;
        all[1].severity.kev = Some("2026-01-01".parse().unwrap());
        all[2].severity = scored(9.0);
        all[3].severity = scored(8.9);
        all[4].status = FindingStatus::Negligible;
        all[4].severity = scored(10.0);
        let judged = judged(all, &[]);
        for (condition, expected) in [
            (FailOn::Fixable, "1 fixed in the archive (CVE-2026-1 in openssl)"),
            (FailOn::Kev, "1 known to be exploited (CVE-2026-2 in openssl)"),
            (FailOn::Critical, "1 critical (CVE-2026-3 in openssl)"),
            (FailOn::High, "2 of high severity (CVE-2026-3 in openssl, CVE-2026-4 in openssl)"),
            (FailOn::Any, "4 open (CVE-2026-1 in openssl, CVE-2026-2 in openssl, CVE-2026-3 in openssl and 1 more)"),
        ] {
            assert_eq!(objections(&judged, &[condition]), [format!("images.example/python (linux/amd64): {expected}")]);
        }
        assert!(objections(&judged, &[FailOn::Unknown]).is_empty() && objections(&judged, &[]).is_empty());
    }

    #[test]
    fn what_is_not_known_is_an_answer_only_where_it_is_asked_for() {
        let mut judged = judged(Vec::new(), &["there are no vulnerability data"]);
        judged[0].report.standing = Standing::Absent;
        assert!(objections(&judged, &[FailOn::Any, FailOn::Fixable]).is_empty());
        let expected = "images.example/python (linux/amd64): not known, because there are no vulnerability data";
        assert_eq!(objections(&judged, &[FailOn::Unknown]), [expected]);
    }
}
