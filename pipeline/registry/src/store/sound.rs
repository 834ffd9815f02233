//! Which blobs are known to be whole: every byte was hashed since the process began, and the file has not changed since.
//!
//! In: a file's metadata. Out: whether it was seen whole, or seen damaged. A file that was written to has another time or size, and
//! is then unknown again; another name of the same file is known with it.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};

/// So many files are remembered: some ten megabytes. Beyond, all are forgotten and hashed once more.
const MOST: usize = 100_000;

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soundness {
    /// Nobody has looked yet.
    Unknown,
    /// Its bytes have the digest.
    Whole,
    /// Its bytes do not have the digest.
    Damaged,
}

/// One file, whatever its names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
}

/// What tells that a file was not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

/// Remembers what hashing found.
#[derive(Debug, Default)]
pub(crate) struct Soundnesses {
    files: Mutex<HashMap<Identity, (State, Soundness)>>,
}

impl Soundnesses {
    pub(crate) fn of(&self, metadata: &Metadata) -> Soundness {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match files.get(&identity(metadata)) {
            Some((state, found)) if *state == self::state(metadata) => *found,
            _ => Soundness::Unknown,
        }
    }

    pub(crate) fn remember(&self, metadata: &Metadata, found: Soundness) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= MOST {
            files.clear();
        }
        files.insert(identity(metadata), (state(metadata), found));
    }
}

fn identity(metadata: &Metadata) -> Identity {
    Identity { device: metadata.dev(), inode: metadata.ino() }
}

fn state(metadata: &Metadata) -> State {
    State { size: metadata.size(), seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_file_is_known_until_it_is_written_to_under_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&path, "hello").unwrap();
        let look = || fs::metadata(&path).unwrap();
        let known = Soundnesses::default();
        assert_eq!(known.of(&look()), Soundness::Unknown);
        known.remember(&look(), Soundness::Whole);
        fs::hard_link(&path, &other).unwrap();
        assert_eq!(known.of(&fs::metadata(&other).unwrap()), Soundness::Whole);
        fs::write(&other, "hellO").unwrap();
        fs::File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(known.of(&look()), Soundness::Unknown);
    }
}
