//! Five months of an archive with two sources and two images: every row of the ledger is counted again from the plan of what came when.
//!
//! The plan is all that the counting knows: days, sources, versions, and which version fixes what. The ledger must have just these rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scan::{FixRecord, FixState};
use store::{FixFilter, Month, Percentiles};
use tests::FakePackage;

use crate::house::{House, days_ago, media_types, netbase};
use crate::known::Tracker;

const IMAGES: [&str; 2] = ["base-nossl", "static"];

/// So many days ago the archive got a version of a source; a wave ran after each.
const PLAN: [(i64, &str, &str); 9] = [
    (141, "media-types", "13.0.1"),
    (120, "netbase", "6.6"),
    (103, "media-types", "13.0.2"),
    (77, "media-types", "13.0.5"),
    (64, "netbase", "6.7"),
    (33, "netbase", "6.8"),
    (20, "media-types", "13.0.6"),
    (9, "media-types", "13.0.7"),
    (2, "netbase", "6.9"),
];

/// What fixes what: (number of the vulnerability, source, version). Some versions are never in the archive themselves, a later one has the fix;
/// some fix nothing, some several, one comes with the first, one is not there yet.
const FIXES: [(u32, &str, &str); 10] = [
    (1001, "media-types", "13.0.1"),
    (1002, "media-types", "13.0.1"),
    (1003, "media-types", "13.0.4"),
    (1004, "media-types", "13.0.5"),
    (1005, "media-types", "13.0.7"),
    (1006, "media-types", "13.1"),
    (1007, "netbase", "6.5"),
    (1008, "netbase", "6.6+deb13u1"),
    (1009, "netbase", "6.8"),
    (1010, "netbase", "6.9"),
];

fn package(source: &str, version: &str) -> FakePackage {
    if source == "netbase" { netbase(version) } else { media_types(version) }
}

fn is_at_least(version: &str, fixed: &str) -> bool {
    let version: debian::Version = version.parse().unwrap();
    version >= fixed.parse().unwrap()
}

/// When the archive had each step, and when the tags of each image moved for it.
struct Step {
    date: Timestamp,
    tagged: BTreeMap<String, Timestamp>,
}

async fn replay(house: &mut House) -> Vec<Step> {
    let mut steps = Vec::new();
    for (days, source, version) in PLAN {
        let date = days_ago(days);
        house.secure(date, [package(source, version)]);
        house.publish(&IMAGES).await;
        let tagged = IMAGES.map(|image| (image.to_owned(), house.publication(image).published));
        steps.push(Step { date, tagged: tagged.into() });
    }
    steps
}

/// The row that a vulnerability must have in an image: the date of the first file with the fix, the tag move, the seconds between.
type Row = (String, String, FixState, Option<Timestamp>, Option<i64>, Option<i64>);

fn wanted(steps: &[Step]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, source, fixed) in FIXES {
        let start = if source == "netbase" { "6.5" } else { "13.0.0" };
        if is_at_least(start, fixed) {
            continue;
        }
        let brings = |step: &(i64, &str, &str)| step.1 == source && is_at_least(step.2, fixed);
        let step = PLAN.iter().position(brings).map(|at| &steps[at]);
        for image in IMAGES {
            let tagged = step.map(|step| step.tagged[image]);
            let lag = step.zip(tagged).map(|(step, tagged)| tagged.duration_since(step.date).as_secs());
            let state = if step.is_some() { FixState::Fixed } else { FixState::Open };
            let tagged = tagged.map(Timestamp::as_millisecond);
            rows.push((image.to_owned(), format!("CVE-2026-{number}"), state, step.map(|it| it.date), tagged, lag));
        }
    }
    rows.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    rows
}

fn row(record: &FixRecord) -> Row {
    let tagged = record.tagged_at.map(Timestamp::as_millisecond);
    (record.image.clone(), record.id.clone(), record.state, record.archive_at, tagged, record.lag_seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_ledger_is_what_the_plan_says() {
    let mut house = House::new();
    let fixes = FIXES.iter();
    house.know(&fixes.fold(Tracker::default(), |all, (number, source, fixed)| {
        all.fixed(source, &format!("CVE-2026-{number}"), fixed)
    }));
    house.publish(&IMAGES).await;
    let steps = replay(&mut house).await;
    house.rescan().await;
    let records = house.ledger().fixes(&FixFilter::default()).await.unwrap();
    let mut rows: Vec<Row> = records.iter().map(row).collect();
    rows.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    assert_eq!(rows, wanted(&steps));
    assert_eq!(rows.len(), 18, "two images, nine vulnerabilities that they ever had");
    for record in &records {
        let steps = [record.observed_at, record.decided_at, record.built_at, record.scanned_at, record.signed_at];
        let steps: Vec<_> = steps.into_iter().chain([record.tagged_at]).flatten().collect();
        assert!(steps.is_sorted() && (steps.len() == 6 || record.state == FixState::Open), "{record:?}");
    }

    // The least lag that so many of a hundred do not exceed.
    let mut lags: Vec<i64> = rows.iter().filter_map(|row| row.5).collect();
    lags.sort_unstable();
    assert_eq!(lags.len(), 16);
    let month = Month::of(Timestamp::now());
    let summary = house.ledger().monthly_summary(month).await.unwrap();
    let known = Percentiles { count: 16, unknown: 0, p50: Some(lags[7]), p95: Some(lags[15]), p99: Some(lags[15]) };
    assert_eq!((summary.all.lag, summary.all.fixed, summary.all.removed), (known, 16, 0));
    assert_eq!((summary.all.open, summary.images.len()), (0, 2), "what the archive lacks is nobody's lag");
}
