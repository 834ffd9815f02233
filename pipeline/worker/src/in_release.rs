//! Keeps every `InRelease` that was accepted: what a build can be traced back to, what a rollback is measured against,
//! and, by the time each was received, the clock of our lag figures.
//!
//! In: verified bytes and what they say. Out: `STATE/archive/in-release/<suite>/<date>-<sha256>.txt` with the bytes as
//! they came, and beside it a `.json` with an [`AcceptedInRelease`]. A file without its `.json` was never accepted.

use std::fs;
use std::path::{Path, PathBuf};

use blob::Digest;
use debian::{Fingerprint, Suite};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disk::{list, write_atomically};
use crate::{DiskError, Failure, Whose};

/// One `InRelease` that was verified, was fresh, and was no older than those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AcceptedInRelease {
    /// The suite, by the name of its folder under `dists/`.
    pub suite: Suite,
    /// The digest of the file as it came, signatures included.
    pub digest: Digest,
    /// When the archive made it: its field `Date`.
    pub date: Timestamp,
    /// When we first saw it.
    pub received: Timestamp,
    /// The primary keys whose signatures are good.
    pub signers: Vec<Fingerprint>,
}

/// Why the list of accepted files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InReleaseError {
    /// A record that somebody changed or cut.
    #[error("`{}` is no record of an accepted `InRelease`: restore it, or remove it together with its `.txt`", path.display())]
    BadRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A file that is not the one that was accepted.
    #[error("`{}` is not the file that was accepted, its digest is `{got}`: restore it from a backup", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The digest of what is there.
        got: Digest,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl From<InReleaseError> for Failure {
    fn from(error: InReleaseError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

/// All accepted `InRelease` files of one state folder.
#[derive(Debug, Clone)]
pub struct InReleases {
    folder: PathBuf,
}

impl InReleases {
    /// Those of the state folder `state`; makes nothing yet.
    pub fn of_state(state: &Path) -> Self {
        Self { folder: state.join("archive/in-release") }
    }

    /// What was accepted for a suite, oldest first.
    pub fn accepted(&self, suite: &Suite) -> Result<Vec<AcceptedInRelease>, InReleaseError> {
        let records = list(&self.folder_of(suite))?.into_iter().filter(|path| is_record(path));
        let mut accepted = records.map(|path| read_record(&path)).collect::<Result<Vec<_>, _>>()?;
        accepted.sort_by_key(|record| (record.date, record.received));
        Ok(accepted)
    }

    /// The newest that was accepted for a suite.
    pub fn latest(&self, suite: &Suite) -> Result<Option<AcceptedInRelease>, InReleaseError> {
        let mut records: Vec<PathBuf> = list(&self.folder_of(suite))?;
        records.retain(|path| is_record(path));
        // The names begin with the date, so the last ones are the newest; equal dates are told apart by the time received.
        let Some(newest) = records.last().map(|path| date_of(path).to_owned()) else { return Ok(None) };
        let newest = records.iter().filter(|path| date_of(path) == newest);
        let read = newest.map(|path| read_record(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(read.into_iter().max_by_key(|record| record.received))
    }

    /// Keeps an `InRelease` for good.
    pub fn keep(&self, record: &AcceptedInRelease, bytes: &[u8]) -> Result<(), InReleaseError> {
        write_atomically(&self.path(record), bytes)?;
        let json = serde_json::to_vec_pretty(record).unwrap_or_default();
        Ok(write_atomically(&self.path(record).with_extension("json"), &json)?)
    }

    /// The bytes of an accepted file, as they came.
    pub fn read(&self, record: &AcceptedInRelease) -> Result<Vec<u8>, InReleaseError> {
        let path = self.path(record);
        let bytes = fs::read(&path).map_err(|error| DiskError::new("read", &path, error))?;
        let got = Digest::of(&bytes);
        if got == record.digest { Ok(bytes) } else { Err(InReleaseError::Changed { path, got }) }
    }

    /// Where the bytes of an accepted file are.
    pub fn path(&self, record: &AcceptedInRelease) -> PathBuf {
        let date = record.date.strftime("%Y%m%dT%H%M%SZ");
        self.folder_of(&record.suite).join(format!("{date}-{}.txt", record.digest.hex()))
    }

    fn folder_of(&self, suite: &Suite) -> PathBuf {
        self.folder.join(suite.to_string())
    }
}

fn is_record(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn date_of(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('-').next().unwrap_or_default()
}

fn read_record(path: &Path) -> Result<AcceptedInRelease, InReleaseError> {
    let bytes = fs::read(path).map_err(|error| DiskError::new("read", path, error))?;
    serde_json::from_slice(&bytes).map_err(|source| InReleaseError::BadRecord { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(date: &str, received: &str, bytes: &[u8]) -> AcceptedInRelease {
        AcceptedInRelease {
            suite: "trixie".parse().unwrap(),
            digest: Digest::of(bytes),
            date: date.parse().unwrap(),
            received: received.parse().unwrap(),
            signers: vec!["4CB5 0190 207B 4758 A3F7  3A79 6ED0 E7B8 2643 E131".parse().unwrap()],
        }
    }

    #[test]
    fn keeps_what_was_accepted_in_order_with_the_time_it_was_received() {
        let state = tempfile::tempdir().unwrap();
        let store = InReleases::of_state(state.path());
        let old = record("2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z", b"old");
        let new = record("2026-11-02T08:00:00Z", "2026-11-02T08:30:00Z", b"new");
        let remade = record("2026-11-02T08:00:00Z", "2026-11-02T08:20:00Z", b"signed again");
        assert_eq!(store.latest(&old.suite).unwrap(), None);
        for (record, bytes) in [(&new, &b"new"[..]), (&remade, b"signed again"), (&old, b"old")] {
            store.keep(record, bytes).unwrap();
        }
        assert_eq!(store.accepted(&old.suite).unwrap(), [old.clone(), remade, new.clone()]);
        assert_eq!(store.latest(&old.suite).unwrap(), Some(new));
        assert_eq!(store.read(&old).unwrap(), b"old");
        assert!(store.path(&old).ends_with(format!("trixie/20261101T080000Z-{}.txt", old.digest.hex())));
    }

    #[test]
    fn what_was_changed_since_or_cut_short_is_noticed() {
        let state = tempfile::tempdir().unwrap();
        let store = InReleases::of_state(state.path());
        let accepted = record("2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z", b"whole");
        store.keep(&accepted, b"whole").unwrap();
        fs::write(store.path(&accepted), "changed").unwrap();
        assert!(store.read(&accepted).unwrap_err().to_string().contains("is not the file that was accepted"));
        fs::write(store.path(&accepted).with_extension("json"), "{").unwrap();
        assert!(store.latest(&accepted.suite).unwrap_err().to_string().contains("is no record of an accepted"));
    }
}
