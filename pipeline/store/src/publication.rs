//! A publication as it is handed in and read back.
//!
//! In: a publication of the plan, or its parts. Out: values with everything that the ledger keeps of it.

use blob::Digest;
use plan::{Publication, Reason};
use scan::{InstalledPackage, Moments};
use serde::{Deserialize, Serialize};

/// One image index under an image's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedImage {
    /// The image.
    pub image: String,
    /// Codename of Debian's release, such as `trixie`.
    pub codename: String,
    /// Digest of the image index.
    pub index: Digest,
    /// The tags that moved to it.
    pub tags: Vec<String>,
    /// Why it was built.
    pub reasons: Vec<RecordedReason>,
    /// When its steps happened.
    pub moments: Moments,
    /// Its images.
    pub platforms: Vec<PublishedPlatform>,
}

/// One platform of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPlatform {
    /// The platform, such as `linux/amd64`.
    pub platform: String,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// What is installed in it.
    pub packages: Vec<InstalledPackage>,
}

/// A reason: a line for people, and the value that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecordedReason {
    /// The line.
    pub line: String,
    /// The value as JSON: kept as it was, whatever later versions know.
    pub value: serde_json::Value,
}

/// A publication as the ledger remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublicationRecord {
    /// The image.
    pub image: String,
    /// Digest of the image index.
    pub index: Digest,
    /// Codename of Debian's release.
    pub codename: String,
    /// The tags that moved to it.
    pub tags: Vec<String>,
    /// Why it was built.
    pub reasons: Vec<RecordedReason>,
    /// When its steps happened.
    pub moments: Moments,
    /// Its images: (platform, digest of the manifest), by platform.
    pub platforms: Vec<(String, Digest)>,
}

impl RecordedReason {
    /// A reason as it is kept.
    pub fn of(reason: &Reason) -> Self {
        Self { line: reason.to_string(), value: serde_json::to_value(reason).unwrap_or_default() }
    }
}

impl PublishedImage {
    /// What a publication of the state folder says. `moments` and `reasons` are not in it: what is not known of them is left out.
    pub fn of(publication: &Publication, moments: Moments, reasons: &[Reason]) -> Self {
        let platform = |(name, published): (&String, &plan::PublishedPlatform)| PublishedPlatform {
            platform: name.clone(),
            manifest: published.manifest.clone(),
            packages: publication.lock.platforms.get(name).map(plan::installed).unwrap_or_default(),
        };
        Self {
            image: publication.image.clone(),
            codename: publication.lock.release.clone(),
            index: publication.index.clone(),
            tags: publication.tags.iter().chain([&publication.fixed_tag]).cloned().collect(),
            reasons: reasons.iter().map(RecordedReason::of).collect(),
            moments,
            platforms: publication.platforms.iter().map(platform).collect(),
        }
    }
}
