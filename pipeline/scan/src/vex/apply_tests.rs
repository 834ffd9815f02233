//! Which statements match, which holds, and what it changes.

use super::*;
use crate::fixture::{finding, report};
use blob::Digest;
use serde_json::{Value, json};

fn document(statements: &[Value]) -> VexDocument {
    let text = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "a", "author": "Ann", "version": 1,
        "timestamp": "2026-11-20T00:00:00Z", "statements": statements,
    });
    VexDocument::read(&text.to_string()).unwrap()
}

fn statement(product: &Value, status: &str) -> Value {
    let products = json!([product]);
    json!({ "vulnerability": { "name": "CVE-2026-1" }, "products": products, "status": status, "status_notes": "b" })
}

fn open() -> Report {
    report(vec![finding("CVE-2026-1", "zlib", FindingStatus::NoDsa)])
}

fn applied(statements: &[Value]) -> Report {
    let (mut report, document) = (open(), document(statements));
    document.apply(&mut report);
    let once = report.clone();
    document.apply(&mut report);
    assert_eq!(report, once);
    report
}

#[test]
fn products_match_as_in_trivy_and_grype() {
    let digest = Digest::of("amd64");
    let image = format!("pkg:oci/python@{digest}?repository_url=images.example%2Fpython");
    for (product, matches) in [
        (json!("pkg:deb/debian/zlib"), true),
        (json!("pkg:deb/debian/zlib@1.0-1"), true),
        (json!("pkg:deb/debian/zlib@1.0-2"), false),
        (json!("pkg:deb/debian/zlib?arch=amd64&distro=debian-13.7"), true),
        (json!("pkg:deb/debian/zlib?arch=all&distro=debian-13"), true),
        (json!("pkg:deb/debian/zlib?arch=arm64"), false),
        (json!("pkg:deb/debian/zlib?distro=debian-130"), false),
        (json!("pkg:deb/debian/zlib@1.0-1?os_distro=trixie&os_name=debian"), false),
        (json!("pkg:deb/ubuntu/zlib"), false),
        (json!(image), true),
        (json!("pkg:oci/python"), true),
        (json!("pkg:oci/python?arch=amd64"), true),
        (json!("pkg:oci/python?arch=arm64"), false),
        (json!(format!("pkg:oci/python@{}", Digest::of("other"))), false),
        (json!("images.example/python"), true),
        (json!(format!("images.example/python@{digest}")), true),
        (json!({ "hashes": { "sha-256": digest.hex() } }), true),
        (json!({ "@id": image, "subcomponents": [{ "@id": "pkg:deb/debian/zlib" }] }), true),
        (json!({ "@id": image, "subcomponents": [{ "@id": "pkg:deb/debian/other" }] }), false),
        (json!({ "@id": "pkg:deb/debian/zlib", "subcomponents": [{ "@id": "pkg:deb/debian/other" }] }), false),
        (json!({ "identifiers": { "purl": "pkg:deb/debian/zlib" } }), true),
    ] {
        let report = applied(&[statement(&product, "not_affected")]);
        let status = if matches { FindingStatus::NotAffected } else { FindingStatus::NoDsa };
        assert_eq!(report.findings[0].status, status, "{product}");
        assert_eq!(report.remarks.is_empty(), matches, "{product}");
    }
}

#[test]
fn only_not_affected_and_fixed_change_the_status() {
    for (word, status) in [
        ("not_affected", FindingStatus::NotAffected),
        ("fixed", FindingStatus::NotAffected),
        ("affected", FindingStatus::NoDsa),
        ("under_investigation", FindingStatus::NoDsa),
    ] {
        let report = applied(&[statement(&json!("pkg:deb/debian/zlib"), word)]);
        let expected = Evidence::Statement {
            author: "Ann".into(),
            reason: "b".into(),
            status: word.into(),
            justification: None,
            expires: None,
        };
        assert_eq!((report.findings[0].status, &report.findings[0].evidence), (status, &vec![expected]));
    }
}

#[test]
fn the_newest_statement_holds_and_of_two_the_last() {
    let at = |time: &str, status: &str| {
        let mut statement = statement(&json!("pkg:deb/debian/zlib"), status);
        statement["timestamp"] = json!(time);
        statement
    };
    let (old, new) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    for (statements, status) in [
        ([at(new, "affected"), at(old, "not_affected")], FindingStatus::NoDsa),
        ([at(new, "not_affected"), at(old, "affected")], FindingStatus::NotAffected),
        ([at(new, "affected"), at(new, "not_affected")], FindingStatus::NotAffected),
        ([at(new, "not_affected"), at(new, "affected")], FindingStatus::NoDsa),
    ] {
        let report = applied(&statements);
        assert_eq!((report.findings[0].status, report.findings[0].evidence.len()), (status, 1));
        assert!(report.remarks.is_empty(), "a statement that another overrides has matched");
    }
}

#[test]
fn a_finding_changes_when_all_of_its_packages_are_covered() {
    let mut report = open();
    report.findings[0].packages.push(PackageName { name: "zlib1g".into(), version: "1.0-1".into() });
    document(&[statement(&json!("pkg:deb/debian/zlib"), "not_affected")]).apply(&mut report);
    assert_eq!((report.findings[0].status, report.findings[0].evidence.len()), (FindingStatus::NoDsa, 1));
    document(&[statement(&json!("pkg:oci/python"), "not_affected")]).apply(&mut report);
    assert_eq!(report.findings[0].status, FindingStatus::NotAffected);
}

#[test]
fn what_matches_nothing_is_a_remark() {
    let mut other = statement(&json!("pkg:deb/debian/zlib"), "not_affected");
    other["vulnerability"]["name"] = json!("CVE-2026-9");
    let report = applied(&[other.clone(), other]);
    let said: Vec<String> = report.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["VEX document of Ann: statements match nothing that was found: CVE-2026-9"]);
}

#[test]
fn an_alias_names_the_vulnerability_too() {
    let mut aliased = statement(&json!("pkg:deb/debian/zlib"), "not_affected");
    aliased["vulnerability"] = json!({ "name": "GHSA-1", "aliases": ["CVE-2026-1"] });
    assert_eq!(applied(&[aliased]).findings[0].status, FindingStatus::NotAffected);
}
