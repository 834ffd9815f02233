//! Collects garbage beside the waves of `bedplate up`: once a day, while no wave runs.
//!
//! In: a [`Wave`], for its registry and its caches. Out: less on the disk, and a line in the log; a failure is logged and tried again a
//! day later.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use registry::Collecting;
use worker::{Collection, Failure, Wave};

use crate::output::bytes;

/// Collecting costs a look at every file; a day later is soon enough.
const EVERY: Duration = Duration::from_hours(24);

/// When garbage was collected last, and how old it has to be.
#[derive(Debug)]
pub(crate) struct Cleaning {
    retention: Duration,
    last: Mutex<Option<Instant>>,
}

impl Cleaning {
    /// Nothing collected yet.
    pub(crate) fn new(retention: Duration) -> Self {
        Self { retention, last: Mutex::new(None) }
    }

    /// Collects, if it is time. No wave may run meanwhile.
    pub(crate) async fn run(&self, wave: &Arc<Wave>) {
        if !self.is_due(Instant::now()) {
            return;
        }
        let (wave, retention) = (Arc::clone(wave), self.retention);
        match worker::blocking(move || collect(&wave, retention)).await {
            Ok(collection) => tracing::info!("collected garbage: {} freed", bytes(collection.freed_bytes())),
            Err(failure) => tracing::error!("garbage cannot be collected [{}]: {}", failure.whose(), failure.chain()),
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= EVERY);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

fn collect(wave: &Wave, retention: Duration) -> Result<Collection, Failure> {
    let published = wave.publications.all()?;
    worker::collect(&wave.store, Some((&wave.builder, &published)), retention, Collecting::Remove)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_due_at_once_and_then_once_a_day() {
        let cleaning = Cleaning::new(EVERY);
        let begin = Instant::now();
        let due: Vec<bool> =
            [0, 1, 23, 24, 25, 48].map(|hour| cleaning.is_due(begin + Duration::from_hours(hour))).into();
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
