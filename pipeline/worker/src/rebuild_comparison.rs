//! What was published, held against what was built again.
//!
//! In: the documents of a published image, and a [`BuiltImage`]. Out: a [`RebuildComparison`]: which digests agree and which do not, down to the
//! layer, so that a person sees where to look.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::{Descriptor, ImageIndex, ImageManifest, Platform};
use serde::Serialize;

use crate::image_build::{BuiltImage, BuiltPlatform};

/// The documents of a published image.
#[derive(Debug, Clone)]
pub struct PublishedImage {
    /// The digest of the index.
    pub digest: Digest,
    /// The index.
    pub index: ImageIndex,
    /// Those of its manifests that could be read.
    pub manifests: BTreeMap<Digest, ImageManifest>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RebuildComparison {
    /// Whether the digest of the index is the same, and so everything.
    pub same: bool,
    /// The image index.
    pub index: Compared,
    /// Each platform of either.
    pub platforms: Vec<PlatformComparison>,
}

/// One platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlatformComparison {
    /// Its name.
    pub platform: String,
    /// Its manifest.
    pub manifest: Compared,
    /// Its configuration and its layers, the lowest first, where the manifest differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartComparison>,
}

/// A part of a platform's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartComparison {
    /// `configuration`, or `layer` with the definition that made it.
    pub part: String,
    /// Its digests.
    #[serde(flatten)]
    pub compared: Compared,
}

/// A digest that was published, and the one that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    /// What was published.
    pub published: Option<Digest>,
    /// What was built again.
    pub rebuilt: Option<Digest>,
}

impl Compared {
    /// Whether both are there and equal.
    pub fn same(&self) -> bool {
        self.published.is_some() && self.published == self.rebuilt
    }

    fn new(published: Option<&Digest>, rebuilt: Option<&Digest>) -> Self {
        Self { published: published.cloned(), rebuilt: rebuilt.cloned() }
    }
}

/// Compares every platform, whichever of the two has it.
pub fn compare_rebuild(published: &PublishedImage, rebuilt: &BuiltImage) -> RebuildComparison {
    let index = Compared::new(Some(&published.digest), Some(&rebuilt.descriptor.digest));
    let platforms = platforms(published, rebuilt);
    let platforms = platforms.iter().map(|name| platform(name, published, rebuilt)).collect();
    RebuildComparison { same: index.same(), index, platforms }
}

/// Entries without a platform, such as attestations of other builders, are no images.
fn platforms(published: &PublishedImage, rebuilt: &BuiltImage) -> BTreeSet<Platform> {
    let theirs = published.index.manifests.iter().filter_map(|entry| entry.platform.clone());
    let theirs = theirs.filter(|platform| platform.os != "unknown");
    theirs.chain(rebuilt.platforms.iter().map(|built| built.platform.clone())).collect()
}

fn platform(name: &Platform, published: &PublishedImage, rebuilt: &BuiltImage) -> PlatformComparison {
    let theirs = published.index.manifests.iter().find(|entry| entry.platform.as_ref() == Some(name));
    let ours = rebuilt.platforms.iter().find(|built| built.platform == *name);
    let digest = |entry: &Descriptor| entry.digest.clone();
    let manifest =
        Compared { published: theirs.map(digest), rebuilt: ours.map(|built| digest(&built.image.descriptor)) };
    let document = theirs.and_then(|entry| published.manifests.get(&entry.digest));
    let parts = match (document, ours) {
        (Some(theirs), Some(ours)) if !manifest.same() => parts(theirs, ours, rebuilt),
        _ => Vec::new(),
    };
    PlatformComparison { platform: name.to_string(), manifest, parts }
}

fn parts(theirs: &ImageManifest, ours: &BuiltPlatform, rebuilt: &BuiltImage) -> Vec<PartComparison> {
    let config = Digest::of(&ours.image.config);
    let config = Compared::new(Some(&theirs.config.digest), Some(&config));
    let mut parts = vec![PartComparison { part: "configuration".to_owned(), compared: config }];
    let names = rebuilt.lock.platform(&ours.platform).map(|lock| lock.layers.as_slice()).unwrap_or_default();
    for at in 0..theirs.layers.len().max(ours.layers.len()) {
        let name = names.get(at).map_or_else(|| (at + 1).to_string(), |layer| format!("`{}`", layer.definition));
        let rebuilt = ours.layers.get(at).map(|(layer, _)| &layer.digest);
        let compared = Compared::new(theirs.layers.get(at).map(|layer| &layer.digest), rebuilt);
        parts.push(PartComparison { part: format!("layer {name}"), compared });
    }
    parts
}
