//! What operators and images hand in: records of dpkg, SBOMs, changelogs, VEX, the catalogue's YAML.

use proptest::prelude::*;
use scan::{
    ArchiveVersions, Changelog, Changelogs, Context, EvidenceRules, Gate, Inventory, Knowledge, Notices, ReportSubject,
    SecuritySupport, Standing, VexDocument, scan,
};

use super::harm::{harm, harmed};
use super::{DSA, SUPPORT};

const STATUS: &str = "Package: libc6\nStatus: install ok installed\nMaintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>\n\
    Architecture: amd64\nSource: glibc (2.41-12)\nVersion: 2.41-12+b1\nDescription: GNU C Library\n Shared libraries\n .\n more\n\n\
    Package: zlib1g\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1:1.3.dfsg+really1.3.1-1\n\n\
    Package: tzdata\nVersion: 2026a-0+deb13u1\nArchitecture: all\n";
const OS_RELEASE: &str = "ID=debian\nVERSION_ID=\"13\"\nVERSION=\"13 (trixie)\"\nVERSION_CODENAME=trixie\n";
const SPDX: &str = r#"{"spdxVersion":"SPDX-2.3","name":"x","packages":[{"SPDXID":"SPDXRef-1","name":"debian","versionInfo":"13","primaryPackagePurpose":"OPERATING-SYSTEM"},{"SPDXID":"SPDXRef-2","name":"libc6","versionInfo":"2.41-12+b1","sourceInfo":"built package from: glibc 2.41-12","supplier":"Organization: Debian","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/libc6@2.41-12%2Bb1?arch=amd64&distro=debian-13&upstream=glibc%402.41-12"}]}]}"#;
const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"container","name":"x"}},"components":[{"type":"operating-system","name":"debian","version":"13.7"},{"type":"library","name":"libc6","version":"2.41-12+b1","purl":"pkg:deb/debian/libc6@2.41-12%2Bb1?arch=amd64&distro=debian-13.7","properties":[{"name":"aquasecurity:trivy:SrcName","value":"glibc"},{"name":"aquasecurity:trivy:SrcVersion","value":"2.41-12"}],"components":[{"type":"library","name":"a","purl":"pkg:npm/a@1"}]}]}"#;
const VEX: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://images.example/vex/1","author":"A","timestamp":"2026-11-23T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2026-1001","aliases":["DSA-1-1"]},"timestamp":"2026-11-22T00:00:00Z","products":[{"@id":"pkg:deb/debian/libc6@2.41-12","identifiers":{"purl":"pkg:oci/x@sha256%3A0?repository_url=images.example/x"},"subcomponents":[{"@id":"pkg:deb/debian/libc6"}]}],"status":"not_affected","justification":"vulnerable_code_not_present","impact_statement":"none"}]}"#;
const CHANGELOG: &str = include_str!("../changelogs/expat");
const GATE: &str = "rules:\n  - name: exploited\n    when: { status: [fixable], severity: { cvss-at-least: 9.0, urgency: [high] }, kev: true }\n    then: block\n\
    \x20 - name: rest\n    then: { tolerate-for: 14d }\nunknown-data: block\nmore-fixable-than-published: warn\noverrides:\n\
    \x20 - { name: A, reason: b, expires: 2026-12-24, ids: [CVE-2026-1], images: ['*'] }\n";
const RULES: &str = "components:\n  - { ids: [CVE-2023-45853], source: zlib, component: /usr/lib/*/libminizip.so*, reason: r, reference: https://x.example }\n\
    statements:\n  - { ids: [CVE-2026-1001], author: A, reason: r, status: not_affected, justification: component_not_present, expires: 2026-12-24 }\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a reader gave is matched: what it let in must not trip what comes after.
