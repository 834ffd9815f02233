//! What a policy wants beyond a signature: statements by the right signers, fresh ones, rebuilds.

use serde_json::json;
use signing::{Artifact, OPENVEX, PROVENANCE, Policy, REBUILD, SPDX, VULNERABILITY_REPORT};

use crate::support::{bundle, expect, image, judge, key, policy, said};

/// Key 1 releases, keys 2 and 3 say, keys 4 and 5 rebuild.
const FULL: &str = r#"{
    "keys": {
        "release": {"key": "KEY1", "roles": ["release"]},
        "says": {"key": "KEY2", "roles": ["statement"]}, "scans": {"key": "KEY3", "roles": ["statement"]},
        "builds": {"key": "KEY4", "roles": ["rebuild"]}, "builds-too": {"key": "KEY5", "roles": ["rebuild"]}
    },
    "images": [
        {"repositories": ["images.example.com/**"], "statements": [
            {"type": "provenance", "signers": ["says"]}, {"type": "vulnerabilities", "max-age": "2d"}
        ], "rebuilds": 2}
    ]
}"#;

fn scan(finished: &str) -> serde_json::Value {
    json!({"metadata": {"scanStartedOn": finished, "scanFinishedOn": finished}})
}

fn rebuilt(digest: &blob::Digest) -> serde_json::Value {
    let time = "2026-11-30T00:00:00Z";
    json!({"provenance": {}, "rebuilt": {"sha256": digest.hex()}, "builder": {"id": "x"}, "startedOn": time, "finishedOn": time})
}

#[test]
fn all_that_a_policy_wants_is_found_and_named() {
    let it = image("a");
    let bundles = vec![
        bundle(&key(1), &it),
        said(&key(2), &it, PROVENANCE, json!({})),
        said(&key(3), &it, VULNERABILITY_REPORT, scan("2026-11-30T00:00:00Z")),
        said(&key(4), &it, REBUILD, rebuilt(&it.digest)),
        said(&key(5), &it, REBUILD, rebuilt(&it.digest)),
        said(&key(2), &it, OPENVEX, json!({})),
    ];
    let verification = judge(&it, &policy(FULL), bundles, vec![]);
    let codes = [
        "signature",
        "counts",
        "statement",
        "counts",
        "statement",
        "counts",
        "rebuilds",
        "counts",
        "counts",
        "not-asked-for",
    ];
    expect(&verification, true, &codes);
    assert_eq!(verification.proofs.len(), 6);
    assert!(
        serde_json::to_string(&verification).unwrap().starts_with(r#"{"accepted":true,"finding":{"outcome":"good","#)
    );
}

#[test]
fn roles_and_named_signers_are_kept_apart() {
    let it = image("a");
    let bundles = vec![
        bundle(&key(2), &it),
        said(&key(3), &it, PROVENANCE, json!({})),
        said(&key(1), &it, VULNERABILITY_REPORT, scan("2026-11-30T00:00:00Z")),
        said(&key(2), &it, REBUILD, rebuilt(&it.digest)),
    ];
    let verification = judge(&it, &policy(FULL), bundles, vec![]);
    let codes = [
        "signature-missing",
        "wrong-role",
        "statement-unmet",
        "wrong-signer",
        "statement-unmet",
        "wrong-role",
        "rebuilds-missing",
        "wrong-role",
    ];
    expect(&verification, false, &codes);
}

fn with_scan(predicate: serde_json::Value) -> signing::Verification {
    let it = image("a");
    let text = r#"{"keys":{"all":{"key":"KEY1"}},"images":[{"repositories":["**"],"statements":[{"type":"vulnerabilities","max-age":"2d"}]}]}"#;
    judge(&it, &policy(text), vec![bundle(&key(1), &it), said(&key(1), &it, VULNERABILITY_REPORT, predicate)], vec![])
}

#[test]
fn old_future_and_timeless_statements_do_not_meet_an_age() {
    let codes = |code: &'static str| ["signature", "counts", "statement-unmet", code];
    expect(&with_scan(scan("2026-11-28T23:00:00Z")), false, &codes("too-old"));
    expect(&with_scan(scan("2026-12-01T00:06:00Z")), false, &codes("not-yet"));
    expect(&with_scan(json!({})), false, &codes("no-time"));
    expect(&with_scan(scan("2026-12-01T00:04:00Z")), true, &["signature", "counts", "statement", "counts"]);
}

#[test]
fn a_fresh_statement_is_not_hidden_by_an_old_one() {
    let it = image("a");
    let text = r#"{"keys":{"all":{"key":"KEY1"}},"images":[{"repositories":["**"],"statements":[{"type":"vulnerabilities","max-age":"2d"}]}]}"#;
    let scans = ["2020-01-01T00:00:00Z", "2026-11-30T00:00:00Z"]
        .map(|time| said(&key(1), &it, VULNERABILITY_REPORT, scan(time)));
    let bundles = [vec![bundle(&key(1), &it)], scans.to_vec()].concat();
    let codes = ["signature", "counts", "statement", "counts", "too-old"];
    expect(&judge(&it, &policy(text), bundles, vec![]), true, &codes);
}

#[test]
fn one_rebuilder_is_no_quorum_of_two_and_another_result_is_no_rebuild() {
    let it = image("a");
    let text = r#"{"keys":{"all":{"key":"KEY1"},"r1":{"key":"KEY4","roles":["rebuild"]},"r2":{"key":"KEY5","roles":["rebuild"]}},
        "images":[{"repositories":["**"],"rebuilds":2}]}"#;
    let bundles = vec![
        bundle(&key(1), &it),
        said(&key(4), &it, REBUILD, rebuilt(&it.digest)),
        said(&key(4), &it, REBUILD, {
            let mut again = rebuilt(&it.digest);
            again["sources"] = json!(["again"]);
            again
        }),
        said(&key(5), &it, REBUILD, rebuilt(&blob::Digest::of("other"))),
    ];
    let codes = ["signature", "counts", "rebuilds-missing", "counts", "counts", "rebuilt-differs"];
    expect(&judge(&it, &policy(text), bundles, vec![]), false, &codes);
}

