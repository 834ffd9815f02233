//! Keys that are read again when a file of them changes, so that a page shows a new key at once and costs next to nothing.
//!
//! In: settings and state folder. Out: the keys that count at the moment of asking.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::keys::{KeyFolder, KeyRole, KeysError, KnownKeys, SigningSettings};
use crate::{DiskError, list};

/// What tells a file from what it was: its path, when it was written, its size, and which file it is.
type Stamp = Vec<(PathBuf, i64, i64, u64, u64)>;

/// The keys of a state folder and its settings.
#[derive(Debug)]
pub struct WatchedKeys {
    settings: SigningSettings,
    state: PathBuf,
    last: Mutex<Option<(Stamp, KnownKeys)>>,
}

impl WatchedKeys {
    /// Nothing is read yet.
    pub fn new(settings: &SigningSettings, state: &Path) -> Self {
        Self { settings: settings.clone(), state: state.to_owned(), last: Mutex::new(None) }
    }

    /// The keys, as the files have them. Reads files, and opens an encrypted key only where no `.pub` lies beside it.
    pub fn get(&self) -> Result<KnownKeys, KeysError> {
        // Held while files are read: whoever asks at the same time need not open an encrypted key again.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.stamp()?;
        if let Some((known_stamp, keys)) = last.as_ref()
            && *known_stamp == stamp
        {
            return Ok(keys.clone());
        }
        *last = None;
        let keys = KnownKeys::read(&self.settings, &self.state)?;
        *last = Some((stamp, keys.clone()));
        Ok(keys)
    }

    fn stamp(&self) -> Result<Stamp, DiskError> {
        let own = KeyFolder::of_state(&self.state);
        let mut paths = Vec::new();
        for role in KeyRole::ALL {
            paths.extend(list(&own.path().join(role.word()))?);
            paths.extend(self.settings.signer(role).paths());
        }
        let of = |path: PathBuf| {
            let found = fs::metadata(&path).ok();
            let (seconds, nanoseconds) = found.as_ref().map_or((0, 0), |found| (found.ctime(), found.ctime_nsec()));
            let (size, inode) = found.as_ref().map_or((0, 0), |found| (found.len(), found.ino()));
            (path, seconds, nanoseconds, size, inode)
        };
        Ok(paths.into_iter().map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signers;

    #[test]
    fn a_new_key_and_a_retired_one_are_seen_at_once() {
        let state = tempfile::tempdir().unwrap();
        let watched = WatchedKeys::new(&SigningSettings::default(), state.path());
        assert_eq!(watched.get().unwrap().all(), []);
        Signers::open(&SigningSettings::default(), state.path()).unwrap();
        let first = watched.get().unwrap();
        assert_eq!((first.all().len(), &first), (2, &watched.get().unwrap()));
        let keys = KeyFolder::of_state(state.path());
        keys.add(KeyRole::Release).unwrap();
        assert_eq!(watched.get().unwrap().all().len(), 3);
        keys.retire(&first.all()[0].short_id()).unwrap();
        assert_eq!(watched.get().unwrap(), KnownKeys::read(&SigningSettings::default(), state.path()).unwrap());
        std::fs::write(keys.path().join("release/other"), "x").unwrap();
        assert!(watched.get().unwrap_err().to_string().contains("is no key that bedplate made"));
    }
}
