//! Blobs as they arrive: in pieces, one after the other, into a file that gets its digest as a name when all came.
//!
//! In: a repository, bytes, and at the end the digest that they should have. Out: a blob, or nothing. An upload outlives the
//! process: it is found again by its number, and hashed again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;
use blob::{Algorithm, Digest, Hasher, VerifyError};
use oci::Repository;
use uuid::Uuid;

use super::files::{self, at, present};
use crate::{Store, StoreError, fault};

/// The folder of uploads; no repository can have this name.
pub(crate) const FOLDER: &str = ".uploads";

/// A blob that is not complete yet.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) id: Uuid,
    pub(crate) length: u64,
    path: PathBuf,
    hasher: Hasher,
    algorithm: Algorithm,
}

impl Upload {
    /// Puts bytes at the end: all of them or none.
    pub(crate) fn append(&mut self, pieces: &[Bytes]) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(at(&self.path, "continued"))?;
        if let Err(reason) = write_at_end(&file, self.length, pieces) {
            file.set_len(self.length).map_err(at(&self.path, "shortened"))?;
            return Err(at(&self.path, "written")(reason));
        }
        fault::point("upload appended");
        for piece in pieces {
            self.length += piece.len() as u64;
            self.hasher.update(piece);
        }
        Ok(())
    }

    /// Takes back what came after `length` bytes.
    pub(crate) fn shorten(&mut self, length: u64) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(at(&self.path, "shortened"))?;
        file.set_len(length).map_err(at(&self.path, "shortened"))?;
        self.hasher = hash(&self.path, self.algorithm)?;
        self.length = length;
        Ok(())
    }

    /// Forgets all that came.
    pub(crate) fn cancel(self) -> Result<(), StoreError> {
        present(fs::remove_file(&self.path)).map(drop).map_err(at(&self.path, "removed"))
    }

    /// Whether it still is on disk what it is here: another process may have gone on with it, ended it, or swept it.
    pub(crate) fn is_current(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| metadata.len() == self.length)
    }

    /// The digest of all that came, by the algorithm that is asked for.
    fn digest(&self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        let hasher = if algorithm == self.algorithm { self.hasher.clone() } else { hash(&self.path, algorithm)? };
        Ok(hasher.finish())
    }
}

fn write_at_end(mut file: &File, length: u64, pieces: &[Bytes]) -> io::Result<()> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(length))?;
    pieces.iter().try_for_each(|piece| file.write_all(piece))
}

fn hash(path: &Path, algorithm: Algorithm) -> Result<Hasher, StoreError> {
    let mut file = File::open(path).map_err(at(path, "read"))?;
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; files::READ_SIZE];
    loop {
        match io::Read::read(&mut file, &mut buffer).map_err(at(path, "read"))? {
            0 => return Ok(hasher),
            count => hasher.update(&buffer[..count]),
        }
    }
}

impl Store {
    /// Begins an upload of nothing.
    pub(crate) fn start_upload(&self, repository: &Repository, algorithm: Algorithm) -> Result<Upload, StoreError> {
        self.new_layout_path(repository)?;
        let id = Uuid::new_v4();
        let path = self.upload_path(repository, id);
        files::create_folder(files::folder_of(&path))?;
        File::create_new(&path).map_err(at(&path, "made"))?;
        fault::point("upload started");
        Ok(Upload { id, length: 0, path, hasher: Hasher::new(algorithm), algorithm })
    }

    /// Finds an upload that this process did not begin, or has forgotten.
    pub(crate) fn find_upload(&self, repository: &Repository, id: Uuid) -> Result<Option<Upload>, StoreError> {
        let path = self.upload_path(repository, id);
        let Some(metadata) = present(fs::metadata(&path)).map_err(at(&path, "read"))? else { return Ok(None) };
        let algorithm = Algorithm::Sha256;
        Ok(Some(Upload { id, length: metadata.len(), hasher: hash(&path, algorithm)?, path, algorithm }))
    }

