//! The store as it is written: blobs first, then manifests, tags last.
//!
//! In: bytes, files, descriptors and tags. Out: an image layout in which everything visible is whole, whoever else writes at the same time.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use blob::Digest;
use oci::{
    BLOBS_FOLDER, Descriptor, INDEX_FILE, LAYOUT_FILE, LayoutIndex, ManifestDocument, Repository, Tag, layout_file,
};

use crate::Store;
use crate::files::{self, Existing, StoreError, at};
use crate::store::read_index;

impl Store {
    /// Puts a file under a digest: by a hard link, or by a copy where the file is on another file system. Every byte is checked.
    /// The file must not be changed afterwards: it may be the same one. Nothing is done where a blob of that size is there already.
    pub fn put_blob_from_path(&self, repository: &Repository, digest: &Digest, path: &Path) -> Result<(), StoreError> {
        let _writing = self.writing()?;
        let size = fs::metadata(path).map_err(at(path, "read"))?.len();
        if self.blob_size(repository, digest)? == Some(size) {
            return Ok(());
        }
        let target = self.place(repository, digest)?;
        files::link_or_copy(path, &target, digest)
    }

    /// Puts bytes, and says under which digest.
    pub fn put_bytes(&self, repository: &Repository, bytes: &[u8]) -> Result<Digest, StoreError> {
        let _writing = self.writing()?;
        let digest = Digest::of(bytes);
        if self.blob_size(repository, &digest)? != Some(bytes.len() as u64) {
            files::write(&self.place(repository, &digest)?, bytes, Existing::Replace)?;
        }
        Ok(digest)
    }

    /// Puts a manifest or an index, and lists it in `index.json` without a tag. An image's configuration and layers must be there.
    pub fn put_manifest(
        &self,
        repository: &Repository,
        bytes: &[u8],
        media_type: &str,
    ) -> Result<Descriptor, StoreError> {
        let descriptor = Descriptor::of(media_type, bytes);
        let document = ManifestDocument::parse(media_type, bytes)
            .map_err(|reason| StoreError::Document { place: descriptor.digest.to_string(), reason })?;
        document.blobs().filter(|blob| blob.urls.is_empty()).try_for_each(|blob| self.require(repository, blob))?;
        self.put_bytes(repository, bytes)?;
        self.change_index(repository, |index| index.add(&descriptor))?;
        Ok(descriptor)
    }

    /// Makes a tag point to a manifest that is there.
    pub fn tag(&self, repository: &Repository, tag: &Tag, descriptor: &Descriptor) -> Result<(), StoreError> {
        self.tag_all(repository, &[(tag.clone(), descriptor.clone())])
    }

    /// Moves several tags at once: whoever looks sees all of them moved, or none.
    pub fn tag_all(&self, repository: &Repository, tags: &[(Tag, Descriptor)]) -> Result<(), StoreError> {
        tags.iter().try_for_each(|(_, descriptor)| self.require(repository, descriptor))?;
        self.change_index(repository, |index| tags.iter().for_each(|(tag, descriptor)| index.set(tag, descriptor)))
    }

    fn require(&self, repository: &Repository, descriptor: &Descriptor) -> Result<(), StoreError> {
        if self.blob_size(repository, &descriptor.digest)? == Some(descriptor.size) {
            return Ok(());
        }
        let (repository, digest) = (repository.clone(), descriptor.digest.clone());
        Err(StoreError::Missing { repository, digest, size: descriptor.size })
    }

    /// Where a blob goes; its folder is made.
    fn place(&self, repository: &Repository, digest: &Digest) -> Result<PathBuf, StoreError> {
        self.create(repository)?;
        let path = self.blob_path(repository, digest);
        path.parent().map_or(Ok(()), files::create_folder)?;
        Ok(path)
    }

    /// Makes an empty image layout where there is none; `oci-layout` first, because it is what writers lock.
    fn create(&self, repository: &Repository) -> Result<(), StoreError> {
        if self.exists(repository) {
            return Ok(());
        }
        let folder = self.layout_path(repository);
        files::create_folder(&folder.join(BLOBS_FOLDER))?;
        files::write(&folder.join(LAYOUT_FILE), &layout_file(), Existing::Keep)?;
        files::write(&folder.join(INDEX_FILE), &LayoutIndex::default().to_bytes(), Existing::Keep)
    }

    /// Reads `index.json`, changes it and writes it; no other writer comes between.
    fn change_index(&self, repository: &Repository, change: impl FnOnce(&mut LayoutIndex)) -> Result<(), StoreError> {
        let _writing = self.writing()?;
        self.create(repository)?;
        let folder = self.layout_path(repository);
        let lock_path = folder.join(LAYOUT_FILE);
        let lock = File::open(&lock_path).map_err(at(&lock_path, "locked"))?;
        lock.lock().map_err(at(&lock_path, "locked"))?;
        let path = folder.join(INDEX_FILE);
        let mut index = read_index(&path)?.map(|(_, index)| index).unwrap_or_default();
        let before = index.to_bytes();
        change(&mut index);
        let after = index.to_bytes();
        if after == before { Ok(()) } else { files::write(&path, &after, Existing::Replace) }
    }

    /// Held while something is written, so that nobody takes a temporary file in use for one that a crash left.
    fn writing(&self) -> Result<File, StoreError> {
        let root = File::open(&self.root).map_err(at(&self.root, "locked"))?;
        root.lock_shared().map_err(at(&self.root, "locked"))?;
        Ok(root)
    }

    /// Removes temporary files, unless somebody is writing just now: then they may be in use, and the next opening does it.
    pub(crate) fn sweep(&self) -> Result<(), StoreError> {
        let root = File::open(&self.root).map_err(at(&self.root, "locked"))?;
        match root.try_lock() {
            Ok(()) => files::sweep(&self.root),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(reason)) => Err(at(&self.root, "locked")(reason)),
        }
    }
}
