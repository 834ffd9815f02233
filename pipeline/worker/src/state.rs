//! The state folder: everything that bedplate remembers on disk, used by one process at a time.
//!
//! In: a path. Out: the folder, locked, and the paths below it. Layout: `archive/` (what was observed), `debs/`,
//! `segments/` and `layers/` (caches, may be deleted at any time), `publications/`, `registry/` (what can be pulled).

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::DiskError;

/// An open state folder; the lock is given back when it is dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct State {
    root: PathBuf,
    _lock: File,
}

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be made or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Another process works in it.
    #[error("another bedplate works in the state folder `{}`: stop it, or choose another folder with --state", .0.display())]
    InUse(PathBuf),
}

impl State {
    /// Makes the folder where it is missing, and locks it.
    pub fn open(root: &Path) -> Result<Self, StateError> {
        fs::create_dir_all(root).map_err(|error| DiskError::new("make the folder", root, error))?;
        let path = root.join("lock");
        let failed = |error: io::Error| DiskError::new("lock", &path, error);
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::InUse(root.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error).into()),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the registry's layouts lie.
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_one_process_in_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let error = State::open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("another bedplate works in the state folder"), "{error}");
        drop(state);
        State::open(folder.path()).unwrap();
    }

    #[test]
    fn names_the_path_that_cannot_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let error = State::open(&file.join("state")).unwrap_err().to_string();
        assert!(error.contains("file/state`"), "{error}");
    }
}
