//! The values of crate `scan` that feeds are read into, in their plainest form.

use blob::Digest;
use jiff::Timestamp;
use scan::{FeedKind, FeedUse};
use serde::{Deserialize, Serialize};

/// What was found in a feed's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedShape {
    /// Entries.
    pub entries: u64,
    /// Bytes.
    pub bytes: u64,
    /// The date that the file bears.
    pub date: Option<Timestamp>,
}

/// What is wrong with a feed's bytes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ShapeError(String);

/// Checks a feed's bytes.
pub fn check_shape(_kind: FeedKind, bytes: &[u8], former: Option<&FeedShape>) -> Result<FeedShape, ShapeError> {
    let bytes_now = bytes.len() as u64;
    if bytes.starts_with(b"<") || former.is_some_and(|former| bytes_now * 3 < former.bytes * 2) {
        return Err(ShapeError("it is HTML, or it shrank".to_owned()));
    }
    Ok(FeedShape { entries: 0, bytes: bytes_now, date: None })
}

/// All rows.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Advisories(Vec<u8>);

impl Advisories {
    /// Reads.
    pub fn read_tracker(bytes: &[u8]) -> Result<Self, ShapeError> {
        Ok(Self(bytes.to_vec()))
    }

    /// Writes the index.
    pub fn to_index(&self) -> Vec<u8> {
        [Digest::of(&self.0).hex().as_bytes(), &self.0].concat()
    }

    /// Reads the index.
    pub fn from_index(bytes: Vec<u8>) -> Result<Self, ShapeError> {
        let torn = || ShapeError("torn".to_owned());
        let (digest, rest) = bytes.split_at_checked(64).ok_or_else(torn)?;
        if Digest::of(rest).hex().as_bytes() == digest { Ok(Self(rest.to_vec())) } else { Err(torn()) }
    }
}

/// Everything known.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// Rows.
    pub advisories: Advisories,
    /// Feeds.
    pub feeds: Vec<FeedUse>,
}