fn matched(inventory: &Inventory, rules: &EvidenceRules, changelog: Changelog, vex: Option<&VexDocument>) {
    let rows = br#"{"glibc":{"CVE-2026-1001":{"releases":{"trixie":{"status":"resolved","urgency":"low","fixed_version":"2.41-13"}}}}}"#;
    let advisories = scan::Advisories::read_tracker(rows).unwrap();
    let mut changelogs = Changelogs::default();
    changelogs.add("glibc", "2.41-12", changelog);
    let context = Context {
        knowledge: &Knowledge { advisories, ..Knowledge::default() },
        archive: &ArchiveVersions::default(),
        changelogs: &changelogs,
        rules,
        standing: Standing::Absent,
        today: "2026-11-23".parse().unwrap(),
    };
    let mut report = scan(inventory, ReportSubject::default(), None, &context);
    if let Some(vex) = vex {
        vex.apply(&mut report);
    }
    assert!(report.findings.iter().all(|it| it.source == "glibc"));
    assert_eq!(serde_json::from_str::<scan::Report>(&serde_json::to_string(&report).unwrap()).unwrap(), report);
    assert!(!scan::markdown(&report).is_empty() && !scan::sarif(&report).is_empty());
    assert!(!scan::cyclonedx_vdr(&report).is_empty());
}

#[test]
fn unharmed_documents_are_read() {
    let inventories = [
        Inventory::from_status(&[("status".into(), STATUS.into())], Some(OS_RELEASE)),
        Inventory::from_spdx(SPDX).unwrap(),
        Inventory::from_cyclonedx(CYCLONEDX).unwrap(),
    ];
    for inventory in &inventories {
        assert_eq!(inventory.distribution.release(), Some("trixie"));
        assert!(
            inventory.packages.iter().any(|it| it.source == "glibc" && it.source_version == "2.41-12"),
            "{inventory:?}"
        );
    }
    let vex = VexDocument::read(VEX).unwrap();
    let rules: EvidenceRules = serde_saphyr::from_str(RULES).unwrap();
    let gate: Gate = serde_saphyr::from_str(GATE).unwrap();
    assert_eq!((rules.components.len(), rules.statements.len(), gate.rules.len()), (1, 1, 2));
    matched(&inventories[0], &rules, Changelog::read(CHANGELOG), Some(&vex));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn harmed_documents_are_read_or_refused(harms in prop::collection::vec(harm(), 1..4)) {
        let harmed = |document: &str| text(&harmed(document.as_bytes(), &harms));
        let status = Inventory::from_status(&[("status".into(), harmed(STATUS))], Some(&harmed(OS_RELEASE)));
        let sboms = [Inventory::from_spdx(&harmed(SPDX)), Inventory::from_cyclonedx(&harmed(CYCLONEDX))];
        let vex = VexDocument::read(&harmed(VEX)).ok();
        let rules: EvidenceRules = serde_saphyr::from_str(&harmed(RULES)).unwrap_or_default();
        for inventory in sboms.into_iter().flatten().chain([status]) {
            matched(&inventory, &rules, Changelog::read(&harmed(CHANGELOG)), vex.as_ref());
        }
    }

    #[test]
    fn a_harmed_policy_is_read_or_refused(harms in prop::collection::vec(harm(), 1..4)) {
        if let Ok(gate) = serde_saphyr::from_str::<Gate>(&text(&harmed(GATE.as_bytes(), &harms))) {
            let json = serde_json::to_string(&gate).unwrap();
            prop_assert_eq!(serde_json::from_str::<Gate>(&json).unwrap(), gate);
        }
    }

    #[test]
    fn harmed_lists_are_read_or_refused(harms in prop::collection::vec(harm(), 1..4)) {
        if let Ok(notices) = Notices::read(&text(&harmed(DSA, &harms))) {
            let _ = (notices.of_id("CVE-2026-84782").count(), notices.without_ids("openssl", "trixie").count());
        }
        if let Ok(support) = SecuritySupport::read(&text(&harmed(SUPPORT, &harms)), "13") {
            let _ = support.of("golang-1.24", "13");
        }
    }
}
