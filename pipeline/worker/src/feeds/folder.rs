//! The folder of feeds: records by name, bytes by digest, and beside the tracker's bytes their index.
//!
//! In: records and new bytes. Out: `STATE/feeds/<name>.json`, `STATE/feeds/sha256/<hex>` and `<hex>.index`. Bytes get their name before a
//! record names them, so that whoever is stopped in between leaves the former feed or the new one, whole. The folder can be read while
//! another process writes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use blob::Digest;
use scan::FeedUse;

use super::source::FeedSource;
use super::state::FeedState;
use crate::{DiskError, NewFile, list, sweep_abandoned, write_atomically};

/// `STATE/feeds`.
#[derive(Debug, Clone)]
pub(crate) struct FeedFolder {
    root: PathBuf,
}

impl FeedFolder {
    /// That of the state folder `state`; makes nothing yet.
    pub(crate) fn of_state(state: &Path) -> Self {
        Self { root: state.join("feeds") }
    }

    /// How a feed stands; at its present address, whatever it was before.
    pub(crate) fn state(&self, source: &FeedSource) -> FeedState {
        let blank = FeedState::blank(source);
        let read = || serde_json::from_slice::<FeedState>(&fs::read(self.record(&source.name)).ok()?).ok();
        let known = read().filter(|state| state.kind == source.kind && state.name == source.name);
        let mut state = FeedState { address: blank.address.clone(), ..known.unwrap_or(blank) };
        state.kept = state.kept.filter(|kept| self.has(&kept.digest, kept.bytes));
        state
    }

    /// Remembers how a feed stands.
    pub(crate) fn put(&self, state: &FeedState) -> Result<(), DiskError> {
        let text = serde_json::to_vec_pretty(state).unwrap_or_default();
        write_atomically(&self.record(&state.name), &text)
    }

    /// The record of a feed.
    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.json"))
    }

    /// Where bytes are or would be.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join("sha256").join(digest.hex())
    }

    fn index_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("sha256").join(format!("{}.index", digest.hex()))
    }

    /// Whether bytes are there, by their size.
    pub(crate) fn has(&self, digest: &Digest, size: u64) -> bool {
        self.path(digest).metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
    }

    /// Names bytes that came.
    pub(crate) fn keep(&self, file: NewFile, digest: &Digest) -> Result<(), DiskError> {
        file.commit_as(&self.path(digest))
    }

    /// Bytes, if they are what their name says.
    pub(crate) fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, DiskError> {
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(bytes) => Ok((Digest::of(&bytes) == *digest).then_some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DiskError::new("read", &path, error)),
        }
    }

    /// The index of the tracker's bytes; its reader tells whether it is whole.
    pub(crate) fn read_index(&self, digest: &Digest) -> Option<Vec<u8>> {
        fs::read(self.index_path(digest)).ok()
    }

    /// Keeps the index of the tracker's bytes.
    pub(crate) fn keep_index(&self, digest: &Digest, index: &[u8]) -> Result<(), DiskError> {
        write_atomically(&self.index_path(digest), index)
    }

    /// Removes bytes that are not what their name says.
    pub(crate) fn discard(&self, digest: &Digest) {
        for path in [self.path(digest), self.index_path(digest)] {
            let _ = fs::remove_file(path);
        }
    }

    /// The feeds that the last finished rescan stood on; none where there was none.
    pub(crate) fn rescanned(&self) -> Option<Vec<FeedUse>> {
        serde_json::from_slice(&fs::read(self.rescanned_path()).ok()?).ok()
    }

    /// Remembers them.
    pub(crate) fn put_rescanned(&self, feeds: &[FeedUse]) -> Result<(), DiskError> {
        write_atomically(&self.rescanned_path(), &serde_json::to_vec_pretty(feeds).unwrap_or_default())
    }

    /// No feed has this name.
    fn rescanned_path(&self) -> PathBuf {
        self.root.join("rescanned.json")
    }

    /// Removes what no record names and no rescan stands on.
    pub(crate) fn sweep(&self) -> Result<(), DiskError> {
        sweep_abandoned(&self.root)?;
        let folder = self.root.join("sha256");
        sweep_abandoned(&folder)?;
        let needed = self.needed()?;
        for path in list(&folder)? {
            let hex = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if !hex.starts_with(['.']) && !needed.contains(&hex) {
                fs::remove_file(&path).map_err(|error| DiskError::new("remove", &path, error))?;
            }
        }
        Ok(())
    }

    /// The digests that records name, those of feeds that are off too.
    fn needed(&self) -> Result<BTreeSet<String>, DiskError> {
        let records = list(&self.root)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json"));
        let states = records.filter_map(|path| serde_json::from_slice::<FeedState>(&fs::read(path).ok()?).ok());
        let kept = states.filter_map(|state| Some(state.kept?.digest.hex().to_owned()));
        let rescanned = self.rescanned().into_iter().flatten().map(|feed| feed.digest.hex().to_owned());
        Ok(kept.chain(rescanned).collect())
    }
}
