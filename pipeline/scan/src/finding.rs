//! A finding: one vulnerability in one source package of an image, what Debian says about it, and where the fix is.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One vulnerability in one source package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Finding {
    /// `CVE-…`, `TEMP-…`, or `DSA-…` where an advisory names no CVE.
    pub id: String,
    /// Source package.
    pub source: String,
    /// Its version in the image.
    pub source_version: String,
    /// The installed binary packages of that source: (name, version), sorted.
    pub packages: Vec<PackageName>,
    /// What it comes to.
    pub status: FindingStatus,
    /// First version without it, where Debian names one.
    pub fixed_version: Option<String>,
    /// Where the archive has it fixed.
    pub fix: Option<ArchiveFix>,
    /// Debian's advisories that name it, the oldest first.
    pub notices: Vec<Notice>,
    /// What Debian says, as it says it.
    pub debian: DebianWords,
    /// Severities by those who give one, side by side.
    pub severity: Severities,
    /// First words of the description.
    pub description: Option<String>,
    /// What the status stands on beside Debian's row.
    pub evidence: Vec<Evidence>,
}

/// An installed binary package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageName {
    /// Binary package.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a finding comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// The archive has a version without it: rebuild.
    Fixable,
    /// An advisory names a version that the archive does not have yet.
    FixAnnounced,
    /// The fix waits in proposed-updates for the next point release.
    FixPending,
    /// Open, and Debian decided nothing else.
    Affected,
    /// Open; no advisory of its own is planned (`no-dsa`).
    NoDsa,
    /// Open; to be fixed together with something else (`postponed`).
    Postponed,
    /// Open; Debian will not fix it in this release (`ignored`).
    Ignored,
    /// Open; the source has no security support any more.
    EndOfLife,
    /// Debian did not look yet (`undetermined`).
    UnderInvestigation,
    /// Debian calls it unimportant: no way to harm is known. Reported, with a counter of its own.
    Negligible,
    /// A status that we do not know; it counts as affected.
    Unknown,
    /// It is not in what is installed, with evidence.
    NotAffected,
}

/// Where the archive has a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ArchiveFix {
    /// The version that has it.
    pub version: String,
    /// The suite that has that version.
    pub suite: String,
    /// `Date` of the first `InRelease` that had it; none where nobody watched.
    pub since: Option<Timestamp>,
}

/// An advisory of Debian's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Notice {
    /// `DSA-6531-1`, `DLA-…`.
    pub id: String,
    /// Its date.
    pub date: Date,
}

/// Debian's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DebianWords {
    /// The tracker's status word.
    pub status: String,
    /// `no-dsa`, `postponed` or `ignored` where it says so.
    pub no_dsa: Option<String>,
    /// Its reason, such as `Minor issue`.
    pub reason: Option<String>,
    /// Number of its bug report.
    pub bug: Option<u64>,
    /// The fix is announced for the next point release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub next_point_update: bool,
}

/// Severities, side by side: a policy chooses, we do not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Severities {
    /// Debian's urgency.
    pub urgency: Option<String>,
    /// CVSS.
    pub cvss: Option<CvssScore>,
    /// In CISA's catalogue of exploited vulnerabilities since.
    pub kev: Option<Date>,
    /// FIRST's probability of exploitation within 30 days, 0 to 1.
    pub epss: Option<EpssScore>,
}

/// A CVSS base score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CvssScore {
    /// The vector, such as `CVSS:3.1/AV:N/…`.
    pub vector: String,
    /// The base score, 0 to 10.
    pub score: f64,
}

/// An EPSS score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EpssScore {
    /// Probability, 0 to 1.
    pub probability: f64,
    /// Share of all vulnerabilities with at most this probability, 0 to 1; none in feeds that lack it.
    pub percentile: Option<f64>,
}

/// What a status stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Evidence {
    /// The package's own changelog names it in an entry at or below the installed version.
    Changelog {
        /// The entry's version.
        version: String,
        /// The line that names it.
        line: String,
    },
    /// Debian's row says `0`: the release never had it. OpenVEX `vulnerable_code_not_present`.
    NeverAffected,
    /// The image lacks the vulnerable part. OpenVEX `component_not_present`.
    ComponentNotPresent {
        /// Which part: a binary package or a path pattern, as the catalogue's rule names it.
        component: String,
        /// Why that is the vulnerable part, and who says so.
        reason: String,
    },
    /// An operator's statement.
    Statement {
        /// Who says it.
        author: String,
        /// Why.
        reason: String,
        /// OpenVEX status, such as `not_affected`.
        status: String,
        /// OpenVEX justification.
        justification: Option<String>,
        /// Until when it holds.
        expires: Option<Date>,
    },
}

impl FindingStatus {
    /// Whether what is installed has the vulnerability, as far as anybody knows.
    pub fn is_vulnerable(self) -> bool {
        !matches!(self, Self::NotAffected | Self::Negligible | Self::UnderInvestigation)
    }
}
