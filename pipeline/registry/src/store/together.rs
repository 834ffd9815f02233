//! Blobs and manifests that become visible at one moment.
//!
//! In: a repository and a [`Batch`]. Out: `index.json` written once; a crash before that leaves what was there, and after it all is there.

use blob::Digest;
use oci::{LayoutIndex, MEDIA_TYPE_MANIFEST, Repository};

use super::write::{Blobs, Condition, Push, read};
use super::{Document, files};
use crate::{Batch, BatchManifest, BatchTag, Store, StoreError};

impl Store {
    /// Writes a batch. Nothing of it is listed where a tag that it moves no longer leads where the batch says.
    pub fn put_batch(&self, repository: &Repository, batch: &Batch) -> Result<(), StoreError> {
        let documents = batch.manifests.iter().map(|one| document(&one.bytes)).collect::<Result<Vec<_>, _>>()?;
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        let manifests = batch.manifests.iter().map(|one| &one.bytes);
        self.write_all(repository, batch.blobs.iter().chain(manifests).map(AsRef::as_ref))?;
        self.rewrite_index(repository, |index| {
            for (manifest, document) in batch.manifests.iter().zip(&documents) {
                self.require_all(repository, document, Blobs::Required)?;
                list(repository, index, manifest)?;
            }
            batch.removed.iter().for_each(|digest| index.forget(digest));
            Ok(())
        })?;
        for manifest in &batch.manifests {
            self.read_again(repository, &Digest::of(&manifest.bytes));
        }
        batch.removed.iter().try_for_each(|digest| self.remove_file(repository, digest).map(drop))
    }

    /// Writes many small files; their folder is synced once. The caller holds the lock.
    fn write_all<'b>(&self, repository: &Repository, all: impl Iterator<Item = &'b [u8]>) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for bytes in all {
            let digest = Digest::of(bytes);
            let path = self.place(repository, &digest)?;
            if std::fs::read(&path).is_ok_and(|found| found == bytes) {
                self.refresh(&path);
            } else {
                new.push((path, bytes));
            }
        }
        files::write_all(&new)
    }
}

fn document(bytes: &[u8]) -> Result<Document, StoreError> {
    let push = Push {
        bytes,
        media_type: MEDIA_TYPE_MANIFEST,
        digest: None,
        tags: &[],
        condition: &Condition::None,
        blobs: Blobs::Required,
    };
    read(push).map(|(_, document)| document)
}

fn list(repository: &Repository, index: &mut LayoutIndex, manifest: &BatchManifest) -> Result<(), StoreError> {
    let descriptor = oci::Descriptor::of(MEDIA_TYPE_MANIFEST, &manifest.bytes);
    if let Some(BatchTag { tag, former }) = &manifest.tag {
        let found = index.resolve(tag).map(|found| found.digest);
        if found.as_ref() != former.as_ref() && found.as_ref() != Some(&descriptor.digest) {
            return Err(StoreError::Moved { repository: repository.clone(), tag: tag.clone() });
        }
        index.add(&descriptor);
        index.set(tag, &descriptor);
    } else {
        index.add(&descriptor);
    }
    Ok(())
}
