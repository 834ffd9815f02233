//! The state of all images at one moment, as the ledger knows it.
//!
//! In: publications, reports, open fixes, feeds and lags. Out: a [`State`] for programs, and its text for people.

use jiff::Timestamp;
use scan::{Counts, FeedUse, FirstSeen, FixRecord, Graded, Report, Turn, grade, headline};
use serde::Serialize;
use store::{Percentiles, PublicationRecord};

use crate::history_text::{lasting, moment};
use crate::output::Table;
use crate::shown::shown;
use crate::status_parts::distance;

/// Everything at one moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct State {
    schema: &'static str,
    at: Timestamp,
    images: Vec<ImageState>,
    open_fixes: Vec<OpenFix>,
    feeds: Vec<FeedUse>,
    lag_of_30_days: Percentiles,
}

/// One image's platform.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ImageState {
    image: String,
    platform: String,
    grade: Option<Graded>,
    counts: Option<Counts>,
    summary: String,
    published: Option<Timestamp>,
}

/// A fix that is not published yet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct OpenFix {
    age_seconds: Option<u64>,
    #[serde(flatten)]
    record: FixRecord,
}

impl ImageState {
    /// From the newest publication and the newest report, where they are known.
    pub(crate) fn of(
        image: &str,
        platform: &str,
        published: Option<&PublicationRecord>,
        report: Option<&Report>,
        first_seen: &FirstSeen,
        now: Timestamp,
    ) -> Self {
        Self {
            image: image.to_owned(),
            platform: platform.to_owned(),
            grade: report.map(|report| grade(report, first_seen, now)),
            counts: report.map(Counts::of),
            summary: report.map_or_else(|| "unknown: not scanned".to_owned(), headline),
            published: published.map(|it| it.moments.tagged),
        }
    }
}

impl State {
    /// Of these parts.
    pub(crate) fn of(
        at: Timestamp,
        images: Vec<ImageState>,
        open: Vec<FixRecord>,
        feeds: Vec<FeedUse>,
        lags: Percentiles,
    ) -> Self {
        let age = |record: FixRecord| OpenFix { age_seconds: record.age(at).map(|it| it.as_secs()), record };
        let open_fixes = open.into_iter().map(age).collect();
        Self { schema: "bedplate.status/v1", at, images, open_fixes, feeds, lag_of_30_days: lags }
    }

    /// The state for people, in lines or Markdown.
    pub(crate) fn text(&self, in_markdown: bool) -> String {
        let form = |table: &Table| if in_markdown { table.to_markdown() } else { table.to_text() };
        let images = self.image_table();
        let images = if images.is_empty() { "Nothing is published yet.\n".to_owned() } else { form(&images) };
        let lines = if in_markdown { "\n\n" } else { "\n" };
        let feeds = self.feed_lines().join(lines) + "\n";
        format!("{images}\n{}\n{feeds}\n{}\n", self.open_text(form), self.lag_line())
    }

    fn image_table(&self) -> Table {
        let mut table = Table::new(["IMAGE", "PLATFORM", "GRADE", "FINDINGS", "PUBLISHED"]);
        for one in &self.images {
            let grade = one.grade.as_ref().map_or_else(|| "unknown".to_owned(), |it| it.grade.to_string());
            let published = one.published.map_or_else(|| "unknown".to_owned(), |at| distance(at, self.at));
            table.row([one.image.clone(), one.platform.clone(), grade, one.summary.clone(), published]);
        }
        table
    }

    fn open_text(&self, form: impl Fn(&Table) -> String) -> String {
        let mut table = Table::new(["IMAGE", "PLATFORM", "ID", "SOURCE", "FIXED IN", "WAITING", "WHOSE TURN"]);
        let is_debians = |it: &&OpenFix| it.record.turn == Some(Turn::Debian);
        for OpenFix { age_seconds, record } in self.open_fixes.iter().filter(|it| !is_debians(it)) {
            let age = age_seconds.and_then(|age| i64::try_from(age).ok());
            let turn = record.turn.as_ref().map(|turn| shown(&turn.to_string())).unwrap_or_default();
            let version = record.archive_version.clone().unwrap_or_default();
            let (image, platform, id, source) = (&record.image, &record.platform, &record.id, &record.source);
            let waiting = age.map_or_else(|| "unknown".to_owned(), lasting);
            table.row([image.clone(), platform.clone(), id.clone(), source.clone(), version, waiting, turn]);
        }
        let debians = match self.open_fixes.iter().filter(is_debians).count() {
            0 => String::new(),
            count => format!("\nWithout a fix in the archive: {count}. It is Debian's turn.\n"),
        };
        if table.is_empty() {
            return format!("Open fixes that the archive has: none.\n{debians}");
        }
        format!("Open fixes that the archive has:\n\n{}{debians}", form(&table))
    }

