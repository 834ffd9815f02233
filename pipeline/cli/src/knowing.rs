//! What is known about vulnerabilities, kept up to date beside waves: feeds before each, what is published after it.
//!
//! In: the scanner. Out: events in the ledger, and lines in the log. Nothing here stops a wave: a feed that does not answer is waited for so
//! long and no longer, and what it brings later counts from the next wave on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use store::{Event, EventKind};
use tokio::sync::Mutex;
use worker::{FeedNews, Publications, Publisher, Rescan, Scanner, Summaries};

/// How long a wave waits for feeds: a network that swallows everything must not keep a fix back.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps it up to date.
#[derive(Clone)]
pub(crate) struct Knowing {
    scanner: Scanner,
    summaries: Summaries,
    busy: Arc<Mutex<()>>,
    /// What was the matter with feeds when it was told last, by feed.
    told: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Knowing {
    /// With the feeds and the ledger of this scanner; months are summed up there.
    pub(crate) fn new(scanner: Scanner, summaries: Summaries) -> Self {
        Self { scanner, summaries, busy: Arc::default(), told: Arc::default() }
    }

    /// Reads the feeds again; gives up waiting, but not reading, when it takes long.
    pub(crate) async fn refresh(&self) {
        let Ok(busy) = Arc::clone(&self.busy).try_lock_owned() else { return };
        let knowing = self.clone();
        let reading = tokio::spawn(async move {
            let news = knowing.scanner.feeds.refresh(Timestamp::now()).await;
            drop(busy);
            knowing.tell(&news).await;
        });
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            tracing::warn!("feeds take longer than {} s: the wave goes on with what is known", PATIENCE.as_secs());
        }
    }

    /// Scans what is published again, as far as something has changed.
    pub(crate) async fn rescan(&self, publisher: &Publisher, publications: &Publications) {
        match publisher.rescan(publications, Timestamp::now()).await {
            Ok(rescan) => self.tell_rescan(&rescan).await,
            Err(failure) => tracing::error!("what is published was not scanned again: {}", failure.chain()),
        }
    }

    /// Sums up the month that has ended, once.
    pub(crate) async fn sum_up(&self, publisher: &Publisher) {
        let written = self.summaries.write_last(&self.scanner.ledger, &publisher.signers, Timestamp::now()).await;
        match written {
            Ok(Some(path)) => tracing::info!("the month before is summed up in `{}`", path.display()),
            Ok(None) => {}
            Err(failure) => tracing::error!("the month before is not summed up: {}", failure.chain()),
        }
    }

    /// What is the matter with feeds, once for each new matter: they are asked every few minutes.
    async fn tell(&self, news: &FeedNews) {
        let mut told = self.told.lock().await;
        told.retain(|name, _| news.problems.iter().any(|problem| problem.name == *name));
        for problem in &news.problems {
            if told.get(&problem.name) != Some(&problem.message) {
                told.insert(problem.name.clone(), problem.message.clone());
                let line = format!("feed {}: {}", problem.name, problem.message);
                tracing::debug!("{line} [{}]", problem.whose);
                record(&self.scanner, EventKind::FeedRefused, line, None).await;
            }
        }
    }

    async fn tell_rescan(&self, rescan: &Rescan) {
        for (image, reason) in &rescan.failures {
            tracing::error!("`{image}` was not scanned again, the next rescan tries it: {reason}");
        }
        if rescan.restated.is_empty() && rescan.changes.is_empty() {
            return;
        }
        let line = format!(
            "{} images scanned again, {} said anew: {} findings appeared, {} went",
            rescan.images.len(),
            rescan.restated.len(),
            rescan.changes.appeared.len(),
            rescan.changes.gone.len()
        );
        tracing::info!("{line}");
        record(&self.scanner, EventKind::Rescan, line, serde_json::to_value(rescan).ok()).await;
    }
}

async fn record(scanner: &Scanner, kind: EventKind, line: String, detail: Option<serde_json::Value>) {
    let event = Event { at: Timestamp::now(), image: None, platform: None, kind, line, detail };
    if let Err(error) = scanner.ledger.record_event(&event).await {
        tracing::error!("an event is not in the ledger: {error}");
    }
}
