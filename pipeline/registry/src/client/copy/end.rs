//! Either end of a copy: what both kinds can be asked.
//!
//! In: a [`Place`]. Out: manifests, referrers and tags, whether they are in a registry or on disk.

use std::path::Path;
use std::sync::Arc;

use blob::Digest;
use oci::{Descriptor, Repository, Tag};

use super::local::Local;
use super::{CopyError, Place};
use crate::{Named, Remote, Store, StoredManifest};

/// How many things are done at a time where no registry's settings say it.
const PARALLEL_ON_DISK: usize = 4;

/// A source or a target.
#[derive(Debug, Clone)]
pub(super) enum End {
    Remote(Remote),
    Local(Local),
}

impl End {
    /// A place to read from: it must be there.
    pub(super) async fn source(place: &Place) -> Result<Self, CopyError> {
        match place {
            Place::Layout(path) => {
                let end = layout(Store::look_at_layout(path), path);
                let path = path.clone();
                let exists = end.run(|store, repository| Ok(store.exists(repository))).await?;
                if exists { Ok(Self::Local(end)) } else { Err(CopyError::NoLayout { path }) }
            }
            other => Ok(Self::of(other)),
        }
    }

    /// A place to write to; a layout is made, but not for a dry run.
    pub(super) async fn target(place: &Place, dry_run: bool) -> Result<Self, CopyError> {
        match place {
            Place::Layout(path) if !dry_run => {
                let end = layout(Store::look_at_layout(path), path);
                let folder = path.clone();
                let store = end.run(move |_, _| Store::open_layout(folder)).await?;
                Ok(Self::Local(layout(store, path)))
            }
            other => Ok(Self::of(other)),
        }
    }

    fn of(place: &Place) -> Self {
        match place {
            Place::Remote(remote) => Self::Remote(remote.clone()),
            Place::Layout(path) => Self::Local(layout(Store::look_at_layout(path), path)),
            Place::Store(store, repository) => Self::Local(Local {
                store: Arc::clone(store),
                repository: repository.clone(),
                name: repository.to_string(),
            }),
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Remote(remote) => remote.to_string(),
            Self::Local(local) => local.name.clone(),
        }
    }

    /// How many things are done at a time.
    pub(super) fn parallel(&self) -> usize {
        match self {
            Self::Remote(remote) => remote.registry.shared.settings.parallel.max(1),
            Self::Local(_) => PARALLEL_ON_DISK,
        }
    }

    pub(super) async fn manifest(&self, what: &Named) -> Result<Option<StoredManifest>, CopyError> {
        match self {
            Self::Remote(remote) => Ok(Box::pin(remote.manifest(what)).await?),
            Self::Local(local) => local.manifest(what).await,
        }
    }

    /// Whether the manifest is there.
    pub(super) async fn has_manifest(&self, digest: &Digest) -> Result<bool, CopyError> {
        match self {
            Self::Remote(remote) => Ok(Box::pin(remote.head(&Named::Digest(digest.clone()))).await?.is_some()),
            Self::Local(local) => Ok(local.manifest(&Named::Digest(digest.clone())).await?.is_some()),
        }
    }

    /// What a tag points to.
    pub(super) async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, CopyError> {
        match self {
            Self::Remote(remote) => {
                Ok(Box::pin(remote.head(&Named::Tag(tag.clone()))).await?.map(|descriptor| descriptor.digest))
            }
            Self::Local(local) => local.resolve(tag).await,
        }
    }

    pub(super) async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, CopyError> {
        match self {
            Self::Remote(remote) => Ok(Box::pin(remote.referrers(subject)).await?),
            Self::Local(local) => local.referrers(subject).await,
        }
    }

    /// All tags; nothing where the registry does not list them.
    pub(super) async fn tags(&self) -> Result<Option<Vec<Tag>>, CopyError> {
        match self {
            Self::Remote(remote) => match remote.tags().await {
                Ok(tags) => Ok(Some(tags)),
                Err(error) if error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 403 | 405 | 501)) => {
                    Ok(None)
                }
                Err(error) => Err(error.into()),
            },
            Self::Local(local) => local.tags().await.map(Some),
        }
    }
}

fn layout(store: Store, path: &Path) -> Local {
    Local { store: Arc::new(store), repository: any_name(), name: path.display().to_string() }
}

/// A layout has no name: every one serves.
fn any_name() -> Repository {
    "layout".parse().unwrap_or_else(|_| unreachable!("a constant"))
}
