//! Blobs as they are read: opened, and looked at byte by byte where nobody has done so yet.
//!
//! In: a repository and a digest. Out: an open file of the right size, that is known to be whole or still to be checked.

use std::fs::{self, File, Metadata};
use std::path::Path;
use std::time::SystemTime;

use blob::Digest;
use oci::Repository;

use super::files::{self, at, present};
use super::{Size, Soundness};
use crate::{Store, StoreError};

/// A blob, opened.
#[derive(Debug)]
pub struct StoredBlob {
    /// The file, at its start.
    pub file: File,
    /// How many bytes it has.
    pub size: u64,
    /// Whether every byte was hashed since the file was last written to. Where not, whoever sends it has to hash it.
    pub is_checked: bool,
}

impl Store {
    /// Whether the blob is there, of whatever size.
    pub fn has_blob(&self, repository: &Repository, digest: &Digest) -> bool {
        self.blob_path(repository, digest).is_file()
    }

    /// How large the blob is, if it is there.
    pub fn blob_size(&self, repository: &Repository, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let path = self.blob_path(repository, digest);
        let metadata = present(fs::metadata(&path)).map_err(at(&path, "read"))?;
        Ok(metadata.filter(Metadata::is_file).map(|metadata| metadata.len()))
    }

    /// Opens a blob. `None` where it is not there, has another size than the manifests say, or was found to be damaged.
    pub fn open_blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<StoredBlob>, StoreError> {
        let path = self.blob_path(repository, digest);
        let Some(file) = present(File::open(&path)).map_err(at(&path, "read"))? else { return Ok(None) };
        let metadata = file.metadata().map_err(at(&path, "read"))?;
        let soundness = self.soundnesses.of(&metadata);
        let is_fit = metadata.is_file()
            && match soundness {
                Soundness::Whole => true,
                Soundness::Damaged => false,
                Soundness::Unknown => self.has_right_size(repository, digest, &metadata, &path)?,
            };
        let is_checked = soundness == Soundness::Whole;
        Ok(is_fit.then(|| StoredBlob { file, size: metadata.len(), is_checked }))
    }

    fn has_right_size(
        &self,
        repository: &Repository,
        digest: &Digest,
        metadata: &Metadata,
        path: &Path,
    ) -> Result<bool, StoreError> {
        let Some(view) = self.view(repository)? else { return Ok(false) };
        let size = metadata.len();
        if let Size::Expected(expected) = self.contents(repository, &view).judge(digest, size) {
            tracing::error!(path = %path.display(), size, expected, "a blob has the wrong size and is not served");
            return Ok(false);
        }
        Ok(true)
    }

    /// Says what hashing a blob's file found.
    pub(crate) fn remember(&self, file: &File, digest: &Digest, is_whole: bool) {
        if !is_whole {
            tracing::error!(%digest, "a blob is damaged and is not served: push it again, or run `bedplate doctor --deep`");
        }
        if let Ok(metadata) = file.metadata() {
            self.soundnesses.remember(&metadata, if is_whole { Soundness::Whole } else { Soundness::Damaged });
        }
    }

    /// Whether a file has the bytes of a digest: from memory, or by hashing it. `false` also where it is not there.
    pub(crate) fn is_whole(&self, path: &Path, digest: &Digest) -> Result<bool, StoreError> {
        let Some(file) = present(File::open(path)).map_err(at(path, "read"))? else { return Ok(false) };
        let metadata = file.metadata().map_err(at(path, "read"))?;
        if !metadata.is_file() {
            return Ok(false);
        }
        match self.soundnesses.of(&metadata) {
            Soundness::Whole => return Ok(true),
            Soundness::Damaged => return Ok(false),
            Soundness::Unknown => {}
        }
        let is_whole = match files::verify(&file, path, digest) {
            Ok(()) => true,
            Err(StoreError::Wrong { .. }) => false,
            Err(error) => return Err(error),
        };
        self.remember(&file, digest, is_whole);
        Ok(is_whole)
    }

    /// Checks an opened blob, so that parts of it can be sent.
    pub(crate) fn check(&self, blob: &StoredBlob, path: &Path, digest: &Digest) -> Result<bool, StoreError> {
        if blob.is_checked { Ok(true) } else { self.is_whole(path, digest) }
    }

    /// Where the same blob is in another repository that is allowed, whole.
    pub(crate) fn find_elsewhere(
        &self,
        digest: &Digest,
        is_allowed: impl Fn(&Repository) -> bool,
    ) -> Result<Option<Repository>, StoreError> {
        for repository in self.folders()? {
            if self.has_blob(&repository, digest)
                && is_allowed(&repository)
                && self.is_whole(&self.blob_path(&repository, digest), digest)?
            {
                return Ok(Some(repository));
            }
        }
        Ok(None)
    }

    /// Tells collection that somebody relies on a blob which no manifest may name yet. `false` where it is gone.
    pub(crate) fn promise(&self, repository: &Repository, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.blob_path(repository, digest);
        if files::is_old(&path) {
            let _lock = self.lock_index(repository)?;
            self.refresh(&path);
        }
        Ok(self.has_blob(repository, digest))
    }

    /// Makes a file young again. What cannot be made young, on a disk that is only read, cannot be collected either.
    pub(crate) fn refresh(&self, path: &Path) {
        let Ok(before) = fs::metadata(path) else { return };
        let touched =
            File::open(path).and_then(|file| file.set_modified(SystemTime::now()).and_then(|()| file.metadata()));
        match touched {
            Ok(after) => self.soundnesses.remember(&after, self.soundnesses.of(&before)),
            Err(reason) => tracing::debug!(path = %path.display(), "a file's time cannot be set: {reason}"),
        }
    }
}
