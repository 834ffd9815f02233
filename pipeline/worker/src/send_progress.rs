//! Adds up what several copies at once send, and tells it as events.
//!
//! In: the events of each copy. Out: [`Event`]s with sums over all of them; and of a dry run the list of blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blob::Digest;
use registry::{CopyEvent, CopyReporter, Pushed};

use crate::sent::{How, PlannedBlob};
use crate::{Event, Reporter};

/// The sums over all copies of a run.
pub(crate) struct Totals {
    reporter: Reporter,
    bytes: Mutex<u64>,
}

/// Listens to one copy.
pub(crate) struct Listener<'t> {
    totals: &'t Totals,
    /// Blobs that earlier copies to the same registry would have brought, if this is a dry run.
    before: &'t Mutex<BTreeSet<Digest>>,
    blobs: Mutex<BTreeMap<Digest, Blob>>,
}

/// One blob of a copy.
#[derive(Debug, Default)]
struct Blob {
    size: u64,
    /// Bytes of it that count as done.
    done: u64,
    outcome: Option<Pushed>,
}

impl Totals {
    /// Nothing sent yet.
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self { reporter, bytes: Mutex::new(0) }
    }

    /// Who is told.
    pub(crate) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// A blob has come from `before` to `after` bytes; that may be fewer, where some were lost.
    fn moved(&self, before: u64, after: u64) {
        let mut bytes = lock(&self.bytes);
        *bytes = (*bytes + after).saturating_sub(before);
        (self.reporter)(Event::SendProgress { bytes: *bytes });
    }
}

impl<'t> Listener<'t> {
    /// Nothing heard yet.
    pub(crate) fn new(totals: &'t Totals, before: &'t Mutex<BTreeSet<Digest>>) -> Self {
        Self { totals, before, blobs: Mutex::default() }
    }

    /// What a dry run found; a blob that an earlier copy would have brought would be mounted.
    pub(crate) fn planned(&self) -> BTreeMap<Digest, PlannedBlob> {
        let mut before = lock(self.before);
        let mut planned = BTreeMap::new();
        for (digest, blob) in &*lock(&self.blobs) {
            let Some(outcome) = blob.outcome else { continue };
            let how = match How::from(outcome) {
                How::Send if !before.insert(digest.clone()) => How::Mount,
                how => how,
            };
            planned.insert(digest.clone(), PlannedBlob { bytes: blob.size, how });
        }
        planned
    }

    fn advance(&self, digest: Digest, done: impl FnOnce(&mut Blob) -> u64) {
        let mut blobs = lock(&self.blobs);
        let blob = blobs.entry(digest).or_default();
        let before = blob.done;
        blob.done = done(blob);
        self.totals.moved(before, blob.done);
    }
}

impl CopyReporter for Listener<'_> {
    fn event(&self, event: CopyEvent) {
        match event {
            CopyEvent::Planned { blobs, bytes, .. } => {
                (self.totals.reporter)(Event::SendPlanned { blobs, bytes });
            }
            CopyEvent::BlobStarted { digest, size } => {
                lock(&self.blobs).insert(digest, Blob { size, ..Blob::default() });
            }
            CopyEvent::BlobSent { digest, bytes } => self.advance(digest, |_| bytes),
            CopyEvent::BlobFinished { digest, outcome } => self.advance(digest, |blob| {
                blob.outcome = Some(outcome);
                blob.size
            }),
            _ => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn totals() -> (Totals, Arc<Mutex<Vec<Event>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        (Totals::new(Arc::new(move |event| heard.lock().unwrap().push(event))), seen)
    }

    #[test]
    fn copies_at_the_same_time_give_one_sum_and_lost_bytes_are_taken_back() {
        let (totals, seen) = totals();
        let before = Mutex::default();
        let (one, other) = (Listener::new(&totals, &before), Listener::new(&totals, &before));
        let digest = Digest::of("x");
        let sent = |bytes| CopyEvent::BlobSent { digest: digest.clone(), bytes };
        for (listener, event) in [
            (&one, CopyEvent::Planned { blobs: 1, bytes: 10, manifests: 1, tags: 1 }),
            (&one, CopyEvent::BlobStarted { digest: digest.clone(), size: 10 }),
            (&other, CopyEvent::BlobStarted { digest: digest.clone(), size: 7 }),
            (&one, sent(6)),
            (&other, sent(5)),
            (&one, sent(2)),
            (&other, CopyEvent::BlobFinished { digest: digest.clone(), outcome: Pushed::Mounted }),
        ] {
            listener.event(event);
        }
        let mut expected = vec![Event::SendPlanned { blobs: 1, bytes: 10 }];
        expected.extend([6, 11, 7, 9].map(|bytes| Event::SendProgress { bytes }));
        assert_eq!(*seen.lock().unwrap(), expected);
    }

    #[test]
    fn in_a_dry_run_only_the_first_image_sends_what_two_have() {
        let (totals, _) = totals();
        let before = Mutex::default();
        let plan = || {
            let listener = Listener::new(&totals, &before);
            let digest = Digest::of("x");
            listener.event(CopyEvent::BlobStarted { digest: digest.clone(), size: 10 });
            listener.event(CopyEvent::BlobFinished { digest: digest.clone(), outcome: Pushed::Sent(10) });
            listener.planned()[&digest]
        };
        assert_eq!(plan(), PlannedBlob { bytes: 10, how: How::Send });
        assert_eq!(plan(), PlannedBlob { bytes: 10, how: How::Mount });
    }
}