    fn feed_lines(&self) -> Vec<String> {
        if self.feeds.is_empty() {
            return vec!["There are no vulnerability data.".to_owned()];
        }
        let line =
            |feed: &FeedUse| format!("{} of {} ({})", feed.name, moment(feed.date), distance(feed.date, self.at));
        self.feeds.iter().map(line).collect()
    }

    fn lag_line(&self) -> String {
        let Percentiles { count, unknown, p50, p95, p99 } = self.lag_of_30_days;
        let start = "From the archive to the tag, last 30 days:";
        let unknown = if unknown > 0 { format!("; of {unknown} more nobody knows") } else { String::new() };
        match (p50, p95, p99) {
            (Some(p50), Some(p95), Some(p99)) => {
                let fixes = if count == 1 { "1 fix".to_owned() } else { format!("{count} fixes") };
                let [p50, p95, p99] = [p50, p95, p99].map(lasting);
                format!("{start} p50 {p50}, p95 {p95}, p99 {p99} ({fixes}{unknown}).")
            }
            _ => format!("{start} no fix{unknown}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use blob::Digest;
    use scan::FeedKind;

    use super::*;
    use crate::history_fixtures::{open, publication};

    fn state() -> State {
        let now: Timestamp = "2026-09-12T12:00:00Z".parse().unwrap();
        let published = publication("2026-09-10T12:00:00Z", &[]);
        let image = ImageState::of("base", "linux/amd64", Some(&published), None, &FirstSeen::new(), now);
        let ours = FixRecord {
            archive_version: Some("3.5-2".into()),
            archive_at: "2026-09-12T06:00:00Z".parse().ok(),
            turn: Some(Turn::Blocked { reason: "the gate refuses it".into() }),
            ..open()
        };
        let date = "2026-09-12T11:00:00Z".parse().unwrap();
        let feed = FeedUse { kind: FeedKind::Tracker, name: "tracker.json".into(), digest: Digest::of("t"), date };
        let lags = Percentiles::of([Some(3_600), Some(7_200), None]);
        State::of(now, vec![image], vec![ours, open()], vec![feed], lags)
    }

    #[test]
    fn all_is_told_at_a_glance() {
        let wanted = "  IMAGE  PLATFORM     GRADE    FINDINGS              PUBLISHED
  base   linux/amd64  unknown  unknown: not scanned  2 days ago

Open fixes that the archive has:

  IMAGE  PLATFORM     ID          SOURCE   FIXED IN  WAITING    WHOSE TURN
  base   linux/amd64  CVE-2026-1  openssl  3.5-2     6 h 0 min  blocked: the gate refuses it

Without a fix in the archive: 1. It is Debian's turn.

tracker.json of 2026-09-12 11:00:00 (1 hour ago)

From the archive to the tag, last 30 days: p50 1 h 0 min, p95 2 h 0 min, p99 2 h 0 min (2 fixes; of 1 more nobody knows).
";
        assert_eq!(state().text(false), wanted);
        assert!(state().text(true).starts_with("| IMAGE | PLATFORM | GRADE |"));
    }

    #[test]
    fn programs_get_values() {
        let value = serde_json::to_value(state()).unwrap();
        assert_eq!(value["open-fixes"][0]["age-seconds"], 21_600);
        assert_eq!(value["open-fixes"][1]["age-seconds"], serde_json::Value::Null);
        assert_eq!((&value["lag-of-30-days"]["p95"], &value["schema"]), (&7_200.into(), &"bedplate.status/v1".into()));
    }
}
