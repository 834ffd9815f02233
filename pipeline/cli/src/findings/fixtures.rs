//! Made-up findings for tests: hostile texts among them.
//!
//! In: names and times. Out: reports, rows of the ledger, and a [`Known`] of the image `python` as the other fixtures publish it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use blob::Digest;
use jiff::{SignedDuration, Timestamp};
use scan::{
    ArchiveFix, CvssScore, DebianWords, Distribution, EpssScore, Evidence, FeedKind, FeedUse, Finding, FindingStatus,
    FirstSeen, FixEvidence, FixRecord, FixState, GateReason, Moments, Notice, Overridden, Override, PackageName,
    REPORT_SCHEMA, ReasonKind, Report, ReportSubject, Severities, Standing, Turn, Verdict,
};
use store::{Ledger, PublishedImage, ScannedImage};
use worker::{FeedProblem, FeedState, Whose};

use crate::findings::{DataState, ImageFindings, Judged, Known, Scan};
use crate::status_fixtures::publication;

/// The moment of most tests.
pub(crate) const NOW: &str = "2026-11-23T14:08:00Z";

/// The date of the data in reports.
const DATA: &str = "2026-11-23T12:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A finding with one package that is named like its source.
pub(crate) fn finding(id: &str, source: &str, status: FindingStatus) -> Finding {
    Finding {
        id: id.into(),
        source: source.into(),
        source_version: "1.0-1".into(),
        packages: vec![PackageName { name: source.into(), version: "1.0-1".into() }],
        status,
        fixed_version: None,
        fix: None,
        notices: Vec::new(),
        debian: DebianWords {
            status: "open".into(),
            reason: Some("Minor <i>issue</i>".into()),
            ..DebianWords::default()
        },
        severity: Severities { urgency: Some("not yet assigned".into()), ..Severities::default() },
        description: Some("A <script>alert(2)</script> in the parser".into()),
        evidence: Vec::new(),
    }
}

