//! What the rooms say while they work: events for a progress bar, a log, a page. Whoever listens decides how it looks.
//!
//! In: nothing. Out: the type [`Event`] and the function type [`Reporter`] that takes them. Nothing here prints.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use blob::Digest;
use debian::{Architecture, Suite};
use jiff::Timestamp;
use plan::ImageOutcome;

use crate::{FeedProblem, Sent, Whose};

/// Takes events as they happen, from any thread. It must return at once.
pub type Reporter = Arc<dyn Fn(Event) + Send + Sync>;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The `InRelease` files of these suites are about to be read.
    ObserveStarted {
        /// The suites, in order.
        suites: Vec<Suite>,
    },
    /// A suite's `InRelease` was read, verified and accepted.
    SuiteObserved {
        /// The suite.
        suite: Suite,
        /// When the archive made it.
        date: Timestamp,
        /// Whether it is new or the one that was accepted last.
        news: News,
    },
    /// A package index that was not at hand came over the network.
    IndexFetched {
        /// The suite.
        suite: Suite,
        /// The index's path below the suite.
        path: String,
        /// Its size as fetched.
        bytes: u64,
    },
    /// The mirror no longer has what its `InRelease` promised: all is read again.
    ObserveRestarted {
        /// Which attempt begins, counted from one.
        attempt: u32,
        /// What was missing.
        reason: String,
    },
    /// A feed has other bytes than before, and they are good.
    FeedRead {
        /// Its name.
        name: String,
        /// How many bytes.
        bytes: u64,
    },
    /// A feed could not be read, or what came was refused; the former one stays.
    FeedFailed {
        /// Which one, and why.
        problem: FeedProblem,
    },
    /// The packages that are not at hand are about to be fetched.
    FetchStarted {
        /// The sum of their sizes.
        total_bytes: u64,
        /// How many.
        count: usize,
    },
    /// Bytes came; after a failed attempt the number can fall.
    FetchProgress {
        /// The sum of good and hopeful bytes since `FetchStarted`.
        bytes: u64,
    },
    /// A package is whole and checked.
    Fetched {
        /// Its name.
        package: String,
    },
    /// A transfer failed and will be tried again.
    Retrying {
        /// The address.
        what: String,
        /// Which attempt failed, counted from one.
        attempt: u32,
        /// How long we wait before the next.
        after: Duration,
        /// Why it failed.
        reason: String,
        /// Whose fault that is.
        whose: Whose,
    },
    /// Packages are about to be turned into parts of layers.
    BuildStarted {
        /// How many packages are not there yet.
        packages: usize,
        /// The sum of their sizes.
        bytes: u64,
    },
    /// A package was turned into its part of a layer, or could not be.
    PackageDone {
        /// Its name.
        package: String,
        /// Its size.
        bytes: u64,
    },
    /// A layer is there: made now, or found.
    LayerDone {
        /// The definition that adds it.
        definition: String,
        /// For which processor.
        architecture: Architecture,
        /// Its compressed size.
        bytes: u64,
    },
    /// An image was put together and passed the audits.
    ImageBuilt {
        /// The image.
        image: String,
        /// Digest of its index.
        digest: Digest,
        /// Compressed size of each platform's layers.
        bytes: Vec<u64>,
    },
    /// What became of an image in this wave.
    ImageDone(ImageOutcome),
    /// An image is about to be published to another registry, and so much of it is not known to be there.
    SendPlanned {
        /// How many blobs.
        blobs: usize,
        /// The sum of their sizes.
        bytes: u64,
    },
    /// Blobs went to other registries, or turned out to be there; after a failed attempt the number can fall.
    SendProgress {
        /// The sum over all images that are being published.
        bytes: u64,
    },
    /// What became of an image at another registry.
    ImageSent(Box<Sent>),
    /// All images were published to all targets, or were not.
    SendDone,
}

/// Whether what was read was known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Never seen before.
    New,
    /// The same bytes as last time.
    Unchanged,
}

/// A reporter that nobody listens to.
pub fn silent() -> Reporter {
    Arc::new(|_| ())
}

/// Adds up the bytes of several transfers at once and reports the sum.
pub(crate) struct Tally {
    bytes: AtomicU64,
    reporter: Reporter,
}

impl Tally {
    /// Starts at zero.
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self { bytes: AtomicU64::new(0), reporter }
    }

    /// Counts bytes that came.
    pub(crate) fn add(&self, bytes: u64) {
        let sum = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.reporter)(Event::FetchProgress { bytes: sum });
    }

    /// Takes back the bytes of an attempt that failed.
    pub(crate) fn withdraw(&self, bytes: u64) {
        let sum = self.bytes.fetch_sub(bytes, Ordering::Relaxed) - bytes;
        (self.reporter)(Event::FetchProgress { bytes: sum });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_tally_reports_the_sum_and_takes_back_what_failed() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let tally = Tally::new({
            let seen = Arc::clone(&seen);
            Arc::new(move |event| seen.lock().unwrap().push(event))
        });
        tally.add(5);
        tally.add(7);
        tally.withdraw(5);
        let sums = [5, 12, 7].map(|bytes| Event::FetchProgress { bytes });
        assert_eq!(*seen.lock().unwrap(), sums);
    }
}