    /// Makes the blob visible if it has the digest; the upload is over either way.
    pub(crate) fn finish_upload(
        &self,
        repository: &Repository,
        upload: Upload,
        digest: &Digest,
    ) -> Result<(), StoreError> {
        let got = upload.digest(digest.algorithm())?;
        if got != *digest {
            upload.cancel()?;
            let reason = VerifyError::WrongDigest { expected: digest.clone(), got };
            return Err(StoreError::Wrong { digest: digest.clone(), reason });
        }
        fault::point("upload checked");
        let _turn = self.turn(digest);
        if self.reuse(repository, digest)? { upload.cancel() } else { self.adopt(repository, &upload, digest) }
    }

    fn adopt(&self, repository: &Repository, upload: &Upload, digest: &Digest) -> Result<(), StoreError> {
        let file = File::open(&upload.path).map_err(at(&upload.path, "read"))?;
        // The last piece may have come long ago: the blob is young from here on.
        file.set_modified(SystemTime::now()).map_err(at(&upload.path, "dated"))?;
        file.sync_all().map_err(at(&upload.path, "synced"))?;
        fault::point("upload synced");
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        let target = self.place(repository, digest)?;
        fs::rename(&upload.path, &target).map_err(at(&target, "renamed to"))?;
        fault::point("upload renamed");
        self.remember(&file, digest, true);
        files::sync_folder(files::folder_of(&target))
    }

    /// The file's name says which repository the upload is for, whatever characters that has.
    fn upload_path(&self, repository: &Repository, id: Uuid) -> PathBuf {
        let owner = Digest::of(repository.as_str());
        self.root.join(FOLDER).join(format!("{}-{id}", owner.short()))
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn store() -> (TempDir, Store, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("registry")).unwrap();
        (folder, store, "team/python".parse().unwrap())
    }

    fn left_over(store: &Store) -> usize {
        fs::read_dir(store.root.join(FOLDER)).unwrap().count()
    }

    #[test]
    fn pieces_become_a_blob_also_after_the_process_ended_between_them() {
        let (_folder, store, repository) = store();
        let mut upload = store.start_upload(&repository, Algorithm::Sha512).unwrap();
        upload.append(&[Bytes::from("hel"), Bytes::from("lo")]).unwrap();
        let other = Store::open(&store.root).unwrap();
        assert!(other.find_upload(&"other".parse().unwrap(), upload.id).unwrap().is_none());
        let mut upload = other.find_upload(&repository, upload.id).unwrap().unwrap();
        upload.append(&[Bytes::from(" world, or not")]).unwrap();
        upload.shorten(11).unwrap();
        other.finish_upload(&repository, upload, &Digest::of("hello world")).unwrap();
        let blob = store.open_blob(&repository, &Digest::of("hello world")).unwrap().unwrap();
        assert_eq!((blob.size, left_over(&store)), (11, 0));
    }

    #[test]
    fn other_bytes_leave_nothing() {
        let (_folder, store, repository) = store();
        let mut upload = store.start_upload(&repository, Algorithm::Sha256).unwrap();
        upload.append(&[Bytes::from("hello")]).unwrap();
        let error = store.finish_upload(&repository, upload, &Digest::of("hellO")).unwrap_err();
        assert!(matches!(error, StoreError::Wrong { .. }), "{error}");
        assert!(
            !store.has_blob(&repository, &Digest::of("hellO")) && !store.has_blob(&repository, &Digest::of("hello"))
        );
        assert_eq!(left_over(&store), 0);
    }

    #[test]
    fn the_same_blob_is_one_file_however_often_and_wherever_it_comes() {
        use std::os::unix::fs::MetadataExt;
        let (_folder, store, one) = store();
        let two: Repository = "other".parse().unwrap();
        let digest = Digest::of("hello");
        let push = |repository: &Repository| {
            let mut upload = store.start_upload(repository, Algorithm::Sha256).unwrap();
            upload.append(&[Bytes::from("hello")]).unwrap();
            store.finish_upload(repository, upload, &digest).unwrap();
        };
        let inode = |repository: &Repository| fs::metadata(store.blob_path(repository, &digest)).unwrap().ino();
        push(&one);
        let first = inode(&one);
        push(&one);
        push(&two);
        assert_eq!([inode(&one), inode(&two)], [first, first]);
        fs::write(store.blob_path(&one, &digest), "hellO").unwrap();
        push(&two);
        assert_eq!(fs::read(store.blob_path(&two, &digest)).unwrap(), b"hello", "a damaged one is replaced");
    }
}
