//! Where findings come from: the ledger and the feeds of a state folder.
//!
//! In: what is published, the time. Out: [`Known`]. What cannot be read is said and makes images unknown; it stops nothing. Where another
//! process writes the ledger, it is opened for reading, and again until it is there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use plan::Publication;
use scan::{FeedUse, FirstSeen, FixRecord, FixState, Standing, Verdict};
use store::{Event, FixFilter, Ledger, StoreError};
use tokio::sync::OnceCell;
use worker::Feeds;

use crate::findings::{DataState, ImageFindings, Judged, Known, Scan};

/// What is asked; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    path: PathBuf,
    ledger: Arc<OnceCell<Ledger>>,
    feeds: Feeds,
}

impl Findings {
    /// With a ledger that this process writes.
    pub(crate) fn new(ledger: Ledger, feeds: Feeds) -> Self {
        Self { path: ledger.path().to_owned(), ledger: Arc::new(OnceCell::new_with(Some(ledger))), feeds }
    }

    /// With the ledger at `path`, which is only read and need not be there yet.
    pub(crate) fn only_read(path: PathBuf, feeds: Feeds) -> Self {
        Self { path, ledger: Arc::default(), feeds }
    }

    async fn ledger(&self) -> Result<&Ledger, StoreError> {
        self.ledger.get_or_try_init(|| Ledger::open_read_only(&self.path)).await
    }

    /// Everything that is known of what is published.
    pub(crate) async fn known(&self, publications: &[&Publication], now: Timestamp) -> Known {
        let feeds = self.feeds.clone();
        let (states, rescanned) = worker::blocking(move || (feeds.states(), feeds.last_rescan())).await;
        let data = DataState::of(states, self.feeds.stale_after(), now);
        match self.remembered(publications, &rescanned, data.standing, now).await {
            Ok((images, fixes)) => Known { data, images, fixes, unreadable: None },
            Err(error) => Known { data, unreadable: Some(error.to_string()), ..Known::default() },
        }
    }

    async fn remembered(
        &self,
        publications: &[&Publication],
        rescanned: &[FeedUse],
        data: Standing,
        now: Timestamp,
    ) -> Result<(BTreeMap<String, ImageFindings>, Vec<FixRecord>), StoreError> {
        let judged = Judged { now, stale_after: self.feeds.stale_after(), data, rescanned };
        let ledger = self.ledger().await?;
        let mut images = BTreeMap::new();
        for published in publications {
            images.insert(published.image.clone(), image(ledger, published, &judged).await?);
        }
        let mut fixes = ledger.fixes(&FixFilter::default()).await?;
        fixes.sort_by(|one, other| newest_first(one).cmp(&newest_first(other)));
        Ok((images, fixes))
    }

    /// The whole ledger as CSV.
    pub(crate) async fn csv(&self) -> Result<String, StoreError> {
        self.ledger().await?.export_csv(&FixFilter::default()).await
    }

    /// What happened at or after `since`, the newest first, at most `limit` of them.
    pub(crate) async fn events(&self, since: Option<Timestamp>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.ledger().await?.events(since, limit).await
    }
}

/// What is open comes first, with the oldest fix before the others; then the last tag move.
fn newest_first(fix: &FixRecord) -> impl Ord + use<'_> {
    let is_closed = fix.state != FixState::Open;
    let age = if is_closed { Timestamp::MIN } else { fix.archive_at.unwrap_or(Timestamp::MAX) };
    (is_closed, age, std::cmp::Reverse(fix.tagged_at), &fix.id, &fix.image, &fix.platform)
}

/// The reports of the manifests that are under an image's tags.
async fn image(ledger: &Ledger, published: &Publication, judged: &Judged<'_>) -> Result<ImageFindings, StoreError> {
    let (mut scans, mut first_seen, mut verdict) = (Vec::new(), FirstSeen::new(), None);
    for (platform, one) in &published.platforms {
        let record = ledger.report_of(&one.manifest).await?;
        for (finding, at) in ledger.first_seen(&published.image, platform).await? {
            let known = first_seen.entry(finding).or_insert(at);
            *known = at.min(*known);
        }
        let judgement = record.as_ref().and_then(|it| it.verdict.clone());
        verdict = verdict.or(judgement.and_then(|it| serde_json::from_value::<Verdict>(it).ok()));
        scans.push(Scan { platform: platform.clone(), report: record.map(|it| (it.at, it.report)) });
    }
    Ok(ImageFindings::of(scans, &first_seen, verdict, judged))
}

#[cfg(test)]
mod tests {
    use worker::FeedSettings;

    use super::*;
    use crate::findings::fixtures::{at, feeds, fill};
    use crate::status_fixtures::{findings, publication};

    #[tokio::test]
    async fn what_is_under_the_tags_is_known_from_the_ledger_and_the_feeds() {
        let state = tempfile::tempdir().unwrap();
        fill(state.path()).await;
        // A feed as an earlier process left it.
        let folder = state.path().join("feeds");
        std::fs::create_dir_all(folder.join("sha256")).unwrap();
        std::fs::write(folder.join("sha256").join(blob::Digest::of("t").hex()), "t").unwrap();
        let kept = serde_json::to_vec(&feeds("2026-11-23T12:00:00Z")[0]).unwrap();
        std::fs::write(folder.join("tracker.json"), kept).unwrap();
        let feeds = Feeds::open(&FeedSettings::default(), state.path(), &worker::silent()).unwrap();
        let source = Findings::only_read(Ledger::path_of(state.path()), feeds);
        let known = source.known(&[&publication("python")], at("2026-11-23T14:08:00Z")).await;
        let python = &known.images["python"];
        assert_eq!((python.counts.fixable, python.rows.len(), known.fixes.len()), (1, 5, 1));
        assert_eq!((python.graded.grade.to_string().as_str(), &known.unreadable), ("B", &None));
        assert!(known.data.standing.is_current() && python.verdict.is_some());
        let later = source.known(&[&publication("python")], at("2026-11-24T14:08:00Z")).await;
        assert_eq!(later.graded("python").grade, scan::Grade::Unknown);
    }

    #[tokio::test]
    async fn a_ledger_that_is_not_there_makes_all_unknown_until_it_is() {
        let state = tempfile::tempdir().unwrap();
        let (source, published) = (findings(state.path()), publication("python"));
        let known = source.known(&[&published], at("2026-11-23T14:08:00Z")).await;
        assert!(known.unreadable.unwrap().starts_with("there is no ledger at `"));
        fill(state.path()).await;
        let known = source.known(&[&published], at("2026-11-23T14:08:00Z")).await;
        assert_eq!((known.unreadable, known.images.len()), (None, 1));
    }
}
