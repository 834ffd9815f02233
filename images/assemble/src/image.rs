//! Layers become an image: configuration, manifest, and the index that a tag points to.
//!
//! In: the expanded chain, its finished layers, the parent's image. Out: the bytes of the OCI documents. There is
//! no clock here: `created` is the time of the newest package, so it is a real date and the same on every machine.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md>.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;
use oci::{
    Descriptor, Execution, History, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX,
    MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST, Platform, ROOT_FS_TYPE, RootFs,
};

use crate::definition::Definition;
use crate::layer::Layer;
use crate::lock::LayerLock;

/// The builder as it names itself in images; its version is part of every image's identity.
pub const BUILDER: &str = concat!("bedplate ", env!("CARGO_PKG_VERSION"));

/// What an image of one platform is made from.
#[derive(Debug, Clone, Copy)]
pub struct ImageParts<'a> {
    /// The expanded chain, the lowest first.
    pub chain: &'a [Definition],
    /// The packages of each layer.
    pub packages: &'a [LayerLock],
    /// The finished layers.
    pub layers: &'a [Layer],
    /// The platform.
    pub platform: &'a Platform,
    /// The image's version, such as `3.13.5`.
    pub version: &'a str,
    /// The image below.
    pub parent: Option<&'a PlatformImage>,
    /// Labels and annotations of the operator's, such as `org.opencontainers.image.source`.
    pub labels: &'a BTreeMap<String, String>,
}

/// One platform's image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformImage {
    /// The image's name, as others refer to it as their base.
    pub name: String,
    /// Bytes of the configuration.
    pub config: Vec<u8>,
    /// Bytes of the manifest.
    pub manifest: Vec<u8>,
    /// The manifest's descriptor, with its platform.
    pub descriptor: Descriptor,
    /// Newest package time.
    pub created: Timestamp,
    /// Compressed bytes of all layers.
    pub size: u64,
}

/// The image of one platform.
pub fn platform_image(parts: ImageParts<'_>) -> PlatformImage {
    let created = newest(parts.layers);
    let annotations = annotations(parts, created);
    let config = ImageConfig {
        created: Some(created),
        author: None,
        platform: parts.platform.clone(),
        config: execution(parts.chain, annotations.clone()),
        rootfs: RootFs {
            kind: ROOT_FS_TYPE.to_owned(),
            diff_ids: parts.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: history(parts),
    }
    .to_bytes();
    let layers =
        parts.layers.iter().map(|layer| Descriptor::new(MEDIA_TYPE_LAYER_GZIP, layer.digest.clone(), layer.size));
    let mut manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), layers.collect());
    manifest.annotations = annotations;
    let manifest = manifest.to_bytes();
    let descriptor = Descriptor::of(MEDIA_TYPE_MANIFEST, &manifest).with_platform(parts.platform.clone());
    let name = parts.chain.last().map(|definition| definition.name.clone()).unwrap_or_default();
    let size = parts.layers.iter().map(|layer| layer.size).sum();
    PlatformImage { name, config, manifest, descriptor, created, size }
}

/// The index over the images of all platforms: its bytes and its descriptor. `parent` is the index of the image below.
pub fn image_index(
    chain: &[Definition],
    images: &[PlatformImage],
    version: &str,
    parent: Option<(&str, &Digest)>,
    labels: &BTreeMap<String, String>,
) -> (Vec<u8>, Descriptor) {
    let created = images.iter().map(|image| image.created).max().unwrap_or_default();
    let mut index = ImageIndex::new(images.iter().map(|image| image.descriptor.clone()).collect());
    index.annotations = describe(chain, version, created, labels);
    if let Some((name, digest)) = parent {
        index.annotations.extend(base(name, digest));
    }
    let bytes = index.to_bytes();
    let descriptor = Descriptor::of(MEDIA_TYPE_INDEX, &bytes);
    (bytes, descriptor)
}

fn newest(layers: &[Layer]) -> Timestamp {
    let seconds = layers.iter().map(|layer| layer.timestamp).max().unwrap_or_default();
    i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_default()
}

fn annotations(parts: ImageParts<'_>, created: Timestamp) -> BTreeMap<String, String> {
    let mut annotations = describe(parts.chain, parts.version, created, parts.labels);
    if let Some(parent) = parts.parent {
        annotations.extend(base(&parent.name, &parent.descriptor.digest));
    }
    annotations
}

/// Keys that the OCI specification defines and that Renovate, Dependabot and registries read.
fn describe(
    chain: &[Definition],
    version: &str,
    created: Timestamp,
    labels: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let Some(definition) = chain.last() else { return labels.clone() };
    let key = |name: &str| format!("org.opencontainers.image.{name}");
    let mut annotations = BTreeMap::from([
        (key("title"), definition.name.clone()),
        (key("description"), definition.summary.clone()),
        (key("version"), version.to_owned()),
        (key("created"), created.to_string()),
        ("dev.bedplate.release".to_owned(), definition.release.clone()),
        ("dev.bedplate.end-of-life".to_owned(), definition.end_of_life.to_string()),
        ("dev.bedplate.builder".to_owned(), BUILDER.to_owned()),
    ]);
    annotations.extend(labels.clone());
    annotations
}

fn base(name: &str, digest: &Digest) -> [(String, String); 2] {
    [
        ("org.opencontainers.image.base.name".to_owned(), name.to_owned()),
        ("org.opencontainers.image.base.digest".to_owned(), digest.to_string()),
    ]
}

/// How a container starts: each definition lays its own over its parent's.
fn execution(chain: &[Definition], labels: BTreeMap<String, String>) -> Execution {
    let mut environment = BTreeMap::new();
    let mut execution = Execution { labels, ..Execution::default() };
    for definition in chain {
        environment.extend(definition.environment.clone());
        execution.user = definition.user.clone().unwrap_or(execution.user);
        if let Some(entrypoint) = &definition.entrypoint {
            // A new program does not want the arguments of the parent's.
            execution.entrypoint.clone_from(entrypoint);
            execution.cmd.clear();
        }
        execution.cmd = definition.cmd.clone().unwrap_or(execution.cmd);
        let folder = definition.working_directory.as_ref().map(ToString::to_string);
        execution.working_dir = folder.unwrap_or(execution.working_dir);
    }
    execution.env = environment.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    execution
}

fn history(parts: ImageParts<'_>) -> Vec<History> {
    let entry = |(layer, packages): (&Layer, &LayerLock)| {
        let list: Vec<String> =
            packages.packages.iter().map(|package| format!("{}={}", package.name, package.version)).collect();
        History {
            created: Some(newest(std::slice::from_ref(layer))),
            created_by: Some(format!("{BUILDER}: {} = {}", packages.definition, list.join(" "))),
            ..History::default()
        }
    };
    parts.layers.iter().zip(parts.packages).map(entry).collect()
}
