//! Which digests somebody pulled lately: so that each is written down once an hour, and not at each pull.
//!
//! In: a repository and a digest. Out: whether it is time to write it down.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use blob::Digest;
use oci::Repository;

/// Retention is counted in days: an hour is exact enough.
const INTERVAL: Duration = Duration::from_hours(1);
/// So many are remembered; beyond, all are forgotten and written down once more.
const MOST: usize = 100_000;

/// Remembers when each digest was written down.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<HashMap<(Repository, Digest), Instant>>);

impl Pins {
    /// Whether it is time; if so, the caller does it.
    pub(crate) fn is_due(&self, repository: &Repository, digest: &Digest) -> bool {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (repository.clone(), digest.clone());
        if pins.get(&key).is_some_and(|last| last.elapsed() < INTERVAL) {
            return false;
        }
        if pins.len() >= MOST {
            pins.clear();
        }
        pins.insert(key, Instant::now());
        true
    }
}
