//! The verdict on each good and each evil case, where cosign, podman and we might differ.

use serde_json::json;
use signing::{Artifact, COSIGN_SIGNATURE, Policy, SPDX, VULNERABILITY_REPORT, sign_image};

use crate::support::{NAME, bundle, classic, classic_as, expect, found, image, judge, key, policy, said};

/// Released by key 1; statements by key 2; a classic signature alone is not enough.
fn own() -> Policy {
    Policy::of_keys(&[key(1).public().clone()], &[])
}

fn with_classic(word: &str) -> Policy {
    policy(&format!(
        r#"{{"keys":{{"release":{{"key":"KEY1"}}}},"images":[{{"repositories":["**"],"classic":"{word}"}}]}}"#
    ))
}

#[test]
fn good_bundle_and_good_classic_signature_pass() {
    let it = image("a");
    let verification = judge(&it, &own(), vec![bundle(&key(1), &it)], vec![classic(&key(1), &it)]);
    expect(&verification, true, &["signature", "counts", "counts"]);
}

#[test]
fn a_good_bundle_alone_passes_unless_the_classic_form_is_required() {
    let it = image("a");
    expect(&judge(&it, &own(), vec![bundle(&key(1), &it)], vec![]), true, &["signature", "counts"]);
    let verification = judge(&it, &with_classic("required"), vec![bundle(&key(1), &it)], vec![]);
    expect(&verification, false, &["signature-classic-missing", "counts"]);
}

#[test]
fn a_downgrade_to_the_classic_form_is_refused_unless_the_policy_allows_it_and_then_said() {
    let it = image("a");
    let verdict = |policy: &Policy| judge(&it, policy, vec![], vec![classic(&key(1), &it)]);
    expect(&verdict(&own()), false, &["signature-downgraded", "counts"]);
    expect(&verdict(&with_classic("required")), false, &["signature-downgraded", "counts"]);
    expect(&verdict(&with_classic("allowed")), true, &["signature-classic-only", "counts"]);
}

#[test]
fn unsigned_is_refused() {
    expect(&judge(&image("a"), &own(), vec![], vec![]), false, &["signature-missing"]);
}

#[test]
fn signatures_of_a_stranger_are_refused() {
    let it = image("a");
    let verification = judge(&it, &own(), vec![bundle(&key(9), &it)], vec![classic(&key(9), &it)]);
    expect(&verification, false, &["signature-missing", "unknown-key", "unknown-key"]);
}

#[test]
fn a_foreign_bundle_beside_a_good_signature_harms_nothing() {
    let it = image("a");
    let foreign = vec![bundle(&key(9), &it), found("junk"), bundle(&key(1), &it)];
    let verification = judge(&it, &own(), foreign, vec![classic(&key(9), &it)]);
    expect(&verification, true, &["signature", "counts", "unknown-key", "bundle-unreadable", "unknown-key"]);
    let classic_good = judge(&it, &with_classic("allowed"), vec![bundle(&key(9), &it)], vec![classic(&key(1), &it)]);
    expect(&classic_good, true, &["signature-classic-only", "counts", "unknown-key"]);
}

#[test]
fn a_statement_by_the_release_key_is_no_signature() {
    let it = image("a");
    let statements = vec![said(&key(1), &it, SPDX, json!({})), said(&key(1), &it, VULNERABILITY_REPORT, json!({}))];
    expect(&judge(&it, &own(), statements, vec![]), false, &["signature-missing", "not-asked-for", "not-asked-for"]);
    let near = said(&key(1), &it, &format!("{COSIGN_SIGNATURE}/x"), json!({}));
    expect(&judge(&it, &own(), vec![near], vec![]), false, &["signature-missing", "not-asked-for"]);
}

#[test]
fn a_signature_that_was_carried_from_another_digest_is_refused() {
    let (it, other) = (image("a"), image("b"));
    let verification = judge(&it, &own(), vec![bundle(&key(1), &other)], vec![classic(&key(1), &other)]);
    expect(&verification, false, &["signature-missing", "other-subject", "other-subject"]);
    assert!(verification.finding.to_string().contains(&other.digest.to_string()));
}

#[test]
fn a_signature_that_was_carried_from_another_repository_is_refused() {
    let it = image("a");
    let elsewhere = found(sign_image(&key(1), &it.digest, "images.example.com/nodejs").unwrap().to_bytes());
    let verification = judge(&it, &own(), vec![elsewhere], vec![classic_as(&key(1), &it, "images.example.com/nodejs")]);
    expect(&verification, false, &["signature-missing", "other-name", "other-name"]);
}

#[test]
fn a_classic_signature_for_another_tag_is_refused_where_the_tag_is_known() {
    let it = Artifact { tag: Some("3.13".to_owned()), ..image("a") };
    let verdict = |tag: &str| {
        judge(&it, &with_classic("allowed"), vec![], vec![classic_as(&key(1), &it, &format!("{NAME}:{tag}"))])
    };
    expect(&verdict("3.13"), true, &["signature-classic-only", "counts"]);
    expect(&verdict("3.12"), false, &["signature-missing", "other-tag"]);
}

#[test]
fn names_are_not_compared_where_nobody_knows_the_name() {
    let it = Artifact { name: None, ..image("a") };
    expect(&judge(&it, &own(), vec![bundle(&key(1), &it)], vec![]), true, &["signature", "counts"]);
}

#[test]
fn a_forged_signature_under_a_known_hint_is_called_forged() {
    let it = image("a");
    let good = String::from_utf8(bundle(&key(1), &it).bytes).unwrap();
    let other = String::from_utf8(bundle(&key(1), &image("b")).bytes).unwrap();
    let signature = |text: &str| text.split(r#""sig":""#).nth(1).unwrap().to_owned();
    let forged = good.replace(&signature(&good), &signature(&other));
    expect(&judge(&it, &own(), vec![found(forged)], vec![]), false, &["signature-missing", "forged"]);
}

#[test]
fn a_payload_that_is_not_the_layers_is_not_looked_at() {
    let it = image("a");
    let mut swapped = classic(&key(1), &it);
    swapped.payload = classic(&key(1), &image("b")).payload;
    expect(
        &judge(&it, &with_classic("allowed"), vec![], vec![swapped]),
        false,
        &["signature-missing", "payload-digest"],
    );
}

#[test]
fn the_old_and_the_new_key_are_both_good_while_one_is_being_replaced() {
    let it = image("a");
    let both = Policy::of_keys(&[key(1).public().clone(), key(2).public().clone()], &[]);
    for seed in [1, 2] {
        expect(&judge(&it, &both, vec![bundle(&key(seed), &it)], vec![]), true, &["signature", "counts"]);
    }
}

#[test]
fn the_tree_says_in_words_what_happened() {
    let it = image("a");
    let verification = judge(&it, &own(), vec![bundle(&key(1), &it), bundle(&key(9), &it)], vec![]);
    let text = verification.finding.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("✓ images.example.com/python@{} is accepted", it.digest));
    assert_eq!(lines[1], "├─ ✓ signature: the release is signed");
    assert!(
        lines[2].starts_with("│  └─ ✓ bundle ") && lines[2].contains(" counts: released by the key `release-"),
        "{text}"
    );
    assert!(
        lines[3].starts_with("└─ · bundle ")
            && lines[3].contains("does not count: no key of the policy made its signature"),
        "{text}"
    );
}
