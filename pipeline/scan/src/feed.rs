//! Feeds: where what we know comes from, and how old it is.

use std::fmt;

use blob::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A kind of feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedKind {
    /// Debian's security tracker as JSON: what is open, what is fixed where. Without it nothing is known.
    Tracker,
    /// Debian's list of security advisories (`data/DSA/list`).
    Dsa,
    /// Debian's list of long-term-support advisories (`data/DLA/list`).
    Dla,
    /// Sources whose security support is limited or has ended, one file a release.
    Support,
    /// CISA's catalogue of exploited vulnerabilities.
    Kev,
    /// FIRST's scores of how likely exploitation is.
    Epss,
    /// Records in the OSV format: CVSS vectors, and advisories where the tracker cannot be had.
    Osv,
}

/// One file of a feed that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedUse {
    /// Which feed.
    pub kind: FeedKind,
    /// The file's name in the feeds' folder, such as `tracker.json` or `support-13`.
    pub name: String,
    /// Digest of its bytes as they came.
    pub digest: Digest,
    /// How old it is: the date that it bears, the server's `Last-Modified`, or else when it was last confirmed.
    pub date: Timestamp,
}

impl fmt::Display for FeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tracker => "tracker",
            Self::Dsa => "dsa",
            Self::Dla => "dla",
            Self::Support => "support",
            Self::Kev => "kev",
            Self::Epss => "epss",
            Self::Osv => "osv",
        })
    }
}
