//! What a finding is in CycloneDX's words: ratings, analysis, the state of each package.
//!
//! In: a [`Finding`]. Out: parts of the document. Enumerations: <https://cyclonedx.org/docs/1.6/json/#vulnerabilities>.

use crate::finding::{CvssScore, Evidence, Finding, FindingStatus};
use crate::say::cyclonedx_document::{Analysis, Rating, Source};
use crate::words;

/// CVSS as it is scored, and Debian's urgency as a method of its own.
pub(crate) fn ratings(finding: &Finding) -> Vec<Rating> {
    let severity = &finding.severity;
    let urgency = severity.urgency.as_ref().map(|urgency| Rating {
        source: Some(Source { name: "Debian", url: Some(words::tracker_page(&finding.id)) }),
        score: None,
        severity: urgency_severity(urgency),
        method: "other",
        vector: None,
        justification: Some(format!("Debian's urgency: {urgency}")),
    });
    severity.cvss.as_ref().map(cvss).into_iter().chain(urgency).collect()
}

fn cvss(cvss: &CvssScore) -> Rating {
    let method = match cvss.vector.split('/').next().unwrap_or_default() {
        "CVSS:4.0" => "CVSSv4",
        "CVSS:3.1" => "CVSSv31",
        "CVSS:3.0" => "CVSSv3",
        _ => "other",
    };
    Rating {
        source: None,
        score: Some(cvss.score),
        severity: qualitative(cvss.score),
        method,
        vector: Some(cvss.vector.clone()),
        justification: None,
    }
}

/// The qualitative scale of CVSS 3.1, section 5.
fn qualitative(score: f64) -> &'static str {
    match score {
        9.0.. => "critical",
        7.0.. => "high",
        4.0.. => "medium",
        0.1.. => "low",
        _ => "none",
    }
}

fn urgency_severity(urgency: &str) -> &'static str {
    match urgency.trim_end_matches('*') {
        "high" => "high",
        "medium" => "medium",
        "low" => "low",
        "unimportant" => "info",
        _ => "unknown",
    }
}

/// State, justification, response and words.
pub(crate) fn analysis(finding: &Finding) -> Analysis {
    let fixed = finding.status == FindingStatus::NotAffected && is_fixed(&finding.evidence);
    let (state, response): (&str, &[&str]) = match finding.status {
        FindingStatus::NotAffected if fixed => ("resolved", &[]),
        FindingStatus::NotAffected if !finding.evidence.is_empty() => ("not_affected", &[]),
        FindingStatus::NotAffected | FindingStatus::UnderInvestigation => ("in_triage", &[]),
        FindingStatus::Fixable | FindingStatus::FixAnnounced | FindingStatus::FixPending => {
            ("exploitable", &["update"])
        }
        FindingStatus::Ignored | FindingStatus::EndOfLife => ("exploitable", &["will_not_fix"]),
        FindingStatus::NoDsa
        | FindingStatus::Postponed
        | FindingStatus::Affected
        | FindingStatus::Negligible
        | FindingStatus::Unknown => ("exploitable", &[]),
    };
    let justification = if state == "not_affected" { finding.evidence.iter().find_map(justification) } else { None };
    Analysis { state, justification, response: response.to_vec(), detail: words::in_words(finding) }
}

/// Whether the evidence says that the fix is in what is installed.
pub(crate) fn is_fixed(evidence: &[Evidence]) -> bool {
    !evidence.is_empty()
        && evidence.iter().all(|it| match it {
            Evidence::Changelog { .. } => true,
            Evidence::Statement { status, .. } => status == "fixed",
            Evidence::NeverAffected | Evidence::ComponentNotPresent { .. } => false,
        })
}

fn justification(evidence: &Evidence) -> Option<&'static str> {
    let openvex = match evidence {
        Evidence::NeverAffected | Evidence::ComponentNotPresent { .. } => return Some("code_not_present"),
        Evidence::Changelog { .. } => return None,
        Evidence::Statement { justification, .. } => justification.as_deref()?,
    };
    match openvex {
        "component_not_present" | "vulnerable_code_not_present" => Some("code_not_present"),
        "vulnerable_code_not_in_execute_path" => Some("code_not_reachable"),
        "inline_mitigations_already_exist" => Some("protected_by_mitigating_control"),
        _ => None,
    }
}

/// What is said of a version: `affected`, `unaffected` or `unknown`.
pub(crate) fn version_status(finding: &Finding) -> &'static str {
    match analysis(finding).state {
        "exploitable" => "affected",
        "in_triage" => "unknown",
        _ => "unaffected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable};

    #[test]
    fn severities_keep_their_methods() {
        let finding = fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z");
        let shape: Vec<_> = ratings(&finding).iter().map(|it| (it.method, it.severity)).collect();
        assert_eq!(shape, [("CVSSv31", "high"), ("other", "high")]);
        let words: Vec<_> = [10.0, 6.9, 3.9, 0.0].map(qualitative).into();
        assert_eq!(words, ["critical", "medium", "low", "none"]);
        assert_eq!(["low**", "unimportant", "not yet assigned"].map(urgency_severity), ["low", "info", "unknown"]);
    }

    #[test]
    fn nothing_is_not_affected_without_evidence() {
        let mut finding = finding("CVE-2026-1", "zlib", FindingStatus::NotAffected);
        assert_eq!((analysis(&finding).state, version_status(&finding)), ("in_triage", "unknown"));
        finding.evidence = vec![Evidence::NeverAffected];
        let said = analysis(&finding);
        assert_eq!((said.state, said.justification), ("not_affected", Some("code_not_present")));
        finding.evidence = vec![Evidence::Changelog { version: "1".into(), line: "fix CVE".into() }];
        assert_eq!((analysis(&finding).state, version_status(&finding)), ("resolved", "unaffected"));
    }

    #[test]
    fn debians_decisions_are_responses() {
        let said = |status| {
            let analysis = analysis(&finding("CVE-2026-1", "zlib", status));
            (analysis.state, analysis.response)
        };
        assert_eq!(said(FindingStatus::Ignored), ("exploitable", vec!["will_not_fix"]));
        assert_eq!(said(FindingStatus::Fixable), ("exploitable", vec!["update"]));
        assert_eq!(said(FindingStatus::UnderInvestigation), ("in_triage", vec![]));
        assert_eq!(said(FindingStatus::Negligible), ("exploitable", vec![]));
    }
}
