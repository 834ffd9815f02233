//! One row of the ledger: what became of one vulnerability in one image, with every moment that is known.

use std::time::Duration;

use blob::Digest;
use debian::Version;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One vulnerability in one source of one image's platform, from the archive to the tag. What is not known is null, never guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FixRecord {
    /// The image.
    pub image: String,
    /// Its platform, such as `linux/amd64`.
    pub platform: String,
    /// `CVE-…`, `TEMP-…`, `DSA-…`.
    pub id: String,
    /// Source package.
    pub source: String,
    /// 1 for the first time; one more each time that the tags went back to an affected version.
    pub occurrence: u32,
    /// What became of it.
    pub state: FixState,
    /// The source's version under the tags when the record began.
    pub affected_version: String,
    /// When the tags moved to that version.
    pub affected_at: Timestamp,
    /// First version without it, where anybody names one.
    pub fixed_version: Option<String>,
    /// Who names it.
    pub evidence: Option<FixEvidence>,
    /// The version at or above `fixed-version` that the release's suites had first.
    pub archive_version: Option<String>,
    /// The suite that had it.
    pub archive_suite: Option<String>,
    /// `Date` of the first `InRelease` that had it; null where it was there before anybody watched.
    pub archive_at: Option<Timestamp>,
    /// `Date` of the last `InRelease` seen before that one: the fix came later than this.
    pub archive_after: Option<Timestamp>,
    /// When sid first had its own fix, as context.
    pub sid_at: Option<Timestamp>,
    /// Debian's advisory.
    pub notice: Option<String>,
    /// Its date.
    pub notice_date: Option<Date>,
    /// When we received that first `InRelease`.
    pub observed_at: Option<Timestamp>,
    /// When it was decided to build the publication that has the fix.
    pub decided_at: Option<Timestamp>,
    /// When that was built.
    pub built_at: Option<Timestamp>,
    /// When it was scanned.
    pub scanned_at: Option<Timestamp>,
    /// When it was signed.
    pub signed_at: Option<Timestamp>,
    /// When the tags moved to it: the end of the record.
    pub tagged_at: Option<Timestamp>,
    /// Digest of its image index.
    pub index: Option<Digest>,
    /// The source's version in it; null where it has the source no more.
    pub published_version: Option<String>,
    /// From the archive to the tag, in seconds; null where one of the two is not known.
    pub lag_seconds: Option<i64>,
    /// Whose turn it is, while it is open.
    pub turn: Option<Turn>,
}

/// What became of a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// What is under the tags has it.
    Open,
    /// The tags moved to a version without it.
    Fixed,
    /// The tags moved to an image without the source.
    Removed,
}

/// Who names the first version without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixEvidence {
    /// Debian's security tracker.
    Tracker,
    /// An entry of the package's own changelog.
    Changelog,
}

/// Whose turn it is with an open vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "whose", deny_unknown_fields)]
pub enum Turn {
    /// The archive has the fix, and it is not published yet.
    Ours,
    /// No suite of the release has a fix.
    Debian,
    /// A rule, or a build that failed, stands in the way: a person decides.
    Blocked {
        /// What it says.
        reason: String,
    },
    /// The archive, a registry or the network stands in the way: wait.
    Upstream {
        /// What it says.
        reason: String,
    },
}

/// When the steps of a publication happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Moments {
    /// It was decided to build.
    pub decided: Option<Timestamp>,
    /// It was built.
    pub built: Option<Timestamp>,
    /// It was scanned.
    pub scanned: Option<Timestamp>,
    /// It was signed.
    pub signed: Option<Timestamp>,
    /// The tags moved to it.
    pub tagged: Timestamp,
}

/// One version of a source in one suite of the archive, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveMoment {
    /// The version.
    pub version: Version,
    /// The suite.
    pub suite: String,
    /// `Date` of the first `InRelease` that had it; none where it was there before anybody watched.
    pub since: Option<Timestamp>,
    /// `Date` of the last `InRelease` seen before that one.
    pub after: Option<Timestamp>,
    /// When we received the first that had it.
    pub observed: Option<Timestamp>,
}

impl FixRecord {
    /// How long an open fix has been waiting in the archive at `now`; none where it is not open, or the archive's time is not known.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let since = self.archive_at.filter(|_| self.state == FixState::Open)?;
        Duration::try_from(now.duration_since(since.max(self.counted_from()))).ok()
    }

    /// Not before this moment: for a regression, the archive's fix was there, and under the tags, before the tags went back.
    pub(crate) fn counted_from(&self) -> Timestamp {
        if self.occurrence > 1 { self.affected_at } else { Timestamp::MIN }
    }
}

impl std::fmt::Display for FixState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Open => "open",
            Self::Fixed => "fixed",
            Self::Removed => "removed",
        })
    }
}

impl std::fmt::Display for FixEvidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Tracker => "tracker",
            Self::Changelog => "changelog",
        })
    }
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ours => f.write_str("ours: the archive has the fix"),
            Self::Debian => f.write_str("Debian's: no suite of the release has a fix"),
            Self::Blocked { reason } => write!(f, "blocked: {reason}"),
            Self::Upstream { reason } => write!(f, "upstream's: {reason}"),
        }
    }
}
