//! Reports and findings for unit tests.

use blob::Digest;

use crate::{
    ArchiveFix, CvssScore, DebianWords, Distribution, EpssScore, FeedKind, FeedUse, Finding, FindingStatus, Notice,
    PackageName, REPORT_SCHEMA, Report, ReportSubject, Severities, Standing,
};

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
        debian: DebianWords { status: "open".into(), ..DebianWords::default() },
        severity: Severities::default(),
        description: None,
        evidence: Vec::new(),
    }
}

/// A finding whose fix is in trixie-security, with every severity there is.
pub(crate) fn fixable(id: &str, source: &str, since: &str) -> Finding {
    Finding {
        fixed_version: Some("3.5.7-1~deb13u4".into()),
        fix: Some(ArchiveFix {
            version: "3.5.7-1~deb13u4".into(),
            suite: "trixie-security".into(),
            since: Some(since.parse().unwrap()),
        }),
        notices: vec![Notice { id: "DSA-6531-1".into(), date: "2026-11-20".parse().unwrap() }],
        severity: Severities {
            urgency: Some("high".into()),
            cvss: Some(CvssScore { vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H".into(), score: 7.5 }),
            kev: Some("2026-11-21".parse().unwrap()),
            epss: Some(EpssScore { probability: 0.123, percentile: Some(0.9) }),
        },
        description: Some("A | hostile <name>".into()),
        ..finding(id, source, FindingStatus::Fixable)
    }
}

/// A report on `images.example/python` for linux/amd64 with data of 2026-11-23.
pub(crate) fn report(findings: Vec<Finding>) -> Report {
    let date = "2026-11-23T12:00:00Z".parse().unwrap();
    let distribution =
        Distribution { id: "debian".into(), version: Some("13".into()), codename: Some("trixie".into()) };
    Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject {
            name: "images.example/python".into(),
            digest: Some(Digest::of("amd64")),
            platform: Some("linux/amd64".into()),
        },
        distribution,
        packages: 40,
        feeds: vec![FeedUse { kind: FeedKind::Tracker, name: "tracker.json".into(), digest: Digest::of("x"), date }],
        standing: Standing::Current { date },
        findings,
        remarks: Vec::new(),
    }
}
