//! For tests: a ledger in a folder of its own, and values to fill it with.

use blob::Digest;
use jiff::Timestamp;
use scan::{
    DebianWords, FeedKind, FeedUse, Finding, FindingStatus, FixEvidence, FixRecord, FixState, InstalledPackage,
    Moments, REPORT_SCHEMA, Report, ReportSubject, Severities, Standing, Turn,
};
use tempfile::TempDir;

use crate::{Ledger, PublishedImage, PublishedPlatform, RecordedReason, ScannedImage, SuiteObservation};

/// An empty ledger.
pub(crate) async fn ledger() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Ledger::path_of(folder.path())).await.unwrap();
    (folder, ledger)
}

/// An hour of November 2026: `at(3, 12)` is noon of the third.
pub(crate) fn at(day: i8, hour: i8) -> Timestamp {
    format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
}

/// An `InRelease` of noon of that day, received an hour later.
pub(crate) fn seen(suite: &str, day: i8) -> SuiteObservation {
    let digest = Digest::of(format!("{suite} {day}"));
    SuiteObservation { suite: suite.into(), digest, date: at(day, 12), received: at(day, 13) }
}

/// Sources written as `a=1`.
pub(crate) fn sources(list: &[&str]) -> Vec<(String, String)> {
    let pair = |text: &&str| text.split_once('=').map(|(source, version)| (source.to_owned(), version.to_owned()));
    list.iter().filter_map(pair).collect()
}

/// A publication of linux/amd64, tagged at noon of that day, with sources written as `a=1`; its name is that of its content.
pub(crate) fn published(image: &str, day: i8, list: &[&str]) -> PublishedImage {
    let package = |(source, version): (String, String)| InstalledPackage {
        name: format!("lib{source}"),
        version: version.clone(),
        architecture: "amd64".into(),
        source,
        source_version: version,
    };
    let hour = |hour| Some(at(day, hour));
    PublishedImage {
        image: image.into(),
        codename: "trixie".into(),
        index: Digest::of(format!("{image} {list:?}")),
        tags: vec!["latest".into()],
        reasons: vec![RecordedReason { line: format!("day {day}"), value: serde_json::json!({ "reason": "new" }) }],
        moments: Moments { decided: hour(8), built: hour(9), scanned: hour(10), signed: hour(11), tagged: at(day, 12) },
        platforms: vec![PublishedPlatform {
            platform: "linux/amd64".into(),
            manifest: manifest(image, list),
            packages: sources(list).into_iter().map(package).collect(),
        }],
    }
}

/// The manifest of such a publication.
pub(crate) fn manifest(image: &str, list: &[&str]) -> Digest {
    Digest::of(format!("manifest {image} {list:?}"))
}

/// A scan at that time that found these: (source, id, status).
pub(crate) fn scanned(
    image: &str,
    list: &[&str],
    at: Timestamp,
    found: &[(&str, &str, FindingStatus)],
) -> ScannedImage {
    let manifest = manifest(image, list);
    let feed = FeedUse { kind: FeedKind::Tracker, name: "tracker.json".into(), digest: Digest::of("t"), date: at };
    let report = Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject { name: image.into(), digest: Some(manifest.clone()), platform: None },
        distribution: scan::Distribution::default(),
        packages: list.len(),
        feeds: vec![feed],
        standing: Standing::Current { date: at },
        findings: found.iter().map(|(source, id, status)| finding(source, id, *status)).collect(),
        remarks: Vec::new(),
    };
    ScannedImage { image: image.into(), platform: "linux/amd64".into(), manifest, at, report, verdict: None }
}

fn finding(source: &str, id: &str, status: FindingStatus) -> Finding {
    Finding {
        id: id.into(),
        source: source.into(),
        source_version: "1".into(),
        packages: Vec::new(),
        status,
        fixed_version: None,
        fix: None,
        notices: Vec::new(),
        debian: DebianWords::default(),
        severity: Severities::default(),
        description: None,
        evidence: Vec::new(),
    }
}

/// A fix that came into the archive at midnight of one day, and was tagged at midnight of another.
pub(crate) fn fix(image: &str, id: &str, archive: i8, tagged: Option<i8>) -> FixRecord {
    let tagged = tagged.map(|day| at(day, 0));
    let archive = at(archive, 0);
    FixRecord {
        image: image.into(),
        platform: "linux/amd64".into(),
        id: id.into(),
        source: "a".into(),
        occurrence: 1,
        state: if tagged.is_some() { FixState::Fixed } else { FixState::Open },
        affected_version: "1".into(),
        affected_at: at(1, 0),
        fixed_version: Some("2".into()),
        evidence: Some(FixEvidence::Tracker),
        archive_version: Some("2".into()),
        archive_suite: Some("trixie-security".into()),
        archive_at: Some(archive),
        archive_after: None,
        sid_at: None,
        notice: Some("DSA-1-1".into()),
        notice_date: "2026-11-01".parse().ok(),
        observed_at: Some(archive),
        decided_at: None,
        built_at: None,
        scanned_at: None,
        signed_at: None,
        tagged_at: tagged,
        index: tagged.map(|_| Digest::of("index")),
        published_version: tagged.map(|_| "2".into()),
        lag_seconds: tagged.map(|tagged| tagged.duration_since(archive).as_secs()),
        turn: tagged.is_none().then_some(Turn::Ours),
    }
}
