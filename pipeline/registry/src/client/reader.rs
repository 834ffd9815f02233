//! Reads a place where images are: a registry, an image layout, the store.
//!
//! In: a [`Place`]. Out: manifests, referrers, tags and blobs, checked against their digests, in the same way wherever they are.

mod local;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use blob::Digest;
use oci::{Descriptor, Repository, Tag};

use super::copy::CopyError;
use super::error::During;
use super::{ClientFault, Named, Remote};
use crate::{Store, StoredManifest};
pub(crate) use local::Local;

/// How many things are done at a time where no registry's settings say it.
const PARALLEL_ON_DISK: usize = 4;

/// Where images are.
#[derive(Debug, Clone)]
pub enum Place {
    /// A repository of a registry.
    Remote(Remote),
    /// A folder that is an image layout. As a target it is made where it is not there.
    Layout(PathBuf),
    /// A repository of the store.
    Store(Arc<Store>, Repository),
}

/// Reads one place. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) end: End,
}

/// What is behind a place.
#[derive(Debug, Clone)]
pub(super) enum End {
    Remote(Remote),
    Local(Local),
}

impl Reader {
    /// A place to read from: a layout must be there, a registry is not asked yet.
    pub async fn open(place: &Place) -> Result<Self, CopyError> {
        match place {
            Place::Layout(path) => {
                let end = layout(Store::look_at_layout(path), path);
                let path = path.clone();
                let exists = end.run(|store, repository| Ok(store.exists(repository))).await?;
                if exists { Ok(Self { end: End::Local(end) }) } else { Err(CopyError::NoLayout { path }) }
            }
            other => Ok(Self::of(other)),
        }
    }

    /// A place to write to; a layout is made, but not for a dry run.
    pub(super) async fn of_target(place: &Place, dry_run: bool) -> Result<Self, CopyError> {
        match place {
            Place::Layout(path) if !dry_run => {
                let end = layout(Store::look_at_layout(path), path);
                let folder = path.clone();
                let store = end.run(move |_, _| Store::open_layout(folder)).await?;
                Ok(Self { end: End::Local(layout(store, path)) })
            }
            other => Ok(Self::of(other)),
        }
    }

    fn of(place: &Place) -> Self {
        let end = match place {
            Place::Remote(remote) => End::Remote(remote.clone()),
            Place::Layout(path) => End::Local(layout(Store::look_at_layout(path), path)),
            Place::Store(store, repository) => End::Local(Local {
                store: Arc::clone(store),
                repository: repository.clone(),
                name: repository.to_string(),
            }),
        };
        Self { end }
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        match &self.end {
            End::Remote(remote) => remote.to_string(),
            End::Local(local) => local.name.clone(),
        }
    }

    /// How many things are done at a time.
    pub fn parallel(&self) -> usize {
        match &self.end {
            End::Remote(remote) => remote.registry.shared.settings.parallel.max(1),
            End::Local(_) => PARALLEL_ON_DISK,
        }
    }

    /// What a tag or digest names: at most 4 MiB, and the bytes have the digest. `None` where it is not there.
    pub async fn manifest(&self, named: &Named) -> Result<Option<StoredManifest>, CopyError> {
        match &self.end {
            End::Remote(remote) => Ok(Box::pin(remote.manifest(named)).await?),
            End::Local(local) => local.manifest(named).await,
        }
    }

    /// Whether the manifest is there.
    pub(super) async fn has_manifest(&self, digest: &Digest) -> Result<bool, CopyError> {
        match &self.end {
            End::Remote(remote) => Ok(Box::pin(remote.head(&Named::Digest(digest.clone()))).await?.is_some()),
            End::Local(local) => Ok(local.manifest(&Named::Digest(digest.clone())).await?.is_some()),
        }
    }

    /// What a tag points to.
    pub async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, CopyError> {
        match &self.end {
            End::Remote(remote) => {
                Ok(Box::pin(remote.head(&Named::Tag(tag.clone()))).await?.map(|descriptor| descriptor.digest))
            }
            End::Local(local) => local.resolve(tag).await,
        }
    }

    /// What speaks about a digest: by the registry's own list, by the fallback tag where it keeps none, by what is in the layout. Types and
    /// annotations may be missing or wrong.
    pub async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, CopyError> {
        match &self.end {
            End::Remote(remote) => Ok(Box::pin(remote.referrers(subject)).await?),
            End::Local(local) => local.referrers(subject).await,
        }
    }

    /// All tags; nothing where the registry does not list them.
    pub async fn tags(&self) -> Result<Option<Vec<Tag>>, CopyError> {
        match &self.end {
            End::Remote(remote) => match remote.tags().await {
                Ok(tags) => Ok(Some(tags)),
                Err(error) if error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 403 | 405 | 501)) => {
                    Ok(None)
                }
                Err(error) => Err(error.into()),
            },
            End::Local(local) => local.tags().await.map(Some),
        }
    }

    /// The bytes of a small blob: at most `largest`, and they have the digest.
    pub async fn blob(&self, descriptor: &Descriptor, largest: u64) -> Result<Vec<u8>, CopyError> {
        let (blob, size) = (descriptor.digest.clone(), descriptor.size);
        if size > largest {
            return Err(CopyError::BlobTooLarge { place: self.name(), blob, size, largest });
        }
        if let Some(bytes) = embedded(descriptor) {
            return Ok(bytes);
        }
        match &self.end {
            End::Remote(remote) => {
                let mut bytes = Vec::new();
                Box::pin(remote.pull_blob(descriptor, &mut bytes, &|_| ())).await?;
                Ok(bytes)
            }
            End::Local(local) => local.blob(descriptor).await,
        }
    }

    /// A blob of any size as a file, at its beginning: that of a registry comes into a temporary file and was checked on its way, that on
    /// disk is the stored file itself. Whoever reads it checks what is read.
    pub async fn open_blob(&self, descriptor: &Descriptor) -> Result<File, CopyError> {
        match &self.end {
            End::Remote(remote) => Box::pin(download(remote, descriptor)).await,
            End::Local(local) => local.open_blob(descriptor).await,
        }
    }
}

async fn download(remote: &Remote, descriptor: &Descriptor) -> Result<File, CopyError> {
    let operation = || format!("keep the blob `{}`", descriptor.digest);
    let fault = |reason| ClientFault::Local { what: "a temporary file".to_owned(), action: "written", reason };
    let file = tempfile::tempfile().map_err(fault).during(operation)?;
    let mut writer = tokio::fs::File::from_std(file.try_clone().map_err(fault).during(operation)?);
    remote.pull_blob(descriptor, &mut writer, &|_| ()).await?;
    let mut file = file;
    std::io::Seek::rewind(&mut file).map_err(fault).during(operation)?;
    Ok(file)
}

/// The bytes that a descriptor holds itself, if it holds the right ones.
pub(super) fn embedded(blob: &Descriptor) -> Option<Vec<u8>> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(blob.data.as_deref()?).ok()?;
    (Digest::by(blob.digest.algorithm(), &bytes) == blob.digest).then_some(bytes)
}

fn layout(store: Store, path: &Path) -> Local {
    Local { store: Arc::new(store), repository: any_name(), name: path.display().to_string() }
}

/// A layout has no name: every one serves.
fn any_name() -> Repository {
    "layout".parse().unwrap_or_else(|_| unreachable!("a constant"))
}
