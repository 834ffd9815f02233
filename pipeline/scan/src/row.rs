//! One row of Debian's security tracker: what it says about one vulnerability in one source package of one release.
//!
//! The words are the tracker's own, read in its source (`bin/tracker_service.py`, `lib/python/bugs.py`). A row borrows from the
//! [`crate::Advisories`] that hold it.

use serde::{Deserialize, Serialize};

/// The fixed version of a row that says that the release never had it.
pub(crate) const NEVER: &str = "0";

/// What the tracker says about `id` in `source` of `release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryRow<'a> {
    /// Source package.
    pub source: &'a str,
    /// `CVE-…`, or `TEMP-…` until one is assigned.
    pub id: &'a str,
    /// Codename of the release, such as `trixie`.
    pub release: &'a str,
    /// Whether it is fixed there.
    pub status: RowStatus<'a>,
    /// `high`, `medium`, `low`, `unimportant`, `end-of-life`, `not yet assigned`, or what else the tracker says.
    pub urgency: &'a str,
    /// First version without it, where `status` is resolved; `0` says that the release never had it.
    pub fixed_version: Option<&'a str>,
    /// Why no advisory of its own is planned.
    pub no_dsa: Option<NoDsa<'a>>,
    /// The fix waits for the next point release.
    pub next_point_update: bool,
    /// Versions of the source in the release's suites, as the tracker saw them: (`trixie-security`, version).
    pub repositories: Vec<(&'a str, &'a str)>,
    /// First words of the description.
    pub description: Option<&'a str>,
    /// `remote` or `local`.
    pub scope: Option<&'a str>,
    /// Number of Debian's bug report.
    pub debian_bug: Option<u64>,
}

/// The tracker's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowStatus<'a> {
    /// The release has a version without it.
    Resolved,
    /// No suite of the release has a version without it.
    Open,
    /// Nobody looked yet.
    Undetermined,
    /// A word that we do not know: kept, and shown as unknown.
    Other(&'a str),
}

impl<'a> RowStatus<'a> {
    /// The status that a word means.
    pub fn of(word: &'a str) -> Self {
        match word {
            "resolved" => Self::Resolved,
            "open" => Self::Open,
            "undetermined" => Self::Undetermined,
            other => Self::Other(other),
        }
    }

    /// The tracker's word.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Resolved => "resolved",
            Self::Open => "open",
            Self::Undetermined => "undetermined",
            Self::Other(word) => word,
        }
    }
}

/// Why no advisory of its own is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoDsa<'a> {
    /// Which of the three kinds.
    pub kind: NoDsaKind<'a>,
    /// Debian's reason in its own words, such as `Minor issue`.
    pub text: &'a str,
}

/// The tracker's `nodsa_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoDsaKind<'a> {
    /// No advisory; a point release may bring the fix.
    Plain,
    /// To be fixed together with something else.
    Postponed,
    /// Will not be fixed in this release.
    Ignored,
    /// A word that we do not know.
    Other(&'a str),
}

impl<'a> NoDsaKind<'a> {
    /// The kind that a `nodsa_reason` means; empty is the plain one.
    pub fn of(word: &'a str) -> Self {
        match word {
            "" => Self::Plain,
            "postponed" => Self::Postponed,
            "ignored" => Self::Ignored,
            other => Self::Other(other),
        }
    }

    /// The tracker's word.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Plain => "",
            Self::Postponed => "postponed",
            Self::Ignored => "ignored",
            Self::Other(word) => word,
        }
    }
}

/// Names a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// Source package.
    pub source: String,
    /// Codename of the release.
    pub release: String,
    /// `CVE-…`, `TEMP-…`, `DSA-…`.
    pub id: String,
}
