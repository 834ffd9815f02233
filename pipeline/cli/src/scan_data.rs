//! What a scan knows: the data of the state folder, brought up to date where that is allowed, of a folder, or of single files.
//!
//! In: [`Data`] of the command line, and the settings. Out: a [`Known`]. That data cannot be had stops nothing: the report then says unknown.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use scan::{ArchiveVersions, FeedKind, Knowledge, Standing};
use store::Ledger;
use worker::{FeedSettings, Feeds, Reporter, State, StateError, blocking};

use crate::context::Context;
use crate::scan_arguments::Data;
use crate::scan_files;

/// What is known, and whether it may be believed.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// What is known.
    pub(crate) knowledge: Arc<Knowledge>,
    /// How it stands.
    pub(crate) standing: Standing,
    /// What the archive has of each release, and since when, as far as this state folder has watched.
    pub(crate) archive: BTreeMap<String, ArchiveVersions>,
}

impl Known {
    /// Whether anything is known about a release: those that Debian has given up are in no data any more.
    pub(crate) fn knows(&self, release: &str) -> bool {
        self.knowledge.advisories.releases().any(|known| known == release)
    }
}

/// Loads what the command line asks for.
pub(crate) async fn load(data: &Data, context: &Context, reporter: &Reporter) -> anyhow::Result<Known> {
    let now = Timestamp::now();
    let knowledge = knowledge(data, context, reporter, now).await?;
    let standing = Standing::of(&knowledge.feeds, now, context.settings.feeds.stale_after);
    Ok(Known { knowledge, standing, archive: archive(context).await })
}

async fn knowledge(
    data: &Data,
    context: &Context,
    reporter: &Reporter,
    now: Timestamp,
) -> anyhow::Result<Arc<Knowledge>> {
    if let Some(tracker) = &data.tracker {
        let (tracker, data) = (tracker.clone(), data.clone());
        return Ok(Arc::new(blocking(move || scan_files::read(&tracker, &data)).await?));
    }
    let settings = &context.settings.feeds;
    if let Some(folder) = &data.feeds {
        ensure!(folder.is_dir(), "`{}` is no folder: expected one with `tracker.json`", folder.display());
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let settings = FeedSettings { folder: Some(folder.clone()), enabled: true, ..settings.clone() };
        let feeds = Feeds::open(&settings, scratch.path(), reporter)?;
        feeds.refresh(now).await;
        return kept(&feeds).await;
    }
    let feeds = Feeds::open(settings, &context.state, reporter)?;
    if !data.offline && settings.enabled && is_due(&feeds, now, settings) {
        refresh(&feeds, &context.state, now).await;
    }
    kept(&feeds).await
}

async fn kept(feeds: &Feeds) -> anyhow::Result<Arc<Knowledge>> {
    let feeds = feeds.clone();
    Ok(blocking(move || feeds.knowledge()).await?)
}

/// Reads the feeds again, unless another process holds the state folder: that one does so itself.
async fn refresh(feeds: &Feeds, state: &Path, now: Timestamp) {
    let held = state.is_dir().then(|| State::open(state));
    if !matches!(held, Some(Err(StateError::InUse(_)))) {
        feeds.refresh(now).await;
    }
}

/// What the archive has, as the ledger of the state folder remembers it. Without a ledger nothing is known of that; the data themselves say
/// then what they saw.
async fn archive(context: &Context) -> BTreeMap<String, ArchiveVersions> {
    let path = Ledger::path_of(&context.state);
    if !path.exists() {
        return BTreeMap::new();
    }
    let read = async {
        let ledger = Ledger::open_read_only(&path).await?;
        let mut all = BTreeMap::new();
        for (name, release) in &context.catalogue()?.releases {
            let suites: Vec<String> = release.suites.iter().map(|suite| suite.name.to_string()).collect();
            let suites: Vec<&str> = suites.iter().map(String::as_str).collect();
            all.insert(name.clone(), ledger.archive_versions(&suites).await?);
        }
        anyhow::Ok(all)
    };
    read.await.unwrap_or_else(|error| {
        tracing::warn!("what the archive has is not known: {error:#}");
        BTreeMap::new()
    })
}

/// Data that are stale are asked for; others only now and then, so that many scans do not burden those who give them.
fn is_due(feeds: &Feeds, now: Timestamp, settings: &FeedSettings) -> bool {
    let tracker = feeds.states().into_iter().find(|state| state.kind == FeedKind::Tracker);
    let Some(tracker) = tracker else { return true };
    let older = |time: Option<Timestamp>, most: Duration| {
        time.is_none_or(|time| now.duration_since(time).unsigned_abs() > most)
    };
    older(tracker.date(), settings.stale_after) || older(tracker.checked, settings.interval)
}
