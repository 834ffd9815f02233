//! The steps of publishing in our own registry, but for signing: blobs, manifests, tags.
//!
//! In: a built image. Out: its manifests by digest, read back; then its tags, and the [`Publication`] that remembers them. Until the
//! last step nothing is visible under a tag.

use std::collections::BTreeMap;
use std::path::Path;

use assemble::{BUILDER, fixed_tag, moving_tags};
use jiff::Timestamp;
use oci::{Descriptor, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Repository, Tag};
use plan::{Attested, Publication, PublishedPlatform};
use registry::{Store, StoreError};

use crate::image_build::{BuiltImage, BuiltPlatform};
use crate::{Failure, Whose};

fn policy(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(Whose::Policy, error)
}

/// Where an image is published.
pub(crate) fn repository(built: &BuiltImage) -> Result<Repository, Failure> {
    built.definition.repository().parse().map_err(|error: oci::NameError| policy(error))
}

/// Moves the tags; `published` is what they point to now.
pub(crate) fn tag(
    store: &Store,
    built: &BuiltImage,
    attested: Attested,
    published: Option<&Publication>,
    now: Timestamp,
) -> Result<Publication, Failure> {
    let repository = repository(built)?;
    let moving = moving_tags(&built.definition, &built.version).map_err(policy)?;
    let fixed = fixed(store, &repository, built, published, now)?;
    let tags: Vec<(Tag, Descriptor)> =
        moving.iter().chain([&fixed]).map(|tag| (tag.clone(), built.descriptor.clone())).collect();
    store.tag_all(&repository, &tags).map_err(policy)?;
    let names = Names { repository: &repository, moving: &moving, fixed: &fixed };
    Ok(publication(built, &names, attested, published, now))
}

/// The tag that never moves is given once: the same digest keeps the one it has, and another digest of the same
/// version and snapshot (the definition changed) gets a number behind it.
fn fixed(
    store: &Store,
    repository: &Repository,
    built: &BuiltImage,
    published: Option<&Publication>,
    now: Timestamp,
) -> Result<Tag, Failure> {
    let kept = published.filter(|it| it.index == built.descriptor.digest).and_then(|it| it.fixed_tag.parse().ok());
    if let Some(tag) = kept {
        return Ok(tag);
    }
    let time = built.lock.snapshot_time().unwrap_or(now);
    let first = fixed_tag(&built.definition, &built.version, time).map_err(policy)?;
    let mut tag = first.clone();
    for number in 2_u32.. {
        match store.resolve(repository, &tag).map_err(policy)? {
            Some(other) if other.digest != built.descriptor.digest => {}
            _ => break,
        }
        tag = format!("{first}-{number}").parse().map_err(|error: oci::NameError| policy(error))?;
    }
    Ok(tag)
}

/// Brings blobs, manifests and the index, and looks whether they are there.
pub(crate) fn push(store: &Store, repository: &Repository, built: &BuiltImage) -> Result<(), Failure> {
    let failed = |error: StoreError| policy(error);
    for platform in &built.platforms {
        for (layer, path) in &platform.layers {
            store.put_blob_from_path(repository, &layer.digest, path).map_err(|error| {
                discard_damaged(path, &error);
                failed(error)
            })?;
        }
        store.put_bytes(repository, &platform.image.config).map_err(failed)?;
    }
    for platform in &built.platforms {
        store.put_manifest(repository, &platform.image.manifest, MEDIA_TYPE_MANIFEST).map_err(failed)?;
    }
    store.put_manifest(repository, &built.index, MEDIA_TYPE_INDEX).map_err(failed)?;
    read_back(store, repository, built)
}

/// A layer of the cache that the disk damaged is thrown away, so that the next wave makes it again.
fn discard_damaged(path: &Path, error: &StoreError) {
    if matches!(error, StoreError::Wrong { .. }) {
        tracing::warn!(path = %path.display(), "a layer in the cache is damaged; it is thrown away and made again");
        let _ = std::fs::remove_file(path);
    }
}

/// Every manifest as it was sent, every blob in its full size.
fn read_back(store: &Store, repository: &Repository, built: &BuiltImage) -> Result<(), Failure> {
    let lost = |what: String| {
        Failure::new(Whose::Defect, format!("{what} of `{}` was written and is not there", built.lock.name))
    };
    let index = store.manifest(repository, &built.descriptor.digest).map_err(policy)?;
    index.filter(|stored| stored.bytes == built.index).ok_or_else(|| lost("the index".into()))?;
    for platform in &built.platforms {
        let stored = store.manifest(repository, &platform.image.descriptor.digest).map_err(policy)?;
        stored
            .filter(|stored| stored.bytes == platform.image.manifest)
            .ok_or_else(|| lost(format!("the manifest for {}", platform.platform)))?;
        for (layer, _) in &platform.layers {
            let size = store.blob_size(repository, &layer.digest).map_err(policy)?;
            size.filter(|size| *size == layer.size).ok_or_else(|| lost(format!("layer {}", layer.digest)))?;
        }
    }
    Ok(())
}

/// What an image is called.
struct Names<'n> {
    repository: &'n Repository,
    moving: &'n [Tag],
    fixed: &'n Tag,
}

fn publication(
    built: &BuiltImage,
    names: &Names<'_>,
    attested: Attested,
    published: Option<&Publication>,
    now: Timestamp,
) -> Publication {
    let unchanged = published.filter(|it| it.index == built.descriptor.digest);
    Publication {
        image: built.lock.name.clone(),
        repository: names.repository.to_string(),
        tags: names.moving.iter().map(ToString::to_string).collect(),
        fixed_tag: names.fixed.to_string(),
        version: built.version.clone(),
        index: built.descriptor.digest.clone(),
        platforms: built
            .platforms
            .iter()
            .map(|it| (it.platform.to_string(), published_platform(built, it)))
            .collect::<BTreeMap<_, _>>(),
        created: built.platforms.iter().map(|platform| platform.image.created).max().unwrap_or(now),
        published: unchanged.map_or(now, |it| it.published),
        builder: BUILDER.to_owned(),
        attested,
        lock: built.lock.clone(),
    }
}

fn published_platform(built: &BuiltImage, platform: &BuiltPlatform) -> PublishedPlatform {
    PublishedPlatform {
        manifest: platform.image.descriptor.digest.clone(),
        size: platform.image.size,
        packages: built.lock.platform(&platform.platform).map_or(0, |lock| lock.packages().count()),
    }
}
