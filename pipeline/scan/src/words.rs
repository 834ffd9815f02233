//! Findings in words: one place, so that the table, SARIF, CycloneDX, Markdown and VEX say the same.
//!
//! In: findings, spans of time. Out: short English text with Debian's own reason in it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::finding::{Evidence, Finding, FindingStatus};
use crate::purl::encode;

/// Debian's page about a vulnerability or an advisory.
pub fn tracker_page(id: &str) -> String {
    format!("https://security-tracker.debian.org/tracker/{}", encode(id))
}

/// A status in one or two words, as a column shows it.
pub fn status_word(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Fixable => "fixable",
        FindingStatus::FixAnnounced => "fix announced",
        FindingStatus::FixPending => "fix pending",
        FindingStatus::Affected => "affected",
        FindingStatus::NoDsa => "no advisory",
        FindingStatus::Postponed => "postponed",
        FindingStatus::Ignored => "will not fix",
        FindingStatus::EndOfLife => "end of life",
        FindingStatus::UnderInvestigation => "under investigation",
        FindingStatus::Negligible => "unimportant",
        FindingStatus::Unknown => "unknown",
        FindingStatus::NotAffected => "not affected",
    }
}

/// What Debian, the archive or the evidence says about a finding, such as `no advisory planned: Minor issue`.
pub fn in_words(finding: &Finding) -> String {
    let text = match finding.status {
        FindingStatus::Fixable => return fixed_in(finding),
        FindingStatus::NotAffected => return not_affected(finding),
        FindingStatus::FixAnnounced => announced(finding),
        FindingStatus::FixPending => "waits for the next point release".to_owned(),
        FindingStatus::Affected => "open: Debian has no fix and gives no reason".to_owned(),
        FindingStatus::NoDsa => "no advisory planned".to_owned(),
        FindingStatus::Postponed => "postponed: to be fixed together with a later update".to_owned(),
        FindingStatus::Ignored => "Debian will not fix it in this release".to_owned(),
        FindingStatus::EndOfLife => "the source has no security support any more".to_owned(),
        FindingStatus::UnderInvestigation => "Debian has not looked yet".to_owned(),
        FindingStatus::Negligible => "Debian calls it unimportant".to_owned(),
        FindingStatus::Unknown => {
            format!(
                "the tracker says `{}`, a word that is not known here; it counts as affected",
                finding.debian.status
            )
        }
    };
    with_reason(text, finding.debian.reason.as_deref())
}

/// Appends a reason, without the full stop that Debian's may end in.
fn with_reason(text: String, reason: Option<&str>) -> String {
    match reason.map(|it| it.trim().trim_end_matches('.')).filter(|it| !it.is_empty()) {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}

fn fixed_in(finding: &Finding) -> String {
    let Some(fix) = &finding.fix else {
        return match &finding.fixed_version {
            Some(version) => format!("fixed in {version}"),
            None => "a fix is in the archive".to_owned(),
        };
    };
    let since = fix.since.map_or_else(String::new, |since| format!(" since {}", day(since)));
    format!("fixed in {} ({}{since}{})", fix.version, fix.suite, notices(finding, ", "))
}

fn announced(finding: &Finding) -> String {
    let version = finding.fixed_version.as_deref().unwrap_or("a later version");
    match finding.notices.last() {
        Some(notice) => {
            format!("{} of {} names {version}, which the archive does not have yet", notice.id, notice.date)
        }
        None => format!("fixed in {version}, which the archive does not have yet"),
    }
}

/// The advisories, each after `before`.
pub(crate) fn notices(finding: &Finding, before: &str) -> String {
    finding.notices.iter().map(|notice| format!("{before}{}", notice.id)).collect()
}

fn not_affected(finding: &Finding) -> String {
    let said: Vec<String> = finding.evidence.iter().map(evidence).collect();
    if said.is_empty() { "not affected, without evidence".to_owned() } else { said.join("; ") }
}

/// One piece of evidence.
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Changelog { version, line } => format!("the changelog of {version} names it: {}", line.trim()),
        Evidence::NeverAffected => "Debian: this release never had it".to_owned(),
        Evidence::ComponentNotPresent { component, reason } => {
            with_reason(format!("`{component}` is not in the image"), Some(reason))
        }
        Evidence::Statement { author, reason, status, expires, .. } => {
            let until = expires.map_or_else(String::new, |date| format!(" until {date}"));
            with_reason(format!("{author} states {}{until}", status.replace('_', " ")), Some(reason))
        }
    }
}

