//! Reads the packages of an image out of its layers: every platform, or those that are wanted.
//!
//! In: a place with blobs, and what a name there means. Out: a [`Target`] a platform. Only dpkg's records and `os-release` are kept in memory.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use blob::Digest;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_LAYER_ZSTD,
    Platform, is_config, is_index, is_manifest,
};
use registry::Named;
use scan::{PathList, ReportSubject};
use worker::blocking;

use crate::file_tree::FileTree;
use crate::layer_budget::Budget;
use crate::layer_files::{LayerContent, Reading, read_layer_as};
use crate::scan_blobs::{Blobs, Found};
use crate::scan_inventory;
use crate::scan_target::Target;

/// So many layers are read at a time.
const TOGETHER: usize = 4;
/// An index may name other indexes, but not without end.
const DEEPEST: u8 = 3;
/// What an index says of manifests that are no images: <https://docs.docker.com/build/metadata/attestations/attestation-storage/>.
const NO_PLATFORM: &str = "unknown";
/// Layers that may not be handed on: whoever wants them gets them from elsewhere.
const FOREIGN: [&str; 2] = ["nondistributable", "foreign"];

/// One platform's image.
#[derive(Debug, Clone)]
struct Image {
    digest: Digest,
    platform: Platform,
    layers: Vec<Descriptor>,
}

/// Every image behind a manifest or index that is wanted.
async fn images(blobs: &Blobs, found: Found, wanted: &[Platform]) -> anyhow::Result<Vec<Image>> {
    let digest = found.digest.clone();
    let mut images = Vec::new();
    collect(blobs, found, None, wanted, DEEPEST, &mut images).await?;
    if images.is_empty() && !wanted.is_empty() {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        bail!("`{digest}` has no image for {}: `--platform` must name one that it has", wanted.join(", "));
    }
    ensure!(!images.is_empty(), "`{digest}` names no image");
    Ok(images)
}

async fn collect(
    blobs: &Blobs,
    found: Found,
    platform: Option<Platform>,
    wanted: &[Platform],
    deepest: u8,
    images: &mut Vec<Image>,
) -> anyhow::Result<()> {
    if !is_index(&found.media_type) {
        let image = image(blobs, &found, platform).await?;
        if wanted.is_empty() || wanted.iter().any(|wanted| fits(wanted, &image.platform)) {
            images.push(image);
        }
        return Ok(());
    }
    ensure!(deepest > 0, "`{}` lies in an index in an index in an index: expected fewer", found.digest);
    let index = ImageIndex::parse(&found.bytes).with_context(|| format!("in `{}`", found.digest))?;
    for entry in index.manifests.iter().filter(|entry| is_manifest(&entry.media_type)) {
        let known = entry.platform.as_ref();
        let is_wanted = |platform: &Platform| wanted.is_empty() || wanted.iter().any(|wanted| fits(wanted, platform));
        if known.is_some_and(|platform| platform.os == NO_PLATFORM || !is_wanted(platform)) {
            continue;
        }
        let next = blobs.named(&Named::Digest(entry.digest.clone())).await?;
        Box::pin(collect(blobs, next, known.cloned(), wanted, deepest - 1, images)).await?;
    }
    Ok(())
}

/// Every arm64 is a v8, whether it is said or not; other variants count where they are wanted.
pub(crate) fn fits(wanted: &Platform, found: &Platform) -> bool {
    let variant = |platform: &Platform| match (platform.architecture.as_str(), platform.variant.as_deref()) {
        ("arm64", None) => Some("v8".to_owned()),
        (_, variant) => variant.map(str::to_owned),
    };
    let same = wanted.os == found.os && wanted.architecture == found.architecture;
    same && (wanted.variant.is_none() || variant(wanted) == variant(found))
}

async fn image(blobs: &Blobs, found: &Found, platform: Option<Platform>) -> anyhow::Result<Image> {
    let digest = found.digest.clone();
    let manifest = ImageManifest::parse(&found.bytes).with_context(|| format!("in `{digest}`"))?;
    let kind = manifest.config.media_type.as_str();
    ensure!(is_config(kind), "`{digest}` is no image: its configuration has the media type `{kind}`");
    let platform = if let Some(platform) = platform {
        platform
    } else {
        let bytes = blobs.document(&manifest.config).await?;
        ImageConfig::parse(&bytes).with_context(|| format!("in `{}`", manifest.config.digest))?.platform
    };
    Ok(Image { digest, platform, layers: manifest.layers })
}

/// Reads every image behind a manifest or index that is wanted. `name` is what reports call it.
pub(crate) async fn read_all(
    blobs: &Blobs,
    found: Found,
    wanted: &[Platform],
    name: &str,
) -> anyhow::Result<Vec<Target>> {
    let whole = found.digest.clone();
    let mut targets = Vec::new();
    for image in images(blobs, found, wanted).await? {
        targets.push(Target { whole: Some(whole.clone()), ..read(blobs, &image, name).await? });
    }
    Ok(targets)
}

/// Reads one image.
async fn read(blobs: &Blobs, image: &Image, name: &str) -> anyhow::Result<Target> {
    let budget = Arc::new(Budget::default());
    let (here, elsewhere): (Vec<_>, Vec<_>) = image.layers.iter().partition(|layer| !is_foreign(&layer.media_type));
    let work: Vec<_> = here.into_iter().map(|layer| layer_content(blobs, layer, Arc::clone(&budget))).collect();
    let layers: Vec<LayerContent> = stream::iter(work).buffered(TOGETHER).try_collect().await?;
    let target = blocking(move || of_layers(&layers)).await;
    let mut target = target.with_context(|| format!("`{name}` ({}) cannot be scanned", image.platform))?;
    for layer in elsewhere {
        let text = format!("is no part of what was read (`{}`): what is in it is not known", layer.media_type);
        target.missing(format!("layer {}", layer.digest), text);
    }
    target.subject = ReportSubject {
        name: name.to_owned(),
        digest: Some(image.digest.clone()),
        platform: Some(image.platform.to_string()),
    };
    Ok(target)
}

async fn layer_content(blobs: &Blobs, layer: &Descriptor, budget: Arc<Budget>) -> anyhow::Result<LayerContent> {
    let (reader, layer) = (blobs.open(layer).await?, plainly_named(layer));
    Ok(blocking(move || read_layer_as(Reading::Records, reader, &layer, &budget)).await?)
}

pub(crate) fn of_layers(layers: &[LayerContent]) -> anyhow::Result<Target> {
    let tree = FileTree::of(layers);
    let mut target = scan_inventory::of_root(&tree)?;
    target.paths = Some(PathList(tree.into_paths().map(|path| path.to_string()).collect()));
    Ok(target)
}

fn is_foreign(media_type: &str) -> bool {
    FOREIGN.iter().any(|word| media_type.contains(word))
}

/// Docker's other media types for the same three forms.
fn plainly_named(layer: &Descriptor) -> Descriptor {
    let media_type = match layer.media_type.as_str() {
        "application/vnd.docker.image.rootfs.diff.tar" => MEDIA_TYPE_LAYER,
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => MEDIA_TYPE_LAYER_GZIP,
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => MEDIA_TYPE_LAYER_ZSTD,
        other => other,
    };
    Descriptor { media_type: media_type.to_owned(), ..layer.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_without_a_variant_fits_every_variant() {
        for (wanted, found, expected) in [
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v7", "linux/arm/v5", false),
            ("linux/amd64", "linux/arm64", false),
        ] {
            assert_eq!(fits(&wanted.parse().unwrap(), &found.parse().unwrap()), expected, "{wanted} {found}");
        }
    }
}
