//! What is kept of a feed: which bytes, since when, and what went wrong when it was last asked for.
//!
//! In: what was read. Out: `STATE/feeds/<name>.json`. A record that cannot be read counts as none: the feed is then read again.

use blob::Digest;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use plan::Whose;
use scan::{FeedKind, FeedShape, FeedUse};
use serde::{Deserialize, Serialize};

use super::source::FeedSource;

/// One feed of the settings, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedState {
    /// Which kind.
    pub kind: FeedKind,
    /// Its name: the kind, and for lists of support the release version, as in `support-13`.
    pub name: String,
    /// Where it is read from, without secrets.
    pub address: String,
    /// When its server last said what is there, whether new or not.
    pub checked: Option<Timestamp>,
    /// What is used.
    pub kept: Option<KeptFeed>,
    /// Why it could not be read the last time, or why what came was refused. What is kept stays in use.
    pub problem: Option<FeedProblem>,
}

/// The bytes of a feed that passed every check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeptFeed {
    /// Digest of the bytes as they came.
    pub digest: Digest,
    /// How many.
    pub bytes: u64,
    /// When they came.
    pub fetched: Timestamp,
    /// Where they came from, without secrets.
    pub address: String,
    /// The server's `Last-Modified`, as it wrote it; for a file when it was changed.
    pub last_modified: Option<String>,
    /// The server's `ETag`, as it wrote it.
    pub etag: Option<String>,
    /// What was found in them.
    pub shape: FeedShape,
}

/// What went wrong with a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedProblem {
    /// The feed.
    pub name: String,
    /// In words, with what to do.
    pub message: String,
    /// Whose it is.
    pub whose: Whose,
    /// When it was seen.
    pub at: Timestamp,
}

impl KeptFeed {
    /// The server says that these bytes are still what it has, as of a date: the newer one counts.
    pub(crate) fn confirmed(self, last_modified: Option<String>) -> Self {
        let date = |text: &Option<String>| parse_http_date(text.as_deref()?);
        let newer = date(&last_modified).is_some_and(|new| date(&self.last_modified).is_none_or(|old| old < new));
        if newer { Self { last_modified, ..self } } else { self }
    }
}

impl FeedState {
    /// A feed of which nothing is known.
    pub(crate) fn blank(source: &FeedSource) -> Self {
        let FeedSource { kind, name, .. } = source;
        Self { kind: *kind, name: name.clone(), address: source.address(), checked: None, kept: None, problem: None }
    }

    /// How old what is kept is: the date that it bears, the server's `Last-Modified`, or else when it was last confirmed.
    pub fn date(&self) -> Option<Timestamp> {
        let kept = self.kept.as_ref()?;
        let modified = || parse_http_date(kept.last_modified.as_deref()?);
        Some(kept.shape.date.or_else(modified).or(self.checked).unwrap_or(kept.fetched))
    }

    /// What is kept, as reports name it.
    pub fn used(&self) -> Option<FeedUse> {
        let digest = self.kept.as_ref()?.digest.clone();
        Some(FeedUse { kind: self.kind, name: self.name.clone(), digest, date: self.date()? })
    }

    /// What is kept, if it came from where the feed is read now: another place's bytes and dates compare with nothing.
    pub(crate) fn former(&self) -> Option<&KeptFeed> {
        self.kept.as_ref().filter(|kept| kept.address == self.address)
    }
}

/// Reads a date as HTTP writes it (RFC 9110, section 5.6.7).
pub(crate) fn parse_http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Writes a date as HTTP writes it, in whole seconds.
pub(crate) fn http_date(time: Timestamp) -> Option<String> {
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
}
