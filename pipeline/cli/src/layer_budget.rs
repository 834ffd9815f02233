//! How much layers may make us remember or read: what bounds a hostile image.
//!
//! In: what is about to be kept or was read. Out: nothing, or [`TooMuch`].

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// It would take all memory or time.
#[derive(Debug, thiserror::Error)]
#[error("there are too many {0}: is it hostile?")]
pub(crate) struct TooMuch(&'static str);

/// How much all layers together may make us remember or read.
#[derive(Debug)]
pub(crate) struct Budget {
    entries: AtomicU64,
    names: AtomicU64,
    records: AtomicU64,
    plain: AtomicU64,
}

impl Default for Budget {
    /// Far above what images have, far below what a machine has.
    fn default() -> Self {
        Self::new([2_000_000, 512 << 20, 256 << 20, 1 << 40])
    }
}

impl Budget {
    /// So many entries, bytes of names, bytes of dpkg records, and plain bytes in all.
    pub(crate) fn new([entries, names, records, plain]: [u64; 4]) -> Self {
        Self { entries: entries.into(), names: names.into(), records: records.into(), plain: plain.into() }
    }

    /// Counts an entry and its names.
    pub(crate) fn entry(&self, names: u64) -> Result<(), TooMuch> {
        Self::spend(&self.entries, 1, "entries")?;
        Self::spend(&self.names, names, "bytes of names")
    }

    /// Counts a file that is kept in memory.
    pub(crate) fn record(&self, size: u64) -> Result<(), TooMuch> {
        Self::spend(&self.records, size, "bytes of dpkg records")
    }

    /// Counts plain bytes.
    fn plain(&self, count: u64) -> Result<(), TooMuch> {
        Self::spend(&self.plain, count, "plain bytes")
    }

    fn spend(left: &AtomicU64, amount: u64, what: &'static str) -> Result<(), TooMuch> {
        let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount));
        spent.map(drop).map_err(|_| TooMuch(what))
    }
}

/// Counts plain bytes, and stops a bomb.
pub(crate) struct Counted<'b, R> {
    inner: R,
    count: u64,
    budget: &'b Budget,
}

impl<'b, R> Counted<'b, R> {
    /// Reads `inner` at the expense of `budget`.
    pub(crate) fn new(inner: R, budget: &'b Budget) -> Self {
        Self { inner, count: 0, budget }
    }

    /// How many bytes came.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        self.budget.plain(count as u64).map_err(io::Error::other)?;
        Ok(count)
    }
}
