//! Makes a built image reachable by tag in our own registry: blobs, then manifests by digest, then tags.
//!
//! In: a built image. Out: its [`Publication`]. Stopped after any step it can be run again and ends the same: until
//! the last step nothing is visible under a tag. What was written is read back before a tag moves.

use std::collections::BTreeMap;
use std::path::Path;

use assemble::{BUILDER, fixed_tag, moving_tags};
use jiff::Timestamp;
use oci::{Descriptor, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Repository, Tag};
use plan::{Publication, PublishedPlatform};
use registry::{Store, StoreError};

use crate::image_build::{BuiltImage, BuiltPlatform};
use crate::{Failure, Whose};

/// Publishes an image; `published` is what its tags point to now.
pub fn publish(
    store: &Store,
    built: &BuiltImage,
    published: Option<&Publication>,
    now: Timestamp,
) -> Result<Publication, Failure> {
    let policy = |error: Box<dyn std::error::Error + Send + Sync>| Failure::new(Whose::Policy, error);
    let repository: Repository =
        built.definition.repository().parse().map_err(|error: oci::NameError| policy(error.into()))?;
    let moving = moving_tags(&built.definition, &built.version).map_err(|error| policy(error.into()))?;
    let fixed = fixed(store, &repository, built, published, now)?;
    push(store, &repository, built)?;
    let tags: Vec<(Tag, Descriptor)> =
        moving.iter().chain([&fixed]).map(|tag| (tag.clone(), built.descriptor.clone())).collect();
    store.tag_all(&repository, &tags).map_err(|error| policy(error.into()))?;
    Ok(publication(built, &repository, &moving, &fixed, published, now))
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
    let policy = |error: Box<dyn std::error::Error + Send + Sync>| Failure::new(Whose::Policy, error);
    let kept = published.filter(|it| it.index == built.descriptor.digest).and_then(|it| it.fixed_tag.parse().ok());
    if let Some(tag) = kept {
        return Ok(tag);
    }
    let time = built.lock.snapshot_time().unwrap_or(now);
    let first = fixed_tag(&built.definition, &built.version, time).map_err(|error| policy(error.into()))?;
    let mut tag = first.clone();
    for number in 2_u32.. {
        match store.resolve(repository, &tag).map_err(|error| policy(error.into()))? {
            Some(other) if other.digest != built.descriptor.digest => {}
            _ => break,
        }
        tag = format!("{first}-{number}").parse().map_err(|error: oci::NameError| policy(error.into()))?;
    }
    Ok(tag)
}

fn push(store: &Store, repository: &Repository, built: &BuiltImage) -> Result<(), Failure> {
    let failed = |error| Failure::new(Whose::Policy, error);
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
    let failed = |error| Failure::new(Whose::Policy, error);
    let lost = |what: String| {
        Failure::new(Whose::Defect, format!("{what} of `{}` was written and is not there", built.lock.name))
    };
    let index = store.manifest(repository, &built.descriptor.digest).map_err(failed)?;
    index.filter(|stored| stored.bytes == built.index).ok_or_else(|| lost("the index".into()))?;
    for platform in &built.platforms {
        let stored = store.manifest(repository, &platform.image.descriptor.digest).map_err(failed)?;
        stored
            .filter(|stored| stored.bytes == platform.image.manifest)
            .ok_or_else(|| lost(format!("the manifest for {}", platform.platform)))?;
        for (layer, _) in &platform.layers {
            let size = store.blob_size(repository, &layer.digest).map_err(failed)?;
            size.filter(|size| *size == layer.size).ok_or_else(|| lost(format!("layer {}", layer.digest)))?;
        }
    }
    Ok(())
}

fn publication(
    built: &BuiltImage,
    repository: &Repository,
    moving: &[Tag],
    fixed: &Tag,
    published: Option<&Publication>,
    now: Timestamp,
) -> Publication {
    let unchanged = published.filter(|it| it.index == built.descriptor.digest);
    Publication {
        image: built.lock.name.clone(),
        repository: repository.to_string(),
        tags: moving.iter().map(ToString::to_string).collect(),
        fixed_tag: fixed.to_string(),
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
