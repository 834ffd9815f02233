//! A report as rows of a table, grouped by source, the worst first.
//!
//! In: a [`Report`]. Out: [`TableGroup`]s, whose texts a terminal, a page or a mail lays out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::finding::{Finding, FindingStatus};
use crate::report::Report;
use crate::words;

/// The findings of one source package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableGroup {
    /// Source package.
    pub source: String,
    /// Its version in the image.
    pub source_version: String,
    /// Its binary packages that a finding names, sorted.
    pub packages: Vec<String>,
    /// Its findings, the worst first.
    pub rows: Vec<TableRow>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// `CVE-…`.
    pub id: String,
    /// Its status.
    pub status: FindingStatus,
    /// The status in a word or two.
    pub status_word: &'static str,
    /// The severities that there are.
    pub severity: String,
    /// What Debian, the archive or the evidence says.
    pub words: String,
    /// It is known to be exploited.
    pub exploited: bool,
}

/// How bad a finding is: the smaller, the worse.
pub(crate) type Rank = (u8, bool, Reverse<u64>);

/// What can be done about it comes first; then what is exploited; then the score.
pub(crate) fn rank(finding: &Finding) -> Rank {
    let status = match finding.status {
        FindingStatus::Fixable => 0,
        FindingStatus::FixAnnounced => 1,
        FindingStatus::FixPending => 2,
        FindingStatus::Affected => 3,
        FindingStatus::Unknown => 4,
        FindingStatus::EndOfLife => 5,
        FindingStatus::NoDsa => 6,
        FindingStatus::Postponed => 7,
        FindingStatus::Ignored => 8,
        FindingStatus::UnderInvestigation => 9,
        FindingStatus::Negligible => 10,
        FindingStatus::NotAffected => 11,
    };
    // The bits of a float that is not negative are in the order of the floats.
    let score = finding.severity.cvss.as_ref().map_or(0, |cvss| cvss.score.max(0.0).to_bits());
    (status, finding.severity.kev.is_none(), Reverse(score))
}

/// Groups the findings by source and version, the worst first.
pub fn table(report: &Report) -> Vec<TableGroup> {
    let mut sources: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        sources.entry((&finding.source, &finding.source_version)).or_default().push(finding);
    }
    let mut groups: Vec<_> = sources.into_values().map(worst_first).collect();
    groups.sort_by_cached_key(|findings| findings.first().map(|finding| rank(finding)));
    groups.iter().filter_map(|findings| group(findings)).collect()
}

/// Sorts findings of one source.
pub(crate) fn worst_first(mut findings: Vec<&Finding>) -> Vec<&Finding> {
    findings.sort_by(|one, other| (rank(one), &one.id).cmp(&(rank(other), &other.id)));
    findings
}

fn group(findings: &[&Finding]) -> Option<TableGroup> {
    let first = findings.first()?;
    let mut packages: Vec<String> =
        findings.iter().flat_map(|finding| &finding.packages).map(|package| package.name.clone()).collect();
    packages.sort_unstable();
    packages.dedup();
    Some(TableGroup {
        source: first.source.clone(),
        source_version: first.source_version.clone(),
        packages,
        rows: findings.iter().map(|finding| row(finding)).collect(),
    })
}

fn row(finding: &Finding) -> TableRow {
    TableRow {
        id: finding.id.clone(),
        status: finding.status,
        status_word: words::status_word(finding.status),
        severity: words::severity(finding),
        words: words::in_words(finding),
        exploited: finding.severity.kev.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};

    #[test]
    fn groups_by_source_with_the_worst_first() {
        let mut scored = finding("CVE-2026-9", "glibc", FindingStatus::NoDsa);
        scored.severity.cvss = fixable("", "", "2026-11-20T00:00:00Z").severity.cvss;
        let findings = vec![
            finding("CVE-2026-5", "glibc", FindingStatus::Negligible),
            finding("CVE-2026-8", "glibc", FindingStatus::NoDsa),
            scored,
            finding("CVE-2026-1", "attr", FindingStatus::NotAffected),
            fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z"),
        ];
        let groups = table(&report(findings));
        let shape: Vec<_> =
            groups.iter().map(|it| (it.source.as_str(), it.rows.iter().map(|row| row.id.as_str()).collect())).collect();
        let expected: Vec<(&str, Vec<&str>)> = vec![
            ("openssl", vec!["CVE-2026-2"]),
            ("glibc", vec!["CVE-2026-9", "CVE-2026-8", "CVE-2026-5"]),
            ("attr", vec!["CVE-2026-1"]),
        ];
        assert_eq!(shape, expected);
        assert!(groups[0].rows[0].exploited);
        assert_eq!(
            (groups[1].packages.as_slice(), groups[1].rows[0].status_word),
            (&["glibc".to_owned()][..], "no advisory")
        );
    }
}
