//! Documents of every form, and of none.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(statement: &Value) -> String {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "a", "author": "Ann", "version": 1,
        "timestamp": "2026-11-20T00:00:00Z", "statements": [statement],
    })
    .to_string()
}

#[test]
fn the_present_form_is_read() {
    let text = document(&json!({
        "vulnerability": { "name": "CVE-2026-1", "aliases": ["GHSA-1"] },
        "products": [{
            "@id": "pkg:oci/a@sha256:00", "hashes": { "sha-256": "11" },
            "subcomponents": [{ "@id": "pkg:deb/debian/zlib1g" }],
        }],
        "status": "not_affected", "justification": "component_not_present", "status_notes": "b", "impact_statement": "a",
    }));
    let read = VexDocument::read(&text).unwrap();
    assert_eq!((read.author(), read.len(), read.is_empty()), ("Ann", 1, false));
    let statement = &read.statements[0];
    assert_eq!((statement.names.join(" ").as_str(), statement.words.as_str()), ("CVE-2026-1 GHSA-1", "a; b"));
    assert_eq!(statement.timestamp, "2026-11-20T00:00:00Z".parse().unwrap());
    assert_eq!(statement.products[0].names[1], ProductName::Text("sha256:11".into()));
    assert_eq!(statement.products[0].parts, [[ProductName::Purl("pkg:deb/debian/zlib1g".parse().unwrap())]]);
    let attestation = format!(r#"{{"predicateType": "https://openvex.dev/ns/v0.2.0", "predicate": {text}}}"#);
    assert_eq!(VexDocument::read(&attestation).unwrap(), read);
}

#[test]
fn the_first_form_is_read() {
    let text = document(&json!({
        "vulnerability": "CVE-2026-1", "timestamp": "2026-11-21T00:00:00Z", "status": "affected",
        "products": ["pkg:oci/a"], "subcomponents": ["pkg:deb/debian/zlib1g"],
    }));
    let statement = &VexDocument::read(&text).unwrap().statements[0];
    assert_eq!(statement.timestamp, "2026-11-21T00:00:00Z".parse().unwrap());
    assert_eq!((statement.products[0].names.len(), statement.products[0].parts.len()), (1, 1));
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let statement = |key: &str, value: Value| {
        let mut statement = json!({ "vulnerability": "CVE-1", "status": "fixed" });
        statement[key] = value;
        document(&statement)
    };
    for (text, said) in [
        ("<html>".to_owned(), "line 1 column 1"),
        ("{}".to_owned(), "of a kind that is not known"),
        (r#"{"bomFormat": "CycloneDX"}"#.to_owned(), "is CycloneDX: expected OpenVEX"),
        (r#"{"document": {"category": "csaf_vex"}, "vulnerabilities": []}"#.to_owned(), "is CSAF: expected OpenVEX"),
        (statement("status", json!("mitigated")), "statement 1 of the VEX document: the status is `mitigated`"),
        (statement("timestamp", json!("yesterday")), "the timestamp is `yesterday`"),
        (statement("vulnerability", json!(7)), "cannot be read"),
        (statement("products", json!([1])), "cannot be read"),
    ] {
        let error = VexDocument::read(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    assert!(VexDocument::read(&" ".repeat(LARGEST + 1)).unwrap_err().to_string().contains("at most 64 MiB"));
    let deep = format!("{}{}", r#"{"predicate":"#.repeat(100_000), "}".repeat(100_000));
    assert!(VexDocument::read(&deep).is_err());
}

/// JSON of any shape, with the keys of a document now and then.
fn hostile() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "pkg:[a-z%@?=&/#]{0,12}|[0-9T:-]{0,12}|affected|fixed|\\PC{0,8}".prop_map(Value::from),
    ];
    let key =
        "@context|@id|author|timestamp|statements|vulnerability|name|products|status|subcomponents|hashes|predicate";
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn hostile_documents_never_panic(statement in hostile(), text in "\\PC{0,60}") {
        let _ = VexDocument::read(&text);
        let _ = VexDocument::read(&statement.to_string());
        if let Ok(document) = VexDocument::read(&document(&statement)) {
            let finding = crate::fixture::finding("CVE-2026-1", "zlib", crate::FindingStatus::NoDsa);
            document.apply(&mut crate::fixture::report(vec![finding]));
        }
    }
}
