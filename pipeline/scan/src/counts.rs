//! Counts of a report, and the one sentence that says what they come to.
//!
//! In: a [`Report`]. Out: [`Counts`]; text such as `0 fixable; 12 open with Debian's reason; 7 unimportant`.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingStatus};
use crate::report::Report;
use crate::standing::Standing;

/// How many findings there are of each kind. Each finding counts in one field; `exploited` counts some of them again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Counts {
    /// The archive has the fix.
    pub fixable: usize,
    /// The fix is announced, or waits for the next point release.
    pub pending: usize,
    /// Open, and Debian gives no reason.
    pub open: usize,
    /// Open, with Debian's reason: no advisory planned, postponed, ignored, end of life.
    pub reasoned: usize,
    /// A status that is not known here; it counts as affected.
    pub unknown: usize,
    /// Debian has not looked yet.
    pub under_investigation: usize,
    /// Debian calls it unimportant.
    pub negligible: usize,
    /// Not in what is installed, with evidence.
    pub not_affected: usize,
    /// Vulnerable, and in the catalogue of exploited vulnerabilities.
    pub exploited: usize,
}

impl Counts {
    /// Counts a report's findings.
    pub fn of(report: &Report) -> Self {
        let mut counts = Self::default();
        report.findings.iter().for_each(|finding| counts.add(finding));
        counts
    }

    fn add(&mut self, finding: &Finding) {
        let field = match finding.status {
            FindingStatus::Fixable => &mut self.fixable,
            FindingStatus::FixAnnounced | FindingStatus::FixPending => &mut self.pending,
            FindingStatus::Affected => &mut self.open,
            FindingStatus::NoDsa | FindingStatus::Postponed | FindingStatus::Ignored | FindingStatus::EndOfLife => {
                &mut self.reasoned
            }
            FindingStatus::Unknown => &mut self.unknown,
            FindingStatus::UnderInvestigation => &mut self.under_investigation,
            FindingStatus::Negligible => &mut self.negligible,
            FindingStatus::NotAffected => &mut self.not_affected,
        };
        *field += 1;
        self.exploited += usize::from(finding.status.is_vulnerable() && finding.severity.kev.is_some());
    }

    /// The counts in one sentence. Fixable is always named, the others where there are any.
    pub fn sentence(&self) -> String {
        let others = [
            (self.exploited, "known to be exploited"),
            (self.pending, "with a fix on its way"),
            (self.open, "open without a reason"),
            (self.reasoned, "open with Debian's reason"),
            (self.unknown, "of unknown status"),
            (self.under_investigation, "under investigation"),
            (self.negligible, "unimportant"),
            (self.not_affected, "not affected"),
        ];
        let named = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}"));
        format!("{} fixable{}", self.fixable, named.collect::<String>())
    }
}

/// The report in one sentence. Where its data are not current, that comes first: unknown is never clean.
pub fn headline(report: &Report) -> String {
    let counts = Counts::of(report).sentence();
    match report.standing {
        Standing::Current { .. } => counts,
        Standing::Stale { date } => format!("unknown: vulnerability data are of {date}; as of then: {counts}"),
        Standing::Absent if report.findings.is_empty() => "unknown: there are no vulnerability data".to_owned(),
        Standing::Absent => format!("unknown: there are no vulnerability data; from elsewhere: {counts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};

    #[test]
    fn one_sentence_says_what_there_is() {
        let mut report = report(Vec::new());
        assert_eq!(headline(&report), "0 fixable");
        let statuses =
            [FindingStatus::NoDsa, FindingStatus::Ignored, FindingStatus::Negligible, FindingStatus::Affected];
        report.findings = statuses.iter().map(|status| finding("CVE-2026-1", "a", *status)).collect();
        let expected = "0 fixable; 1 open without a reason; 2 open with Debian's reason; 1 unimportant";
        assert_eq!(headline(&report), expected);
        report.findings.push(fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z"));
        assert!(headline(&report).starts_with("1 fixable; 1 known to be exploited; 1 open without"));
    }

    #[test]
    fn stale_and_absent_data_are_said_first() {
        let mut report = report(Vec::new());
        report.standing = Standing::Stale { date: "2026-11-01T00:00:00Z".parse().unwrap() };
        let expected = "unknown: vulnerability data are of 2026-11-01T00:00:00Z; as of then: 0 fixable";
        assert_eq!(headline(&report), expected);
        report.standing = Standing::Absent;
        assert_eq!(headline(&report), "unknown: there are no vulnerability data");
    }
}
