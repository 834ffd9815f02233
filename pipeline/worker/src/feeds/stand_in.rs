//! The values of crate `scan` that feeds are read into, in their plainest form.

use jiff::Timestamp;
use scan::{Advisories, FeedKind};
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

/// The stored form of rows.
pub(crate) fn to_index(_advisories: &Advisories) -> Vec<u8> {
    Vec::new()
}

/// Reads it.
pub(crate) fn from_index(_bytes: Vec<u8>) -> Result<Advisories, ShapeError> {
    Err(ShapeError("torn".to_owned()))
}