#[test]
fn what_no_rule_speaks_about_is_refused() {
    let it = image("a");
    let elsewhere = Artifact { name: Some("other.example/python".to_owned()), ..it.clone() };
    expect(&judge(&elsewhere, &policy(FULL), vec![], vec![]), false, &["no-rule"]);
    let nameless = Artifact { name: None, ..it };
    expect(&judge(&nameless, &policy(FULL), vec![], vec![]), false, &["no-rule"]);
}

#[test]
fn one_key_under_two_names_has_the_roles_of_both_and_counts_once() {
    let it = image("a");
    let one = key(1).public().clone();
    let bundles =
        || vec![bundle(&key(1), &it), said(&key(1), &it, PROVENANCE, json!({})), said(&key(1), &it, SPDX, json!({}))];
    let both = Policy::of_keys(std::slice::from_ref(&one), std::slice::from_ref(&one));
    expect(
        &judge(&it, &both, bundles(), vec![]),
        true,
        &["signature", "counts", "statement", "counts", "statement", "counts"],
    );
    let text = r#"{"keys":{"all":{"key":"KEY1"},"r1":{"key":"KEY1","roles":["rebuild"]},"r2":{"key":"KEY1","roles":["rebuild"]}},
        "images":[{"repositories":["**"],"rebuilds":2}]}"#;
    let rebuilds = vec![bundle(&key(1), &it), said(&key(1), &it, REBUILD, rebuilt(&it.digest))];
    expect(&judge(&it, &policy(text), rebuilds, vec![]), false, &["signature", "counts", "rebuilds-missing", "counts"]);
}
