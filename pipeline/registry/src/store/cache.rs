//! Manifests in memory: a digest never changes its bytes, so nothing ever becomes stale, and the only question is room.
//!
//! In: digests with bytes. Out: the bytes of those asked for lately, within a bound.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use blob::Digest;

/// Bytes by digest. What is asked for stays; what nobody asked for since the cache was last half filled goes.
#[derive(Debug)]
pub(crate) struct Cache {
    limit: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: BTreeMap<Digest, Bytes>,
    young_size: usize,
    old: BTreeMap<Digest, Bytes>,
}

impl Cache {
    /// Holds at most `limit` bytes, not counting what was just put in.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, generations: Mutex::default() }
    }

    /// The bytes, if they are here.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Bytes> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = generations.young.get(digest) {
            return Some(bytes.clone());
        }
        let bytes = generations.old.remove(digest)?;
        generations.put(digest, bytes.clone(), self.limit);
        Some(bytes)
    }

    /// Keeps the bytes.
    pub(crate) fn put(&self, digest: &Digest, bytes: Bytes) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(digest, bytes, self.limit);
    }
}

impl Generations {
    fn put(&mut self, digest: &Digest, bytes: Bytes, limit: usize) {
        if self.young_size + bytes.len() > limit / 2 {
            self.old = mem::take(&mut self.young);
            self.young_size = 0;
        }
        let size = bytes.len();
        if self.young.insert(digest.clone(), bytes).is_none() {
            self.young_size += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_within_the_bound_what_is_asked_for() {
        let cache = Cache::new(100);
        let digests: Vec<_> = (0..50).map(|number| Digest::of(format!("{number}"))).collect();
        for digest in &digests {
            cache.put(digest, Bytes::from(vec![0; 10]));
            assert!(cache.get(&digests[0]).is_some(), "the first is asked for each time");
        }
        let held = digests.iter().filter(|digest| cache.get(digest).is_some()).count();
        assert!((1..=10).contains(&held), "{held}");
        assert_eq!(cache.get(&digests[1]), None);
    }
}
