//! Records in the OSV format in, advisories and CVSS vectors out: an import for those who cannot have the tracker's own data.

mod fixes;
mod record;
mod rows;

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, SeqAccess, Visitor};

use record::Record;
use rows::Rows;

use crate::advisory::{Advisories, AdvisoriesError};
use crate::knowledge::CvssVectors;
use crate::tracker::is_html;

/// A file of more bytes is refused.
const OSV_LIMIT: usize = 512 << 20;

/// What data in the OSV format cannot say, for reports that stand on them.
pub const OSV_LIMITS: &str = "OSV's data have neither Debian's decisions (no-dsa, postponed, ignored, end of life) nor rows of releases that \
                              never were affected, nor what is undetermined, nor fixes that wait for a point release";

/// What came out of OSV records.
#[derive(Debug, Clone, Default)]
pub struct OsvImport {
    /// Rows of Debian's releases: fixed in a version, or open.
    pub advisories: Advisories,
    /// CVSS vectors of all records.
    pub cvss: CvssVectors,
    /// What was read and what was passed over.
    pub counts: OsvCounts,
    /// When the newest record was modified.
    pub modified: Option<Timestamp>,
}

/// What was read and what was passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OsvCounts {
    /// Records.
    pub records: usize,
    /// Records that were withdrawn: not taken.
    pub withdrawn: usize,
    /// Debian's advisories that name their CVEs, which have records of their own: not taken.
    pub covered: usize,
    /// Packages of other ecosystems than `Debian:11` and later: not taken.
    pub foreign: usize,
    /// Debian packages that name versions without a range: not taken.
    pub without_range: usize,
    /// Severities that are no vector of CVSS 3 or 4: not taken.
    pub without_vector: usize,
}

/// Why OSV records could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OsvError {
    /// It is too large.
    #[error("reading OSV records: {0} bytes; at most {OSV_LIMIT} are expected; give them in parts")]
    TooLarge(usize),
    /// It is a web page.
    #[error("reading OSV records: this is HTML; check the feed's address, and what stands between")]
    Html,
    /// A record is no JSON or has another shape.
    #[error(
        "reading OSV records, number {number}: {error}; expected are JSON lines, one record, or an array of records"
    )]
    Malformed {
        /// Which record, from 1.
        number: usize,
        /// What is wrong, and where.
        error: serde_json::Error,
    },
    /// Their rows cannot be kept.
    #[error(transparent)]
    Rows(#[from] AdvisoriesError),
}

/// Reads OSV records: JSON lines, one record, or an array.
pub fn read_osv(bytes: &[u8]) -> Result<OsvImport, OsvError> {
    if bytes.len() > OSV_LIMIT {
        return Err(OsvError::TooLarge(bytes.len()));
    }
    if is_html(bytes) {
        return Err(OsvError::Html);
    }
    let mut rows = Rows::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = if bytes.trim_ascii_start().first() == Some(&b'[') {
        json.deserialize_seq(Array(&mut rows)).and_then(|()| json.end())
    } else {
        json.into_iter().try_for_each(|record| record.map(|record| rows.take(&record)))
    };
    read.map_err(|error| OsvError::Malformed { number: rows.counts.records + 1, error })?;
    Ok(rows.finish()?)
}

/// An array of records, one of which is held at a time.
struct Array<'r>(&'r mut Rows);

impl<'de> Visitor<'de> for Array<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of OSV records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element::<Record<'de>>()? {
            self.0.take(&record);
        }
        Ok(())
    }
}
