//! Blobs and manifests that become visible at one moment.
//!
//! In: a repository and a [`Batch`]. Out: `index.json` written once; a crash before that leaves what was there, and after it all is there.

use blob::Digest;
use oci::{Descriptor, LayoutIndex, MEDIA_TYPE_MANIFEST, Repository};

use super::write::Blobs;
use super::{Document, files};
use crate::{Batch, BatchManifest, BatchTag, Store, StoreError};

impl Store {
    /// Writes a batch. Nothing of it is listed where a tag that it moves no longer leads where the batch says.
    pub fn put_batch(&self, repository: &Repository, batch: &Batch) -> Result<(), StoreError> {
        let read = batch.manifests.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        let manifests = batch.manifests.iter().map(|one| &one.bytes);
        self.write_all(repository, batch.blobs.iter().chain(manifests).map(AsRef::as_ref))?;
        self.rewrite_index(repository, |index| {
            for (manifest, (descriptor, document)) in batch.manifests.iter().zip(&read) {
                self.require_all(repository, document, Blobs::Required)?;
                index.add(descriptor);
                manifest.tag.iter().try_for_each(|moved| move_tag(repository, index, moved, descriptor))?;
            }
            batch.removed.iter().for_each(|digest| index.forget(digest));
            Ok(())
        })?;
        for (descriptor, _) in &read {
            self.read_again(repository, &descriptor.digest);
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

fn read(manifest: &BatchManifest) -> Result<(Descriptor, Document), StoreError> {
    let descriptor = Descriptor::of(MEDIA_TYPE_MANIFEST, &manifest.bytes);
    let place = || descriptor.digest.to_string();
    let document = Document::parse(MEDIA_TYPE_MANIFEST, &manifest.bytes)
        .map_err(|reason| StoreError::Document { place: place(), reason })?;
    Ok((descriptor, document))
}

fn move_tag(
    repository: &Repository,
    index: &mut LayoutIndex,
    BatchTag { tag, former }: &BatchTag,
    descriptor: &Descriptor,
) -> Result<(), StoreError> {
    let found = index.resolve(tag).map(|found| found.digest);
    if found != *former && found.as_ref() != Some(&descriptor.digest) {
        return Err(StoreError::Moved { repository: repository.clone(), tag: tag.clone() });
    }
    index.set(tag, descriptor);
    Ok(())
}
