//! What is published under an image's tags, and what it was made from.

use std::collections::BTreeMap;

use assemble::ImageLock;
use blob::Digest;
use jiff::Timestamp;
use scan::Standing;
use serde::{Deserialize, Serialize};

/// One published image index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Publication {
    /// The image's name.
    pub image: String,
    /// The repository that its tags stand in.
    pub repository: String,
    /// Tags that move.
    pub tags: Vec<String>,
    /// The tag that never moves.
    pub fixed_tag: String,
    /// The version of the runtime, such as `3.13.5`.
    pub version: String,
    /// Digest of the image index.
    pub index: Digest,
    /// Each platform's image, by the platform's name.
    pub platforms: BTreeMap<String, PublishedPlatform>,
    /// Time of the newest package in it.
    pub created: Timestamp,
    /// When its tags moved to it.
    pub published: Timestamp,
    /// Name and version of the builder.
    pub builder: String,
    /// What is said about it, and by whom.
    pub attested: Attested,
    /// What it was made from.
    pub lock: ImageLock,
}

/// How a publication is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attested {
    /// The name that signatures give it, `HOST/REPOSITORY`.
    pub name: String,
    /// The signers: key ids, those of releases first.
    pub signers: Vec<String>,
    /// The manifests that hold signatures and statements about the index and each platform.
    pub manifests: Vec<Digest>,
    /// The data that the scan stands on which is said of it; none where it was never scanned.
    #[serde(default)]
    pub scan: Option<Standing>,
}

/// One platform of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedPlatform {
    /// Digest of the manifest.
    pub manifest: Digest,
    /// Compressed bytes of all layers.
    pub size: u64,
    /// How many packages it has.
    pub packages: usize,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn publication(lock: ImageLock) -> Publication {
        Publication {
            image: lock.name.clone(),
            repository: lock.name.clone(),
            tags: vec!["latest".into()],
            fixed_tag: "1-20261123T140000Z".into(),
            version: "1".into(),
            index: Digest::of("index"),
            platforms: BTreeMap::new(),
            created: Timestamp::UNIX_EPOCH,
            published: Timestamp::UNIX_EPOCH,
            builder: "b".into(),
            attested: Attested::default(),
            lock,
        }
    }
}
