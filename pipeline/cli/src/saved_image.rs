//! Images in a tar file: an OCI image layout, or what `docker save` wrote before that was one.
//!
//! In: the archive. Out: the images in it, each with its name and the descriptors of its layers, and where their bytes are.
//! Formats: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>,
//! <https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md#combined-image-json--filesystem-changeset-format>.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use blob::Digest;
use debian::Compression;
use oci::{
    ANNOTATION_REF_NAME, Descriptor, INDEX_FILE, ImageConfig, LARGEST_DOCUMENT, LAYOUT_FILE, LayoutIndex,
    MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_LAYER_ZSTD, Platform,
};
use registry::Named;
use serde::Deserialize;
use worker::blocking;

use crate::layer_budget::Budget;
use crate::layer_files::{LayerContent, Reading, read_layer_as};
use crate::scan_blobs::Blobs;
use crate::scan_image;
use crate::scan_input::compression;
use crate::scan_target::Target;
use crate::tar_files::TarFiles;

/// `docker save`'s own list.
const SAVED_LIST: &str = "manifest.json";
/// Names that containerd and docker give to images in an archive.
const IMAGE_NAME: &str = "io.containerd.image.name";

/// One line of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Reads every image of an archive.
pub(crate) async fn read(files: TarFiles, wanted: &[Platform]) -> anyhow::Result<Vec<Target>> {
    let files = Arc::new(files);
    if files.open_file(LAYOUT_FILE).is_some() && files.open_file(INDEX_FILE).is_some() {
        return layout(files, wanted).await;
    }
    let list = files.read(SAVED_LIST, LARGEST_DOCUMENT as u64)?;
    let list = list.with_context(|| {
        format!(
            "`{}` is no archive of images: expected an OCI image layout (`{LAYOUT_FILE}`, `{INDEX_FILE}`) or what \
             `docker save` writes (`{SAVED_LIST}`); a root file system is scanned as an unpacked folder",
            files.name
        )
    })?;
    let list: Vec<Saved> = serde_json::from_slice(&list).with_context(|| broken(&files))?;
    ensure!(!list.is_empty(), "`{}` holds no image: its `{SAVED_LIST}` is empty", files.name);
    let mut targets = Vec::new();
    for saved in list {
        targets.extend(docker(&files, &saved, wanted).await?);
    }
    ensure!(!targets.is_empty(), "`{}` has no image for the wanted platform", files.name);
    Ok(targets)
}

fn broken(files: &TarFiles) -> String {
    format!("`{SAVED_LIST}` in `{}` is not what `docker save` writes", files.name)
}

async fn layout(files: Arc<TarFiles>, wanted: &[Platform]) -> anyhow::Result<Vec<Target>> {
    let list = files.read(INDEX_FILE, LARGEST_DOCUMENT as u64)?.unwrap_or_default();
    let list = LayoutIndex::parse(&list).with_context(|| format!("`{INDEX_FILE}` in `{}`", files.name))?;
    ensure!(!list.entries().is_empty(), "`{}` holds no image: its `{INDEX_FILE}` is empty", files.name);
    let blobs = Blobs::Archive(Arc::clone(&files));
    let (mut targets, mut seen) = (Vec::new(), Vec::new());
    for entry in list.entries() {
        if seen.contains(&&entry.digest) {
            continue;
        }
        seen.push(&entry.digest);
        let found = blobs.named(&Named::Digest(entry.digest.clone())).await?;
        targets.extend(scan_image::read_all(&blobs, found, wanted, &name(entry, &files)).await?);
    }
    Ok(targets)
}

fn name(entry: &Descriptor, files: &TarFiles) -> String {
    let said = entry.annotations.get(IMAGE_NAME).or_else(|| entry.annotations.get(ANNOTATION_REF_NAME));
    said.map_or_else(|| files.name.clone(), |said| format!("{} ({said})", files.name))
}

async fn docker(files: &Arc<TarFiles>, saved: &Saved, wanted: &[Platform]) -> anyhow::Result<Option<Target>> {
    let config = files.read(&saved.config, LARGEST_DOCUMENT as u64)?;
    let config = config.with_context(|| format!("`{}` has no `{}`: save the image again", files.name, saved.config))?;
    let config = ImageConfig::parse(&config).with_context(|| format!("`{}` in `{}`", saved.config, files.name))?;
    if !wanted.is_empty() && !wanted.iter().any(|wanted| scan_image::fits(wanted, &config.platform)) {
        return Ok(None);
    }
    let layers = layers(files, saved, &config.rootfs.diff_ids)?;
    let tag = saved.repo_tags.iter().flatten().next();
    let name = tag.map_or_else(|| files.name.clone(), |tag| format!("{} ({tag})", files.name));
    let read = {
        let files = Arc::clone(files);
        blocking(move || contents(&files, &layers)).await
    };
    let mut target = scan_image::of_layers(&read?).with_context(|| format!("`{name}` cannot be scanned"))?;
    target.subject = scan::ReportSubject { name, digest: None, platform: Some(config.platform.to_string()) };
    Ok(Some(target))
}

/// The layers as descriptors: of those that are compressed the digest is in the name, of the others it is the configuration's.
fn layers(files: &TarFiles, saved: &Saved, plain: &[Digest]) -> anyhow::Result<Vec<(String, Descriptor)>> {
    ensure!(
        saved.layers.len() == plain.len(),
        "{}: {} layers, and {} in `{}`",
        broken(files),
        saved.layers.len(),
        plain.len(),
        saved.config
    );
    let one = |(path, digest): (&String, &Digest)| {
        let found = files.open_file(path);
        let (size, reader) =
            found.with_context(|| format!("`{}` has no `{path}`: save the image again", files.name))?;
        let mut head = Vec::new();
        reader.take(6).read_to_end(&mut head).with_context(|| format!("cannot read `{path}` in `{}`", files.name))?;
        let (media_type, digest) = match compression(&head) {
            Compression::None => (MEDIA_TYPE_LAYER, digest.clone()),
            Compression::Gzip => (MEDIA_TYPE_LAYER_GZIP, named(path)?),
            Compression::Zstd => (MEDIA_TYPE_LAYER_ZSTD, named(path)?),
            Compression::Xz => {
                bail!("`{path}` in `{}` is compressed with xz: expected gzip, zstd or nothing", files.name)
            }
        };
        Ok((path.clone(), Descriptor::new(media_type, digest, size)))
    };
    saved.layers.iter().zip(plain).map(one).collect()
}

/// The digest in `blobs/sha256/HEX`.
fn named(path: &str) -> anyhow::Result<Digest> {
    let digest = path.rsplit_once("blobs/").and_then(|(_, rest)| rest.replacen('/', ":", 1).parse().ok());
    digest.with_context(|| format!("`{path}` is compressed, and its name is no digest to check it by"))
}

fn contents(files: &TarFiles, layers: &[(String, Descriptor)]) -> anyhow::Result<Vec<LayerContent>> {
    let budget = Budget::default();
    let one = |(path, layer): &(String, Descriptor)| {
        let (_, reader) = files.open_file(path).with_context(|| format!("`{}` has no `{path}`", files.name))?;
        let read = read_layer_as(Reading::Records, reader, layer, &budget);
        read.with_context(|| format!("`{path}` in `{}`", files.name))
    };
    layers.iter().map(one).collect()
}
