//! Debian's security tracker: the bytes of its `data/json` in, [`Advisories`] out.
//!
//! The shape is the tracker's own (`bin/tracker_service.py`): source → id → `releases` → codename → a row. Types are held to strictly;
//! keys that we do not know are passed over; words that we do not know are kept.

mod record;
mod text;
mod visitor;

use serde::de::DeserializeSeed;
use visitor::Sources;

pub(crate) use text::{Description, Text, given};

use crate::advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError};

/// A tracker file of more bytes is refused; Debian's has some 70 MB.
pub const TRACKER_LIMIT: usize = 512 << 20;

/// Why a tracker file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// It is too large.
    #[error(
        "reading the tracker's JSON: it has {0} bytes, and at most {TRACKER_LIMIT} are expected; check the feed's address"
    )]
    TooLarge(usize),
    /// It is a web page.
    #[error("reading the tracker's JSON: this is HTML; check the feed's address, and what stands between")]
    Html,
    /// It is no JSON, or not of this shape. The text names the source, the id and the release as far as they were read, then line and column.
    #[error("reading the tracker's JSON: {0}; fetch it again, or check the feed's address")]
    Malformed(String),
    /// Its rows cannot be kept.
    #[error(transparent)]
    Rows(#[from] AdvisoriesError),
}

impl Advisories {
    /// Reads the tracker's JSON. The first thing that is wrong is the error, with its place.
    pub fn read_tracker(bytes: &[u8]) -> Result<Self, TrackerError> {
        if bytes.len() > TRACKER_LIMIT {
            return Err(TrackerError::TooLarge(bytes.len()));
        }
        if is_html(bytes) {
            return Err(TrackerError::Html);
        }
        let mut builder = AdvisoriesBuilder::default();
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = Sources(&mut builder).deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| TrackerError::Malformed(error.to_string()))?;
        Ok(builder.finish()?)
    }
}

/// Whether this begins as a web page does.
pub(crate) fn is_html(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}
