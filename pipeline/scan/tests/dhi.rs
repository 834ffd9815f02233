//! Real VEX documents of another publisher are read and applied as Trivy and Grype would. Where they come from: `vex/README.md`.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use blob::Digest;
use scan::{
    DebianWords, Distribution, Evidence, Finding, FindingStatus, PackageName, REPORT_SCHEMA, Report, ReportSubject,
    Severities, Standing, VexDocument,
};

const NGINX: &[u8] = include_bytes!("vex/dhi-nginx.vex.json.zst");
const NODE: &[u8] = include_bytes!("vex/dhi-node.vex.json.zst");
const STATIC: &[u8] = include_bytes!("vex/dhi-static.vex.json.zst");

fn read(bytes: &[u8]) -> VexDocument {
    let mut text = Vec::new();
    zstd::stream::copy_decode(bytes, &mut text).unwrap();
    VexDocument::read(std::str::from_utf8(&text).unwrap()).unwrap()
}

fn report(id: &str, source: &str, package: &str, version: &str) -> Report {
    let finding = Finding {
        id: id.into(),
        source: source.into(),
        source_version: version.into(),
        packages: vec![PackageName { name: package.into(), version: version.into() }],
        status: FindingStatus::Affected,
        fixed_version: None,
        fix: None,
        notices: Vec::new(),
        debian: DebianWords::default(),
        severity: Severities::default(),
        description: None,
        evidence: Vec::new(),
    };
    Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject {
            name: "images.example/nginx".into(),
            digest: Some(Digest::of("a")),
            platform: Some("linux/amd64".into()),
        },
        distribution: Distribution { id: "debian".into(), version: Some("13".into()), codename: Some("trixie".into()) },
        packages: 1,
        feeds: Vec::new(),
        standing: Standing::Absent,
        findings: vec![finding],
        remarks: Vec::new(),
    }
}

#[test]
fn all_statements_are_read() {
    let documents = [NGINX, NODE, STATIC].map(read);
    assert_eq!([&documents[0], &documents[1], &documents[2]].map(VexDocument::len), [55, 85, 8]);
    assert!(documents.iter().all(|document| document.author() == "Docker Hardened Images <dhi@docker.com>"));
}

#[test]
fn a_package_without_a_version_is_what_matches() {
    let mut matching = report("CVE-2025-62813", "lz4", "liblz4-1", "1.10.0-4");
    read(NGINX).apply(&mut matching);
    let finding = &matching.findings[0];
    assert_eq!(finding.status, FindingStatus::NotAffected);
    let Evidence::Statement { author, status, justification, reason, .. } = &finding.evidence[0] else {
        panic!("{:?}", finding.evidence)
    };
    assert_eq!((author.as_str(), status.as_str()), ("Docker Hardened Images <dhi@docker.com>", "not_affected"));
    assert_eq!(justification.as_deref(), Some("vulnerable_code_cannot_be_controlled_by_adversary"));
    assert!(reason.starts_with("The developer disputes this"), "{reason}");
    assert_eq!(matching.remarks.len(), 1, "all others match nothing");

    let mut qualified = report("CVE-2025-62813", "lz4", "lz4", "1.10.0-4");
    read(NGINX).apply(&mut qualified);
    assert_eq!(qualified.findings[0].status, FindingStatus::Affected, "no scanner writes `os_distro`");
}

#[test]
fn what_is_under_investigation_stays_as_it_is() {
    let mut report = report("CVE-2025-9232", "openssl", "libssl3t64", "3.5.1-1");
    read(NODE).apply(&mut report);
    let finding = &report.findings[0];
    assert_eq!((finding.status, finding.evidence.len()), (FindingStatus::Affected, 1));
}
