//! Reports made up for the tests of `scan`.

use scan::{
    DebianWords, Distribution, Finding, FindingStatus, PackageName, REPORT_SCHEMA, Report, ReportSubject, Severities,
    Standing,
};

/// A report of these findings.
pub(crate) fn report(findings: Vec<Finding>) -> Report {
    Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject {
            name: "images.example/python".into(),
            digest: None,
            platform: Some("linux/amd64".into()),
        },
        distribution: Distribution { id: "debian".into(), version: Some("13".into()), codename: Some("trixie".into()) },
        packages: 2,
        feeds: Vec::new(),
        standing: Standing::Current { date: "2026-11-23T12:00:00Z".parse().unwrap() },
        findings,
        remarks: Vec::new(),
    }
}

/// A finding about which nothing else is said.
pub(crate) fn finding(id: &str, source: &str, status: FindingStatus) -> Finding {
    Finding {
        id: id.into(),
        source: source.into(),
        source_version: "1.0-1".into(),
        packages: vec![PackageName { name: format!("lib{source}"), version: "1.0-1".into() }],
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
