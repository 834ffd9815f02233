//! Finished layers become an image: audited, configured, indexed.
//!
//! In: a lock, its layers. Out: a [`BuiltImage`] whose documents are bytes and whose layers are files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use assemble::{
    AuditError, Base, Definition, ImageLock, ImageParts, Layer, PlatformImage, PlatformLock, image_index,
    image_version, platform_image,
};
use blob::Digest;
use debian::Architecture;
use oci::{Descriptor, Platform};

use crate::build::{Builder, MadeLayer, PlatformWork, Shared};
use crate::wanted::architecture_of;
use crate::{Event, Failure, Whose};

/// An image of all its platforms, not yet published.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// What it was built from.
    pub lock: ImageLock,
    /// The definition, expanded for its first platform.
    pub definition: Definition,
    /// The runtime's version, such as `3.13.5`.
    pub version: String,
    /// Each platform's documents.
    pub platforms: Vec<BuiltPlatform>,
    /// Bytes of the image index.
    pub index: Vec<u8>,
    /// The image index.
    pub descriptor: Descriptor,
}

/// One platform of a built image.
#[derive(Debug, Clone)]
pub struct BuiltPlatform {
    /// The platform.
    pub platform: Platform,
    /// Configuration and manifest.
    pub image: PlatformImage,
    /// The layers, and the files that hold them.
    pub layers: Vec<(Layer, PathBuf)>,
    /// The whole tree.
    pub tree: Base,
}

impl BuiltPlatform {
    /// The layers without their files.
    pub(crate) fn plain_layers(&self) -> Vec<Layer> {
        self.layers.iter().map(|(layer, _)| layer.clone()).collect()
    }
}

/// The audits refused an image.
#[derive(Debug, thiserror::Error)]
#[error("image `{image}` on {platform}: {findings}")]
pub struct RefusedImage {
    image: String,
    platform: Platform,
    findings: AuditError,
}

pub(crate) fn finish_image(
    builder: &Builder,
    lock: &ImageLock,
    works: &[PlatformWork],
    made: &BTreeMap<Digest, Shared<MadeLayer>>,
) -> Result<BuiltImage, Arc<Failure>> {
    let mut platforms = Vec::new();
    let mut parents: Vec<Vec<PlatformImage>> = Vec::new();
    for work in works {
        let (built, below) = finish_platform(builder, lock, work, made)?;
        parents.push(below);
        platforms.push(built);
    }
    let first = works.first().ok_or_else(|| defect("lock has no platform"))?;
    let definition = first.chain.last().ok_or_else(|| defect("chain is empty"))?.clone();
    let version = version(builder, &first.chain, platform_lock(lock, &first.platform)?);
    let images: Vec<PlatformImage> = platforms.iter().map(|platform| platform.image.clone()).collect();
    let parent = parent_index(builder, &first.chain, lock, &parents);
    let parent = parent.as_ref().map(|(name, digest)| (name.as_str(), digest));
    let (index, descriptor) = image_index(&first.chain, &images, &version, parent, &builder.catalogue.labels);
    (builder.reporter)(Event::ImageBuilt {
        image: lock.name.clone(),
        digest: descriptor.digest.clone(),
        bytes: images.iter().map(|image| image.size).collect(),
    });
    Ok(BuiltImage { lock: lock.clone(), definition, version, platforms, index, descriptor })
}

type Chain = (BuiltPlatform, Vec<PlatformImage>);

/// The image of one platform and, the lowest first, the images of its parents.
fn finish_platform(
    builder: &Builder,
    lock: &ImageLock,
    work: &PlatformWork,
    made: &BTreeMap<Digest, Shared<MadeLayer>>,
) -> Result<Chain, Arc<Failure>> {
    let mut layers = Vec::new();
    let mut tree = Base::default();
    for layer in &work.layers {
        let made = made.get(&layer.key).ok_or_else(|| defect("layer was not made"))?.as_ref().map_err(Arc::clone)?;
        layers.push(made.record.layer.clone());
        tree = made.image.clone();
    }
    let packages = platform_lock(lock, &work.platform)?;
    check(lock, work, packages, &tree)?;
    let mut images: Vec<PlatformImage> = Vec::new();
    for depth in 1..=work.chain.len() {
        let chain = &work.chain[..depth];
        let version = version(builder, chain, packages);
        images.push(platform_image(ImageParts {
            chain,
            packages: &packages.layers[..depth],
            layers: &layers[..depth],
            platform: &work.platform,
            version: &version,
            parent: images.last(),
            labels: &builder.catalogue.labels,
        }));
    }
    let image = images.pop().ok_or_else(|| defect("chain is empty"))?;
    let layers = layers.into_iter().map(|layer| (layer.clone(), builder.layers.path(&layer.digest))).collect();
    Ok((BuiltPlatform { platform: work.platform.clone(), image, layers, tree }, images))
}

fn check(lock: &ImageLock, work: &PlatformWork, packages: &PlatformLock, base: &Base) -> Result<(), Arc<Failure>> {
    let names = packages.packages().map(|package| package.name.as_str());
    let architecture = architecture(lock, &work.platform)?;
    assemble::audit(&base.tree, &work.chain, names, architecture).map_err(|findings| {
        let error = RefusedImage { image: lock.name.clone(), platform: work.platform.clone(), findings };
        Arc::new(Failure::new(Whose::Policy, error))
    })
}

fn architecture(lock: &ImageLock, platform: &Platform) -> Result<Architecture, Arc<Failure>> {
    architecture_of(&lock.name, platform).map_err(|error| Arc::new(Failure::new(Whose::Policy, error)))
}

fn platform_lock<'l>(lock: &'l ImageLock, platform: &Platform) -> Result<&'l PlatformLock, Arc<Failure>> {
    lock.platform(platform).map_err(|error| Arc::new(Failure::new(Whose::Defect, error)))
}

/// The upstream version of the package that the definition names, or the release's number.
fn version(builder: &Builder, chain: &[Definition], lock: &PlatformLock) -> String {
    let Some(definition) = chain.last() else { return String::new() };
    let package = definition.version_from.as_ref().and_then(|name| lock.package(name));
    let release = || builder.catalogue.releases.get(&definition.release).map(|release| release.version.clone());
    package.map(|package| image_version(&package.version)).or_else(release).unwrap_or_default()
}

/// Name and index digest of the image below, made of the same layers.
fn parent_index(
    builder: &Builder,
    chain: &[Definition],
    lock: &ImageLock,
    parents: &[Vec<PlatformImage>],
) -> Option<(String, Digest)> {
    let mut index: Option<(String, Digest)> = None;
    let packages = lock.platforms.values().next()?;
    for depth in 1..chain.len() {
        let images: Vec<PlatformImage> = parents.iter().filter_map(|images| images.get(depth - 1).cloned()).collect();
        let version = version(builder, &chain[..depth], packages);
        let below = index.as_ref().map(|(name, digest)| (name.as_str(), digest));
        let (_, descriptor) = image_index(&chain[..depth], &images, &version, below, &builder.catalogue.labels);
        index = Some((chain[depth - 1].name.clone(), descriptor.digest));
    }
    index
}

fn defect(reason: &str) -> Arc<Failure> {
    Arc::new(Failure::new(Whose::Defect, reason.to_owned()))
}
