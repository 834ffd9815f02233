//! An image to be signed: an index of two platforms, and what BuildKit would list beside them.
//!
//! In: a seed, and where it goes. Out: its descriptors; equal seeds give equal bytes.

use blob::Digest;
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER,
    MEDIA_TYPE_MANIFEST, Platform, Repository,
};
use registry::Store;

/// An image in the registry.
pub(crate) struct Image {
    pub(crate) repository: Repository,
    pub(crate) index: Descriptor,
    /// The two platforms and the attestation manifest.
    pub(crate) children: Vec<Descriptor>,
    /// The manifests of the two platforms.
    pub(crate) manifests: Vec<ImageManifest>,
}

impl Image {
    /// Puts it there, under a tag.
    pub(crate) fn put(store: &Store, repository: &str, seed: &str, tag: &str) -> Self {
        let repository: Repository = repository.parse().unwrap();
        let manifests = ["linux/amd64", "linux/arm64"].map(|platform| manifest(store, &repository, seed, platform));
        let mut children: Vec<Descriptor> = manifests
            .iter()
            .zip(["linux/amd64", "linux/arm64"])
            .map(|(manifest, platform)| {
                put(store, &repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST)
                    .with_platform(platform.parse().unwrap())
            })
            .collect();
        let attestations = manifest(store, &repository, seed, "unknown/unknown");
        let attestations = put(store, &repository, &attestations.to_bytes(), MEDIA_TYPE_MANIFEST);
        children.push(attestations.with_platform("unknown/unknown".parse().unwrap()));
        let index = put(store, &repository, &ImageIndex::new(children.clone()).to_bytes(), MEDIA_TYPE_INDEX);
        store.tag(&repository, &tag.parse().unwrap(), &index).unwrap();
        Self { repository, index, children, manifests: manifests.into() }
    }

    /// Everything that a release signs.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.index).chain(&self.children)
    }
}

fn put(store: &Store, repository: &Repository, bytes: &[u8], media_type: &str) -> Descriptor {
    store.put_manifest(repository, bytes, media_type).unwrap()
}

fn manifest(store: &Store, repository: &Repository, seed: &str, platform: &str) -> ImageManifest {
    let layer = format!("the layer of {seed} for {platform}");
    let parsed: Platform = platform.parse().unwrap();
    let config = ImageConfig::new(parsed, vec![Digest::of(&layer)]).to_bytes();
    for bytes in [layer.as_bytes(), &config] {
        store.put_bytes(repository, bytes).unwrap();
    }
    let layers = vec![Descriptor::of(MEDIA_TYPE_LAYER, layer.as_bytes())];
    ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), layers)
}
