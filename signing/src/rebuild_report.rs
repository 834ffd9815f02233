//! "I built this image again from its provenance, and this came out": the statement of somebody who did not build it first.
//!
//! In: the provenance that was followed, who followed it, the digest that came out. Out: the predicate [`REBUILD`], our own.
//!
//! # `https://bedplate.dev/rebuild/v1`
//!
//! The subject is the image index whose provenance was followed. The report counts for it only if `rebuilt` is the subject's own digest;
//! one with another digest says, signed, that the image could not be reproduced. Keys:
//!
//! - `provenance`: digests of the payload of the provenance statement that was followed;
//! - `rebuilt`: digests of the index that came out;
//! - `builder`: `id` (an address) and `version` (by part) of who built again, as in SLSA provenance;
//! - `sources`: where the packages came from: the archive, a snapshot service, a content store;
//! - `startedOn`, `finishedOn`: RFC 3339.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::predicate::{Predicate, REBUILD};
use crate::provenance::Builder;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildReport {
    /// Digests of the payload of the provenance statement, by algorithm.
    pub provenance: BTreeMap<String, String>,
    /// Digests of the index that came out, by algorithm.
    pub rebuilt: BTreeMap<String, String>,
    /// Who built again.
    pub builder: Builder,
    /// Where the packages came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// When the build began.
    pub started_on: Timestamp,
    /// When it ended.
    pub finished_on: Timestamp,
}

impl Predicate for RebuildReport {
    const TYPE: &'static str = REBUILD;
}

impl RebuildReport {
    /// Whether what came out is the image itself.
    pub fn confirms(&self, image: &Digest) -> bool {
        self.rebuilt.get(image.algorithm().name()).is_some_and(|hex| hex == image.hex())
    }
}
