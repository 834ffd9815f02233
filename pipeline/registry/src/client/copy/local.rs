//! One end of a copy on this machine's disk: a repository of the store, or an image layout.
//!
//! In: what a copy asks of either end. Out: the same from the store's own functions, where they may block.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use blob::Digest;
use oci::{Descriptor, Repository, Tag};

use super::CopyError;
use crate::store::{Condition, Push, files};
use crate::{Blobs, Named, Pushed, Store, StoreError, StoredManifest};

/// A repository on disk.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) store: Arc<Store>,
    pub(super) repository: Repository,
    /// What it is called in messages.
    pub(super) name: String,
}

impl Local {
    /// Runs what reads or writes files where it may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, &Repository) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CopyError> {
        let (store, repository, span) = (Arc::clone(&self.store), self.repository.clone(), tracing::Span::current());
        match tokio::task::spawn_blocking(move || span.in_scope(|| work(&store, &repository))).await {
            Ok(result) => Ok(result?),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => unreachable!("work on files is never cancelled: {error}"),
            },
        }
    }

    pub(super) async fn manifest(&self, what: &Named) -> Result<Option<StoredManifest>, CopyError> {
        let what = what.clone();
        self.run(move |store, repository| {
            let digest = match what {
                Named::Digest(digest) => digest,
                Named::Tag(tag) => match store.resolve(repository, &tag)? {
                    Some(descriptor) => descriptor.digest,
                    None => return Ok(None),
                },
            };
            store.manifest(repository, &digest)
        })
        .await
    }

    pub(super) async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, CopyError> {
        let tag = tag.clone();
        self.run(move |store, repository| Ok(store.resolve(repository, &tag)?.map(|descriptor| descriptor.digest)))
            .await
    }

    pub(super) async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, CopyError> {
        let subject = subject.clone();
        self.run(move |store, repository| store.referrers(repository, &subject)).await
    }

    pub(super) async fn tags(&self) -> Result<Vec<Tag>, CopyError> {
        self.run(Store::tags).await
    }

    /// Where a blob is, if it is there in that size.
    pub(super) async fn blob_path(&self, descriptor: &Descriptor) -> Result<Option<PathBuf>, CopyError> {
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        self.run(move |store, repository| {
            let found = store.blob_size(repository, &digest)? == Some(size);
            Ok(found.then(|| store.blob_path(repository, &digest)))
        })
        .await
    }

    /// Uses what is there, or in another repository of the store. Nothing where the bytes are needed.
    pub(super) async fn reuse(&self, descriptor: &Descriptor) -> Result<Option<Pushed>, CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| {
            let outcome = if store.has_blob(repository, &digest) { Pushed::Present } else { Pushed::Mounted };
            Ok(store.reuse(repository, &digest)?.then_some(outcome))
        })
        .await
    }

    /// Takes a file as a blob: every byte is checked.
    pub(super) async fn put_file(&self, descriptor: &Descriptor, path: PathBuf) -> Result<(), CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| store.put_blob_from_path(repository, &digest, &path)).await
    }

    /// Takes bytes as a blob, by whatever algorithm they are named.
    pub(super) async fn put_bytes(&self, descriptor: &Descriptor, bytes: Bytes) -> Result<(), CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| {
            let _writing = store.writing()?;
            let mut file = files::temporary_in(&store.root)?;
            file.write_all(&bytes).map_err(files::at(file.path(), "written"))?;
            store.put_blob_from_path(repository, &digest, file.path())
        })
        .await
    }

    pub(super) async fn put_manifest(&self, manifest: &StoredManifest) -> Result<(), CopyError> {
        let manifest = manifest.clone();
        self.run(move |store, repository| {
            let push = Push {
                bytes: &manifest.bytes,
                media_type: &manifest.descriptor.media_type,
                digest: Some(&manifest.descriptor.digest),
                tags: &[],
                condition: &Condition::None,
                blobs: Blobs::Required,
            };
            store.push_manifest(repository, push).map(drop)
        })
        .await
    }

    pub(super) async fn tag(&self, tags: Vec<(Tag, Descriptor)>) -> Result<(), CopyError> {
        self.run(move |store, repository| store.tag_all(repository, &tags)).await
    }
}