/// The severities that there are, such as `CVSS 7.5, Debian: medium, exploited since 2026-11-02, EPSS 12.3 %`.
pub fn severity(finding: &Finding) -> String {
    let severity = &finding.severity;
    let mut parts = Vec::new();
    parts.extend(severity.cvss.as_ref().map(|cvss| format!("CVSS {:.1}", cvss.score)));
    parts.extend(severity.urgency.as_ref().map(|urgency| format!("Debian: {urgency}")));
    parts.extend(severity.kev.map(|since| format!("exploited since {since}")));
    parts.extend(severity.epss.map(|epss| format!("EPSS {:.1} %", epss.probability * 100.0)));
    parts.join(", ")
}

/// The day of an instant, in UTC.
pub(crate) fn day(instant: Timestamp) -> jiff::civil::Date {
    instant.to_zoned(TimeZone::UTC).date()
}

/// A span of time, rounded down: minutes below an hour, hours below two days, days from there.
pub(crate) fn span(span: SignedDuration) -> String {
    let minutes = span.as_mins().max(0);
    let (count, unit) = match minutes {
        0..60 => (minutes, "minute"),
        60..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable};

    fn said(status: FindingStatus, reason: Option<&str>) -> String {
        let mut finding = finding("CVE-2026-1", "openssl", status);
        finding.debian.reason = reason.map(str::to_owned);
        in_words(&finding)
    }

    #[test]
    fn debians_reason_is_passed_on() {
        assert_eq!(said(FindingStatus::NoDsa, Some("Minor issue")), "no advisory planned: Minor issue");
        assert_eq!(said(FindingStatus::NoDsa, Some(" Minor issue. ")), "no advisory planned: Minor issue");
        assert_eq!(said(FindingStatus::NoDsa, Some("")), "no advisory planned");
        assert_eq!(said(FindingStatus::FixPending, None), "waits for the next point release");
        assert_eq!(
            said(FindingStatus::Ignored, Some("Too intrusive")),
            "Debian will not fix it in this release: Too intrusive"
        );
        assert_eq!(said(FindingStatus::Affected, None), "open: Debian has no fix and gives no reason");
        assert!(said(FindingStatus::Unknown, None).starts_with("the tracker says `open`, a word"));
    }

    #[test]
    fn a_fix_is_named_with_its_place_and_its_advisory() {
        let mut finding = fixable("CVE-2026-2", "openssl", "2026-11-20T06:00:00Z");
        assert_eq!(in_words(&finding), "fixed in 3.5.7-1~deb13u4 (trixie-security since 2026-11-20, DSA-6531-1)");
        finding.fix.as_mut().unwrap().since = None;
        finding.notices.clear();
        assert_eq!(in_words(&finding), "fixed in 3.5.7-1~deb13u4 (trixie-security)");
        finding.status = FindingStatus::FixAnnounced;
        assert_eq!(in_words(&finding), "fixed in 3.5.7-1~deb13u4, which the archive does not have yet");
    }

    #[test]
    fn what_is_not_affected_names_its_evidence() {
        let mut finding = finding("CVE-2026-3", "zlib", FindingStatus::NotAffected);
        assert_eq!(in_words(&finding), "not affected, without evidence");
        finding.evidence = vec![
            Evidence::NeverAffected,
            Evidence::ComponentNotPresent { component: "minizip".into(), reason: "not built.".into() },
        ];
        assert_eq!(in_words(&finding), "Debian: this release never had it; `minizip` is not in the image: not built");
        finding.evidence = vec![Evidence::Statement {
            author: "Ann".into(),
            reason: "no listener".into(),
            status: "not_affected".into(),
            justification: None,
            expires: Some("2027-01-01".parse().unwrap()),
        }];
        assert_eq!(in_words(&finding), "Ann states not affected until 2027-01-01: no listener");
    }

    #[test]
    fn severities_stand_side_by_side() {
        let finding = fixable("CVE-2026-2", "openssl", "2026-11-20T06:00:00Z");
        assert_eq!(severity(&finding), "CVSS 7.5, Debian: high, exploited since 2026-11-21, EPSS 12.3 %");
    }

    #[test]
    fn a_hostile_id_stays_one_part_of_an_address() {
        assert_eq!(tracker_page("CVE-2026-1"), "https://security-tracker.debian.org/tracker/CVE-2026-1");
        assert_eq!(tracker_page("x)/../y"), "https://security-tracker.debian.org/tracker/x%29%2F..%2Fy");
    }

    #[test]
    fn spans_are_rounded_down() {
        let said = |minutes| span(SignedDuration::from_mins(minutes));
        assert_eq!([said(-5), said(1), said(60), said(300)], ["0 minutes", "1 minute", "1 hour", "5 hours"]);
        assert_eq!([said(2879), said(2880), said(43_200)], ["47 hours", "2 days", "30 days"]);
    }
}
