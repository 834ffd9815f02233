//! A place on this machine's disk: a repository of the store, or an image layout.
//!
//! In: what a place is asked, and what a copy writes to it. Out: the same from the store's own functions, where they may block.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use blob::{Digest, Verdict};
use oci::{Descriptor, Repository, Tag};

use crate::client::copy::CopyError;
use crate::store::{Condition, Push, files};
use crate::{Blobs, Named, Pushed, Store, StoreError, StoredManifest};

/// A repository on disk.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) store: Arc<Store>,
    pub(crate) repository: Repository,
    /// What it is called in messages.
    pub(crate) name: String,
}

impl Local {
    /// Runs what reads or writes files where it may block.
    pub(crate) async fn run<T: Send + 'static>(
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

    pub(crate) async fn manifest(&self, what: &Named) -> Result<Option<StoredManifest>, CopyError> {
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

    pub(crate) async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, CopyError> {
        let tag = tag.clone();
        self.run(move |store, repository| Ok(store.resolve(repository, &tag)?.map(|descriptor| descriptor.digest)))
            .await
    }

    pub(crate) async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, CopyError> {
        let subject = subject.clone();
        self.run(move |store, repository| store.referrers(repository, &subject)).await
    }

    pub(crate) async fn tags(&self) -> Result<Vec<Tag>, CopyError> {
        self.run(Store::tags).await
    }

    /// Where a blob is, if it is there in that size.
    pub(crate) async fn blob_path(&self, descriptor: &Descriptor) -> Result<Option<PathBuf>, CopyError> {
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        self.run(move |store, repository| {
            let found = store.blob_size(repository, &digest)? == Some(size);
            Ok(found.then(|| store.blob_path(repository, &digest)))
        })
        .await
    }

    /// The bytes of a blob, which have its digest and size.
    pub(crate) async fn blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, CopyError> {
        let mut verdict = Verdict::new(descriptor.digest.clone(), descriptor.size);
        let (file, size) = (self.open_blob(descriptor).await?, descriptor.size);
        let path = self.store.blob_path(&self.repository, &descriptor.digest);
        let checked = self.run(move |_, _| {
            let mut bytes = Vec::new();
            file.take(size + 1).read_to_end(&mut bytes).map_err(files::at(&path, "read"))?;
            Ok(verdict.update(&bytes).and_then(|()| verdict.finish()).map(|()| bytes))
        });
        let wrong = |reason| CopyError::BlobWrong { place: self.name.clone(), blob: descriptor.digest.clone(), reason };
        checked.await?.map_err(wrong)
    }

    /// The file of a blob, nothing of which was checked but its size.
    pub(crate) async fn open_blob(&self, descriptor: &Descriptor) -> Result<File, CopyError> {
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        let found = self.run(move |store, repository| store.open_blob(repository, &digest)).await?;
        let missing = || CopyError::BlobMissing { place: self.name.clone(), blob: descriptor.digest.clone() };
        Ok(found.filter(|blob| blob.size == size).ok_or_else(missing)?.file)
    }

    /// Uses what is there, or in another repository of the store. Nothing where the bytes are needed.
    pub(crate) async fn reuse(&self, descriptor: &Descriptor) -> Result<Option<Pushed>, CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| {
            let outcome = if store.has_blob(repository, &digest) { Pushed::Present } else { Pushed::Mounted };
            Ok(store.reuse(repository, &digest)?.then_some(outcome))
        })
        .await
    }

    /// Takes a file as a blob: every byte is checked.
    pub(crate) async fn put_file(&self, descriptor: &Descriptor, path: PathBuf) -> Result<(), CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| store.put_blob_from_path(repository, &digest, &path)).await
    }

    /// Takes bytes as a blob, by whatever algorithm they are named.
    pub(crate) async fn put_bytes(&self, descriptor: &Descriptor, bytes: Bytes) -> Result<(), CopyError> {
        let digest = descriptor.digest.clone();
        self.run(move |store, repository| {
            let _writing = store.writing()?;
            let mut file = files::temporary_in(&store.root)?;
            file.write_all(&bytes).map_err(files::at(file.path(), "written"))?;
            store.put_blob_from_path(repository, &digest, file.path())
        })
        .await
    }

    pub(crate) async fn put_manifest(&self, manifest: &StoredManifest) -> Result<(), CopyError> {
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

    pub(crate) async fn tag(&self, tags: Vec<(Tag, Descriptor)>) -> Result<(), CopyError> {
        self.run(move |store, repository| store.tag_all(repository, &tags)).await
    }
}