/// A finding whose fix is in trixie-security since eight hours before [`NOW`], with every severity there is.
pub(crate) fn fixable(id: &str, source: &str) -> Finding {
    Finding {
        fixed_version: Some("3.5.7-1~deb13u4".into()),
        fix: Some(ArchiveFix {
            version: "3.5.7-1~deb13u4".into(),
            suite: "trixie-security".into(),
            since: Some(at("2026-11-23T06:08:00Z")),
        }),
        notices: vec![Notice { id: "DSA-6531-1".into(), date: "2026-11-23".parse().unwrap() }],
        severity: Severities {
            urgency: Some("high".into()),
            cvss: Some(CvssScore { vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H".into(), score: 7.5 }),
            kev: Some("2026-11-21".parse().unwrap()),
            epss: Some(EpssScore { probability: 0.123, percentile: Some(0.9) }),
        },
        ..finding(id, source, FindingStatus::Fixable)
    }
}

/// What most images have: one finding of each kind that pages tell apart.
pub(crate) fn findings() -> Vec<Finding> {
    let mut absent = finding("CVE-2023-45853", "zlib", FindingStatus::NotAffected);
    let reason = "minizip is <not> built".into();
    absent.evidence = vec![Evidence::ComponentNotPresent { component: "minizip".into(), reason }];
    vec![
        fixable("CVE-2026-2", "openssl"),
        finding("CVE-2026-1", "glibc", FindingStatus::NoDsa),
        finding("CVE-2026-3", "glibc", FindingStatus::UnderInvestigation),
        finding("CVE-2010-4756", "glibc", FindingStatus::Negligible),
        absent,
    ]
}

/// A report on `python` with data of two hours before [`NOW`].
pub(crate) fn report(platform: &str, findings: Vec<Finding>) -> Report {
    Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject {
            name: "registry.example/python".into(),
            digest: Some(Digest::of(format!("python {platform}"))),
            platform: Some(platform.into()),
        },
        distribution: Distribution { id: "debian".into(), version: Some("13".into()), codename: Some("trixie".into()) },
        packages: 3,
        feeds: vec![FeedUse {
            kind: FeedKind::Tracker,
            name: "tracker".into(),
            digest: Digest::of("t"),
            date: at(DATA),
        }],
        standing: Standing::Current { date: at(DATA) },
        findings,
        remarks: Vec::new(),
    }
}

/// A fix that reached the tags on 2026-11-23, so long after the archive had it.
pub(crate) fn fixed(id: &str, lag: Option<i64>) -> FixRecord {
    let tagged = at("2026-11-23T13:00:00Z");
    FixRecord {
        image: "python".into(),
        platform: "linux/amd64".into(),
        id: id.into(),
        source: "openssl".into(),
        occurrence: 1,
        state: FixState::Fixed,
        affected_version: "3.5.4-1".into(),
        affected_at: at("2026-11-01T00:00:00Z"),
        fixed_version: Some("3.5.4-2".into()),
        evidence: Some(FixEvidence::Tracker),
        archive_version: Some("3.5.4-2".into()),
        archive_suite: Some("trixie-security".into()),
        archive_at: lag.map(|lag| tagged - SignedDuration::from_secs(lag)),
        archive_after: None,
        sid_at: None,
        notice: Some("DSA-6530-1".into()),
        notice_date: Some("2026-11-22".parse().unwrap()),
        observed_at: None,
        decided_at: None,
        built_at: None,
        scanned_at: None,
        signed_at: None,
        tagged_at: Some(tagged),
        index: Some(Digest::of("python")),
        published_version: Some("3.5.4-2".into()),
        lag_seconds: lag,
        turn: None,
    }
}

/// A fix that is not under the tags: in the archive for eight hours if it is our turn.
pub(crate) fn open(id: &str, turn: Turn) -> FixRecord {
    let archive_at = (turn != Turn::Debian).then(|| at("2026-11-23T06:08:00Z"));
    let state = FixState::Open;
    FixRecord {
        state,
        archive_at,
        tagged_at: None,
        index: None,
        published_version: None,
        lag_seconds: None,
        turn: Some(turn),
        ..fixed(id, None)
    }
}

/// The tracker's feed with data of this date, read a quarter of an hour before [`NOW`].
pub(crate) fn feeds(date: &str) -> Vec<FeedState> {
    let kept = serde_json::json!({
        "digest": Digest::of("t"), "bytes": 1, "fetched": date, "address": "https://tracker.example/json",
        "last-modified": null, "etag": null, "shape": { "entries": 49_847, "bytes": 1, "date": date },
    });
    vec![FeedState {
        kind: FeedKind::Tracker,
        name: "tracker".into(),
        address: "https://tracker.example/json".into(),
        checked: Some(at("2026-11-23T13:55:00Z")),
        kept: Some(serde_json::from_value(kept).unwrap()),
        problem: None,
    }]
}

pub(crate) fn problem() -> FeedProblem {
    FeedProblem {
        name: "tracker".into(),
        message: "no route to <b>host</b>".into(),
        whose: Whose::Upstream,
        at: at("2026-11-23T14:00:00Z"),
    }
}

/// An override that holds until this day.
pub(crate) fn override_of(expires: &str) -> Overridden {
    let (name, reason) = ("Ann <b>Example</b>".into(), "the fix breaks TLS".into());
    Overridden {
        reason: GateReason {
            kind: ReasonKind::Rule,
            rule: Some("fixable".into()),
            source: Some("openssl".into()),
            ids: vec!["CVE-2026-2".into()],
            platforms: Vec::new(),
            text: "CVE-2026-2 in openssl is fixable".into(),
        },
        by: Override { name, reason, expires: expires.parse().unwrap(), ids: Vec::new(), images: vec!["*".into()] },
    }
}

/// The gate lets `python` through.
pub(crate) fn verdict() -> Verdict {
    Verdict {
        image: "python".into(),
        at: at(NOW),
        passed: true,
        reasons: Vec::new(),
        warnings: Vec::new(),
        tolerated: Vec::new(),
        overridden: Vec::new(),
        unknown: None,
    }
}

/// What is known of `python` at `now`: [`findings`] with data of [`DATA`], two fixes and two open ones.
pub(crate) fn known(now: &str) -> Known {
    let now = at(now);
    let stale_after = Duration::from_hours(24);
    let scan = |platform: &str| Scan {
        platform: platform.into(),
        report: Some((at("2026-11-23T12:30:00Z"), report(platform, findings()))),
    };
    let first_seen = FirstSeen::from([(("glibc".into(), "CVE-2026-1".into()), at("2026-11-10T00:00:00Z"))]);
    let data = Standing::Current { date: at(DATA) };
    let judged = Judged { now, stale_after, data, rescanned: &[] };
    let image =
        ImageFindings::of(vec![scan("linux/amd64"), scan("linux/arm64")], &first_seen, Some(verdict()), &judged);
    Known {
        data: DataState::of(feeds(DATA), stale_after, now),
        images: BTreeMap::from([("python".to_owned(), image)]),
        fixes: vec![
            open("CVE-2026-2", Turn::Ours),
            open("CVE-2026-1", Turn::Debian),
            fixed("CVE-2025-9", Some(12_000)),
            fixed("CVE-2025-8", Some(200_000)),
        ],
        unreadable: None,
    }
}

/// Writes into a state folder's ledger what was found in `python` on 2026-11-23, and one fix.
pub(crate) async fn fill(state: &Path) {
    let ledger = Ledger::open(&Ledger::path_of(state)).await.unwrap();
    let publication = publication("python");
    let tagged = publication.published;
    let moments = Moments { decided: None, built: None, scanned: None, signed: None, tagged };
    ledger.published(&PublishedImage::of(&publication, moments, &[])).await.unwrap();
    let scan = |(platform, one): (&String, &plan::PublishedPlatform)| ScannedImage {
        image: "python".into(),
        platform: platform.clone(),
        manifest: one.manifest.clone(),
        at: tagged,
        report: report(platform, findings()),
        verdict: serde_json::to_value(verdict()).ok(),
    };
    let scans: Vec<ScannedImage> = publication.platforms.iter().map(scan).collect();
    ledger.scanned(&scans).await.unwrap();
    ledger.record_fixes(&[fixed("CVE-2025-9", Some(12_000))]).await.unwrap();
    ledger.close().await;
}
