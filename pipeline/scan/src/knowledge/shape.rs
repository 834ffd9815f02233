//! A feed's bytes in; whether they are what they should be, compared with those before, out. It replaces nothing that is not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::content::{FeedContent, FeedError};
use crate::feed::FeedKind;
use crate::tracker::is_html;

/// A file with fewer entries than this share of the former is refused: (2, 3) is two thirds.
const SHRINK: (u64, u64) = (2, 3);

/// What a good file of a feed came to, to compare the next one with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedShape {
    /// Rows of the tracker, advisories, sources, ids, or records.
    pub entries: u64,
    /// Bytes as they came.
    pub bytes: u64,
    /// The date that the file itself bears, or that of its newest entry; none in the tracker's and in the lists of support.
    pub date: Option<Timestamp>,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ShapeError {
    /// It is a web page.
    #[error(
        "checking feed {0}: this is HTML; the former file stays. Check the feed's address, and what stands between"
    )]
    Html(FeedKind),
    /// There is nothing in it.
    #[error("checking feed {kind}: {bytes} bytes without any entry; the former file stays. Check the feed's address")]
    Empty {
        /// Which feed.
        kind: FeedKind,
        /// Its length.
        bytes: u64,
    },
    /// It cannot be read: cut off, other types, another format.
    #[error("checking feed {kind}: it cannot be read, and the former file stays. {cause}")]
    Unreadable {
        /// Which feed.
        kind: FeedKind,
        /// What is wrong, and where.
        cause: FeedError,
    },
    /// It has far less than the former one.
    #[error(
        "checking feed {kind}: {now} entries, and {before} before; less than two thirds are not believed, and the former file stays. \
         If it is right, remove the stored feed"
    )]
    Shrunk {
        /// Which feed.
        kind: FeedKind,
        /// Entries of the former file.
        before: u64,
        /// Its entries.
        now: u64,
    },
    /// It is older than the former one.
    #[error(
        "checking feed {kind}: it is of {now}, and the one before of {before}; the former file stays. Check the feed's mirror"
    )]
    Older {
        /// Which feed.
        kind: FeedKind,
        /// Date of the former file.
        before: Timestamp,
        /// Its date.
        now: Timestamp,
    },
}

/// Reads a whole file of a feed and compares it with what the former one came to.
pub fn check_shape(kind: FeedKind, bytes: &[u8], former: Option<&FeedShape>) -> Result<FeedShape, ShapeError> {
    read_feed(kind, "", bytes, former).map(|(_, shape)| shape)
}

/// The same, and what is in the file. Lists of support are about the release of this number, such as `13`.
pub fn read_feed(
    kind: FeedKind,
    release: &str,
    bytes: &[u8],
    former: Option<&FeedShape>,
) -> Result<(FeedContent, FeedShape), ShapeError> {
    let length = bytes.len() as u64;
    if is_html(bytes) {
        return Err(ShapeError::Html(kind));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(ShapeError::Empty { kind, bytes: length });
    }
    let content = FeedContent::read(kind, release, bytes).map_err(|cause| ShapeError::Unreadable { kind, cause })?;
    let (entries, date) = content.extent();
    let shape = FeedShape { entries: entries as u64, bytes: length, date };
    // A release may have no source whose support has ended: such a list is all comments.
    if entries == 0 && kind != FeedKind::Support {
        return Err(ShapeError::Empty { kind, bytes: length });
    }
    former.map_or(Ok(()), |former| compare(kind, former, &shape))?;
    Ok((content, shape))
}

fn compare(kind: FeedKind, former: &FeedShape, shape: &FeedShape) -> Result<(), ShapeError> {
    let (before, now) = (former.entries, shape.entries);
    if u128::from(now) * u128::from(SHRINK.1) < u128::from(before) * u128::from(SHRINK.0) {
        return Err(ShapeError::Shrunk { kind, before, now });
    }
    let dates = former.date.zip(shape.date).filter(|(before, now)| now < before);
    // Lists bear no date. Their newest entry's may be put right, but then no entry is missing.
    let has_date = matches!(kind, FeedKind::Kev | FeedKind::Epss) || now < before;
    match dates.filter(|_| has_date) {
        Some((before, now)) => Err(ShapeError::Older { kind, before, now }),
        None => Ok(()),
    }
}
