//! What a document says of an index: products, and no contradictions.

use super::*;
use crate::fixture::{finding, fixable, report};
use crate::{Evidence, Finding, FindingStatus};
use serde_json::{Value, json};

const NAME: &str = "images.example/python";

fn write(reports: &[Report]) -> Option<Value> {
    let (digest, timestamp) = (Digest::of("index"), "2026-11-23T12:00:00Z".parse().unwrap());
    let parts = VexParts { name: NAME, digest: &digest, reports, author: "Example", timestamp, version: 3 };
    let text = openvex(&parts)?;
    assert_eq!(openvex(&parts).unwrap(), text);
    Some(serde_json::from_str(&text).unwrap())
}

fn absent(source: &str) -> Finding {
    let evidence = vec![Evidence::ComponentNotPresent { component: "minizip".into(), reason: "not built".into() }];
    Finding { evidence, ..finding("CVE-2026-1", source, FindingStatus::NotAffected) }
}

fn arm(findings: Vec<Finding>) -> Report {
    let mut report = report(findings);
    report.subject.platform = Some("linux/arm64".into());
    report.subject.digest = Some(Digest::of("arm64"));
    report
}

fn image(of: &str, packages: &[&str]) -> Value {
    let id = format!("pkg:oci/python@{}?repository_url=images.example%2Fpython", Digest::of(of));
    let parts: Vec<Value> = packages.iter().map(|package| json!({ "@id": package })).collect();
    json!({ "@id": id, "subcomponents": parts })
}

#[test]
fn one_statement_names_the_image_and_each_package() {
    let written = write(&[report(vec![absent("zlib")]), arm(vec![absent("zlib")])]).unwrap();
    assert_eq!((&written["@context"], &written["version"]), (&json!(CONTEXT), &json!(3)));
    assert!(written["@id"].as_str().unwrap().starts_with("https://openvex.dev/docs/public/vex-"));
    let zlib = "pkg:deb/debian/zlib@1.0-1";
    let statements = written["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 1);
    let expected = [image("amd64", &[zlib]), image("arm64", &[zlib]), image("index", &[zlib])];
    let products = statements[0]["products"].as_array().unwrap();
    assert_eq!((products.len(), &products[0]), (4, &json!({ "@id": zlib })));
    assert!(expected.iter().all(|image| products.contains(image)), "{products:?}");
    let mut rest = statements[0].clone();
    rest.as_object_mut().unwrap().remove("products");
    let expected = json!({
        "vulnerability": { "name": "CVE-2026-1" },
        "timestamp": "2026-11-23T12:00:00Z",
        "status": "not_affected",
        "justification": "component_not_present",
        "impact_statement": "`minizip` is not in the image: not built",
    });
    assert_eq!(rest, expected);
}

#[test]
fn where_platforms_differ_only_their_own_images_are_named() {
    let open = finding("CVE-2026-1", "zlib", FindingStatus::NoDsa);
    let written = write(&[report(vec![absent("zlib")]), arm(vec![open])]).unwrap();
    let said = |at: usize| (&written["statements"][at]["status"], &written["statements"][at]["products"]);
    let zlib = "pkg:deb/debian/zlib@1.0-1";
    assert_eq!(said(0), (&json!("not_affected"), &json!([image("amd64", &[zlib])])));
    assert_eq!(said(1), (&json!("affected"), &json!([image("arm64", &[zlib])])));
    assert_eq!(written["statements"].as_array().unwrap().len(), 2);
}

#[test]
fn no_product_is_in_two_statements_on_one_vulnerability() {
    let other = finding("CVE-2026-1", "minizip", FindingStatus::UnderInvestigation);
    let again = fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z");
    let findings = vec![absent("zlib"), other, again, finding("CVE-2026-2", "glibc", FindingStatus::NoDsa)];
    let written = write(&[report(findings)]).unwrap();
    let mut seen = BTreeSet::new();
    for statement in written["statements"].as_array().unwrap() {
        let id = statement["vulnerability"]["name"].as_str().unwrap();
        for product in statement["products"].as_array().unwrap() {
            let parts = product["subcomponents"].as_array().cloned().unwrap_or(vec![json!(null)]);
            for part in parts {
                assert!(seen.insert(format!("{id} {} {part}", product["@id"])), "{id} {product}");
            }
        }
    }
    let last = &written["statements"][2];
    let words = "Update openssl: fixed in 3.5.7-1~deb13u4 (trixie-security since 2026-11-20, DSA-6531-1); \
                 glibc: no advisory planned";
    assert_eq!((&last["status"], &last["action_statement"]), (&json!("affected"), &json!(words)));
    assert_eq!(written["statements"][1]["status_notes"], "Debian has not looked yet");
}

#[test]
fn nothing_to_state_is_no_document() {
    assert_eq!(write(&[report(Vec::new())]), None);
}
