//! The API's answers about vulnerabilities: reports, the ledger, feeds, events.
//!
//! In: [`Known`], events. Out: JSON, with a schema each; keys are added in later versions, none changes. Keys of a report are those of
//! `bedplate.report/v1`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plan::Publication;
use scan::{Counts, FixRecord, Grade, Report, Standing, Verdict};
use serde::Serialize;
use store::{Event, Percentiles};
use worker::FeedState;

use crate::findings::{ImageFindings, Known, lags, lags_of_days, reason};
use crate::status_findings::DAYS;

/// What an image comes to. Counts are null where nobody can say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Summary<'k> {
    /// The grade.
    pub(crate) grade: Grade,
    /// Why, in words.
    pub(crate) reason: String,
    /// The counts in one sentence; unknown comes first.
    pub(crate) headline: &'k str,
    /// How its data stand at this moment.
    pub(crate) data: Standing,
    /// How many findings of each kind; null unless the data are current.
    pub(crate) counts: Option<Counts>,
    /// When it was scanned.
    pub(crate) scanned: Option<Timestamp>,
}

impl<'k> Summary<'k> {
    /// Of an image that is published.
    pub(crate) fn of(known: &'k Known, image: &str) -> Self {
        let (graded, found) = (known.graded(image), known.images.get(image));
        Self {
            grade: graded.grade,
            reason: reason(&graded).to_owned(),
            headline: found.map_or("unknown: the image was not scanned", |it| &it.headline),
            data: found.map_or(Standing::Absent, |it| it.standing),
            counts: found.filter(|it| it.standing.is_current()).map(|it| it.counts),
            scanned: found.and_then(|it| it.scanned),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Vulnerabilities<'k> {
    schema: &'static str,
    image: &'k str,
    index: &'k blob::Digest,
    #[serde(flatten)]
    summary: Summary<'k>,
    verdict: Option<&'k Verdict>,
    reports: &'k [Report],
    fixes: Vec<&'k FixRecord>,
}

/// Everything about one image.
pub(crate) fn vulnerabilities(known: &Known, published: &Publication) -> Vec<u8> {
    let found: Option<&ImageFindings> = known.images.get(&published.image);
    json(&Vulnerabilities {
        schema: "bedplate.vulnerabilities/v1",
        image: &published.image,
        index: &published.index,
        summary: Summary::of(known, &published.image),
        verdict: found.and_then(|it| it.verdict.as_ref()),
        reports: found.map_or(&[], |it| &it.reports),
        fixes: known.fixes_of(&published.image).collect(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Ledger<'k> {
    schema: &'static str,
    lags: BTreeMap<&'static str, Percentiles>,
    open: BTreeMap<&'static str, usize>,
    fixes: &'k [FixRecord],
}

/// The ledger: what is open first, then the newest.
pub(crate) fn fixes(known: &Known, now: Timestamp) -> Vec<u8> {
    json(&Ledger {
        schema: "bedplate.fixes/v1",
        lags: BTreeMap::from([("all", lags(&known.fixes)), ("last-30-days", lags_of_days(&known.fixes, DAYS, now))]),
        open: BTreeMap::from(known.open_fixes()),
        fixes: &known.fixes,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct States<'k> {
    schema: &'static str,
    data: Standing,
    trouble: Option<String>,
    stale_after_seconds: u64,
    feeds: &'k [FeedState],
}

/// How the feeds stand.
pub(crate) fn feeds(known: &Known) -> Vec<u8> {
    let data = &known.data;
    json(&States {
        schema: "bedplate.feeds/v1",
        data: data.standing,
        trouble: data.trouble(),
        stale_after_seconds: data.stale_after.as_secs(),
        feeds: &data.feeds,
    })
}

#[derive(Serialize)]
struct Events<'e> {
    schema: &'static str,
    events: &'e [Event],
}

/// What happened, the newest first.
pub(crate) fn events(events: &[Event]) -> Vec<u8> {
    json(&Events { schema: "bedplate.events/v1", events })
}

/// Why something cannot be answered, as RFC 9457 (`application/problem+json`) has it.
pub(crate) fn problem(status: u16, code: &str, detail: &str) -> Vec<u8> {
    json(&serde_json::json!({ "code": code, "detail": detail, "status": status, "title": code.replace('-', " ") }))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known, problem as feed_problem};
    use crate::status_fixtures::publication;

    fn value(bytes: &[u8]) -> serde_json::Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn an_image_has_its_reports_its_grade_and_its_fixes() {
        let answer = value(&vulnerabilities(&known(NOW), &publication("python")));
        assert_eq!((&answer["schema"], &answer["grade"]), (&"bedplate.vulnerabilities/v1".into(), &"B".into()));
        assert_eq!((&answer["counts"]["fixable"], &answer["data"]["standing"]), (&1.into(), &"current".into()));
        assert_eq!(answer["reports"][1]["subject"]["platform"], "linux/arm64");
        assert_eq!(answer["fixes"].as_array().unwrap().len(), 4);
        assert!(answer["reason"].as_str().unwrap().starts_with("openssl 3.5.7-1~deb13u4 (DSA-6531-1)"), "{answer}");
    }

    #[test]
    fn unknown_has_no_counts() {
        let stale = value(&vulnerabilities(&known("2026-11-25T00:00:00Z"), &publication("python")));
        assert_eq!((&stale["grade"], &stale["counts"]), (&"unknown".into(), &serde_json::Value::Null));
        assert_eq!(stale["reports"][0]["standing"]["standing"], "stale");
        let absent = value(&vulnerabilities(&Known::default(), &publication("python")));
        assert_eq!(
            (&absent["grade"], &absent["headline"]),
            (&"unknown".into(), &"unknown: the image was not scanned".into())
        );
    }

    #[test]
    fn the_ledger_has_percentiles_and_feeds_their_trouble() {
        let answer = value(&fixes(&known(NOW), at(NOW)));
        assert_eq!((&answer["lags"]["all"]["p50"], &answer["open"]["ours"]), (&12_000.into(), &1.into()));
        let mut known = known("2026-11-25T00:00:00Z");
        known.data.feeds[0].problem = Some(feed_problem());
        let answer = value(&feeds(&known));
        assert_eq!(
            (&answer["data"]["standing"], &answer["feeds"][0]["problem"]["whose"]),
            (&"stale".into(), &"upstream".into())
        );
        assert!(answer["trouble"].as_str().unwrap().contains("every grade is unknown"), "{answer}");
    }
}
