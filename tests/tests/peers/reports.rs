//! Reports in every format, and VEX documents: other people's validators take them.

use std::path::Path;
use std::process::Command;

use blob::Digest;
use scan::{
    ArchiveFix, CvssScore, DebianWords, Distribution, EpssScore, Evidence, FeedKind, FeedUse, Finding, FindingStatus,
    Notice, PackageName, REPORT_SCHEMA, Remark, Report, ReportSubject, Severities, Standing, VexParts,
    VexRepositoryParts,
};

use crate::registry::tools::{brought, must, text};

const STATUSES: [FindingStatus; 12] = [
    FindingStatus::Fixable,
    FindingStatus::FixAnnounced,
    FindingStatus::FixPending,
    FindingStatus::Affected,
    FindingStatus::NoDsa,
    FindingStatus::Postponed,
    FindingStatus::Ignored,
    FindingStatus::EndOfLife,
    FindingStatus::UnderInvestigation,
    FindingStatus::Negligible,
    FindingStatus::Unknown,
    FindingStatus::NotAffected,
];

const DATE: &str = "2026-11-23T12:00:00Z";

#[test]
#[ignore = "needs the validators that tests/tools.sh brings"]
fn sarif_is_valid_and_breaks_no_rule() {
    let Some(multitool) = brought("npm/sarif/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, report) in reports() {
        let path = folder.path().join(format!("{name}.sarif"));
        std::fs::write(&path, scan::sarif(&report)).unwrap();
        let mut command = Command::new(&multitool);
        command.args(["validate", &text(&path), "--level", "Error;Warning", "--rich-return-code"]);
        // It is a .NET program; without this it wants libraries for all of the world's languages.
        let said = must(command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1").current_dir(folder.path()));
        assert!(!said.contains(": error") && !said.contains(": warning"), "{name}: {said}");
        eprintln!("reports  {name}: SARIF");
    }
}

#[test]
#[ignore = "needs the validators that tests/tools.sh brings"]
fn cyclonedx_and_vex_are_valid_and_state_nothing_twice() {
    let Some(python) = brought("python/sbom/bin/python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut documents = Vec::new();
    let mut files = Vec::new();
    for (name, report) in reports() {
        files.push((format!("{name}.cdx.json"), scan::cyclonedx_vdr(&report)));
        documents.extend(vex(&report).map(|text| (format!("{name}.openvex.json"), text)));
    }
    assert_eq!((files.len(), documents.len()), (5, 4));
    files.extend(repository(&documents));
    let paths = files.iter().map(|(path, text)| write(folder.path(), path, text));
    let paths: Vec<String> = paths.collect();
    let place = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(python);
    command.arg(place.join("tests/peers/reports.py")).arg(place.join("data/vex")).args(&paths);
    must(&mut command);
    eprintln!("reports  {} files of CycloneDX and VEX", paths.len());
}

fn write(folder: &Path, path: &str, content: &str) -> String {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    text(&path)
}

fn vex(report: &Report) -> Option<String> {
    let mut other = report.clone();
    other.subject.platform = Some("linux/arm64".into());
    other.subject.digest = Some(Digest::of("arm64"));
    if let Some(finding) = other.findings.first_mut() {
        finding.status = FindingStatus::UnderInvestigation;
    }
    let (digest, reports) = (Digest::of("index"), [report.clone(), other]);
    let timestamp = DATE.parse().unwrap();
    let name = &report.subject.name;
    scan::openvex(&VexParts { name, digest: &digest, reports: &reports, author: "Example", timestamp, version: 1 })
}

fn repository(documents: &[(String, String)]) -> Vec<(String, String)> {
    let parts = VexRepositoryParts {
        name: "Example",
        description: "Images of Example",
        location: "https://images.example/vex/vex-repository.tar.gz",
        author: "Example",
        updated: DATE.parse().unwrap(),
        documents,
    };
    scan::vex_repository(&parts).unwrap()
}

/// Reports of several shapes: all there is, nothing found, no data, hostile words, and no image.
fn reports() -> [(&'static str, Report); 5] {
    let full = report(STATUSES.iter().zip(1..).map(|(status, at)| finding(*status, at)).collect());
    let mut blind = report(Vec::new());
    (blind.standing, blind.feeds) = (Standing::Absent, Vec::new());
    blind.remarks = vec![Remark { about: "a".into(), text: "has no source".into() }];
    blind.findings = vec![finding(FindingStatus::NoDsa, 1)];
    let mut hostile = full.clone();
    hostile.subject.name = "../a b:c/<é>\"".into();
    for finding in &mut hostile.findings {
        finding.id = format!("{} \"</x>\n/../{{0}}", finding.id);
        finding.debian.reason = Some("\u{0}\u{7f}| {0} \\".into());
    }
    let mut folder = full.clone();
    (folder.subject.digest, folder.subject.platform, folder.distribution) = (None, None, Distribution::default());
    folder.standing = Standing::Stale { date: DATE.parse().unwrap() };
    [("full", full), ("empty", report(Vec::new())), ("blind", blind), ("hostile", hostile), ("folder", folder)]
}

fn report(findings: Vec<Finding>) -> Report {
    let date = DATE.parse().unwrap();
    let name = "tracker.json".into();
    Report {
        schema: REPORT_SCHEMA.into(),
        subject: ReportSubject {
            name: "registry.example:5000/team/python".into(),
            digest: Some(Digest::of("amd64")),
            platform: Some("linux/amd64".into()),
        },
        distribution: Distribution { id: "debian".into(), version: Some("13".into()), codename: Some("trixie".into()) },
        packages: 40,
        feeds: vec![FeedUse { kind: FeedKind::Tracker, name, digest: Digest::of("x"), date }],
        standing: Standing::Current { date },
        findings,
        remarks: Vec::new(),
    }
}

fn finding(status: FindingStatus, at: u8) -> Finding {
    let package = |name: &str| PackageName { name: name.into(), version: format!("1:14.2.0-{at}~deb13u1+b1") };
    let suite = "trixie-security".into();
    let fix = ArchiveFix { version: "14.2.0-19".into(), suite, since: Some(DATE.parse().unwrap()) };
    let evidence = match status {
        FindingStatus::NotAffected => vec![Evidence::NeverAffected],
        _ => Vec::new(),
    };
    Finding {
        id: format!("CVE-2026-{at:04}"),
        source: "gcc-14".into(),
        source_version: "14.2.0-18".into(),
        packages: vec![package("libgcc-s1"), package("libstdc++6")],
        status,
        fixed_version: Some("14.2.0-19".into()),
        fix: (status == FindingStatus::Fixable).then_some(fix),
        notices: vec![Notice { id: "DSA-6531-1".into(), date: "2026-11-20".parse().unwrap() }],
        debian: DebianWords { status: "open".into(), reason: Some("Minor issue".into()), ..DebianWords::default() },
        severity: severities(at),
        description: (at.is_multiple_of(2)).then(|| "An overflow".into()),
        evidence,
    }
}

fn severities(at: u8) -> Severities {
    let vectors = ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "CVSS:3.0/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"];
    let vector = vectors.get(usize::from(at % 3)).map(|vector| (*vector).to_owned());
    let score = if at.is_multiple_of(3) { 7.5 } else { 0.0 };
    Severities {
        urgency: Some(["high", "low**", "unimportant", "not yet assigned"][usize::from(at % 4)].into()),
        cvss: vector.map(|vector| CvssScore { vector, score }),
        kev: at.is_multiple_of(5).then(|| "2026-11-21".parse().unwrap()),
        epss: at.is_multiple_of(2).then_some(EpssScore { probability: 0.123, percentile: Some(0.9) }),
    }
}
