//! What is known about vulnerabilities: read from feeds, checked, kept, and loaded.
//!
//! In: [`FeedSettings`] and the state folder. Out: [`Knowledge`], with the digest and date of every file that it stands on. A feed that
//! cannot be had, or is refused, never stops anything: the former one stays, grows old, and is told to be old.

mod error;
mod folder;
mod knowledge;
mod reading;
mod received;
mod refresh;
mod settings;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod transfer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use scan::{Advisories, FeedKind, FeedUse, Knowledge};

use self::folder::FeedFolder;
use self::knowledge::Memory;
use self::refresh::Reader;
use self::source::FeedSource;
use crate::{Client, DiskError, Failure, Reporter, RetryPolicy, blocking};

pub use self::error::FeedsError;
pub use self::settings::{FeedAddress, FeedSettings};
pub use self::state::{FeedProblem, FeedState, KeptFeed};

/// Feeds are asked for again and again: there is no need for patience.
const PATIENCE: RetryPolicy = RetryPolicy {
    attempts: 3,
    first_delay: Duration::from_secs(1),
    longest_delay: Duration::from_secs(10),
    longest_asked: Duration::from_mins(1),
};

/// The feeds of one state folder; cheap to clone, clones share what they have loaded.
#[derive(Debug, Clone)]
pub struct Feeds {
    reader: Arc<Reader>,
    sources: Arc<[FeedSource]>,
    memory: Arc<Mutex<Memory>>,
}

/// What came of reading the feeds again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedNews {
    /// The feeds that have other bytes than before, by name.
    pub changed: Vec<String>,
    /// The feeds that could not be read, or were refused.
    pub problems: Vec<FeedProblem>,
}

/// The tracker's rows that the last finished rescan stood on.
#[derive(Debug, Clone)]
pub enum Previous {
    /// No rescan was finished, or what it stood on is gone: everything must be scanned again.
    Unknown,
    /// The same as now: no row has changed.
    Same,
    /// Others: `Advisories::changes_since` says which rows differ.
    Other(Arc<Advisories>),
}

impl Feeds {
    /// Those of the state folder `state`. Nothing is made or asked for yet.
    pub fn open(settings: &FeedSettings, state: &Path, reporter: &Reporter) -> Result<Self, Failure> {
        Self::with_retry(settings, state, reporter, PATIENCE)
    }

    fn with_retry(
        settings: &FeedSettings,
        state: &Path,
        reporter: &Reporter,
        retry: RetryPolicy,
    ) -> Result<Self, Failure> {
        let client = Client::careful(retry, Arc::clone(reporter))?;
        let sources = FeedSource::all(settings).into();
        let reader = Reader { folder: FeedFolder::of_state(state), client, settings: settings.clone() };
        Ok(Self { reader: Arc::new(reader), sources, memory: Arc::default() })
    }

    /// Reads every feed again, all at once. What fails is told, here and to the reporter, and stops nothing.
    pub async fn refresh(&self, now: Timestamp) -> FeedNews {
        let all = join_all(self.sources.iter().map(|source| self.reader.refresh(source, now))).await;
        let mut news = FeedNews::default();
        for one in all {
            news.changed.extend(one.changed);
            news.problems.extend(one.problems);
        }
        let feeds = self.clone();
        // What could not be swept lies there until the next time.
        let _ = blocking(move || feeds.sweep()).await;
        news
    }

    /// Everything that is known, from memory where no feed has changed. Reads files: call it through `blocking` in async code.
    pub fn knowledge(&self) -> Result<Arc<Knowledge>, Failure> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(memory.knowledge(&self.reader.folder, &self.sources)?)
    }

    /// The tracker's rows that the last finished rescan stood on, to be compared with those of `knowledge`. Reads files.
    pub fn previous_advisories(&self, knowledge: &Knowledge) -> Result<Previous, Failure> {
        let folder = &self.reader.folder;
        let _held = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let tracker = |feeds: &[FeedUse]| {
            feeds.iter().find(|feed| feed.kind == FeedKind::Tracker).map(|feed| feed.digest.clone())
        };
        let before = folder.rescanned().and_then(|feeds| tracker(&feeds));
        let source = self.sources.iter().find(|source| source.kind == FeedKind::Tracker);
        match (before, source) {
            (Some(before), _) if Some(&before) == tracker(&knowledge.feeds).as_ref() => Ok(Previous::Same),
            (Some(before), Some(source)) => Ok(knowledge::advisories(folder, source, &before)?
                .map_or(Previous::Unknown, |advisories| Previous::Other(Arc::new(advisories)))),
            _ => Ok(Previous::Unknown),
        }
    }

    /// The feeds, by name, whose bytes are not those that the last finished rescan stood on; all where there was none. Feeds that are gone
    /// since are among them.
    pub fn changed_since_rescan(&self, knowledge: &Knowledge) -> Vec<String> {
        let before = self.reader.folder.rescanned().unwrap_or_default();
        let is_in =
            |feeds: &[FeedUse], one: &FeedUse| feeds.iter().any(|it| it.name == one.name && it.digest == one.digest);
        let new = knowledge.feeds.iter().filter(|feed| !is_in(&before, feed));
        let gone = before.iter().filter(|feed| !is_in(&knowledge.feeds, feed));
        let mut names: Vec<String> = new.chain(gone).map(|feed| feed.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// A rescan that stood on `knowledge` is finished: later ones begin there, and what it was compared with may go.
    pub fn rescanned(&self, knowledge: &Knowledge) -> Result<(), DiskError> {
        self.reader.folder.put_rescanned(&knowledge.feeds)
    }

    /// What the last finished rescan stood on; empty where there was none. Every published image was held against it. Reads a file.
    pub fn last_rescan(&self) -> Vec<FeedUse> {
        self.reader.folder.rescanned().unwrap_or_default()
    }

    /// How every feed of the settings stands.
    pub fn states(&self) -> Vec<FeedState> {
        self.sources.iter().map(|source| self.reader.folder.state(source)).collect()
    }

    /// How old the tracker's data may be.
    pub fn stale_after(&self) -> Duration {
        self.reader.settings.stale_after
    }

    /// Nobody loads meanwhile.
    fn sweep(&self) -> Result<(), DiskError> {
        let _held = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        self.reader.folder.sweep()
    }
}
