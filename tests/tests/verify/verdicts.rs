//! The verdicts of signing/README.md, at images in a registry: downgraded, replayed, swapped, carried from elsewhere, and good ones.

use serde_json::json;
use signing::{SPDX, VULNERABILITY_REPORT, sign_image};
use worker::Verdict::{Accepted, Refused};

use crate::bench::{Bench, NAME, expect, key, policy, release_only};
use crate::image::Image;

#[tokio::test]
async fn a_signed_image_is_accepted_and_each_thing_is_read_once() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    let examination = bench.examine(release_only()).await;
    expect(&examination, Accepted, &["tag", "signature", "sbom-absent"]);
    assert_eq!(examination.digest, image.index.digest);
    let mut heard: Vec<String> = bench.heard().into_iter().filter(|line| line.starts_with("GET /v2/python/")).collect();
    let all = heard.len();
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), all, "asked twice: {:?}", bench.heard());
    assert!(!bench.heard().iter().any(|line| line.starts_with("HEAD")), "{:?}", bench.heard());
}

#[tokio::test]
async fn an_image_that_nobody_signed_is_refused() {
    let bench = Bench::start().await;
    bench.image("a");
    expect(&bench.examine(release_only()).await, Refused, &["signature-missing"]);
}

#[tokio::test]
async fn every_manifest_of_an_index_must_be_signed_unless_only_a_platform_is_asked_for() {
    for unsigned in 1..4 {
        let bench = Bench::start().await;
        let image = bench.image("a");
        bench.release(&image, image.all().enumerate().filter(|(number, _)| *number != unsigned).map(|(_, it)| it));
        expect(&bench.examine(release_only()).await, Refused, &["signature-missing"]);
        let other = if unsigned == 1 { "linux/arm64" } else { "linux/amd64" };
        expect(&bench.examine_as(release_only(), &[other]).await, Accepted, &["signature"]);
    }
    let bench = Bench::start().await;
    let image = bench.image("a");
    bench.release(&image, image.children.iter());
    expect(&bench.examine(release_only()).await, Refused, &["signature-missing"]);
}

#[tokio::test]
async fn downgraded_the_bundle_taken_away_and_the_classic_signature_left() {
    let bench = Bench::start().await;
    let image = bench.image("a");
    bench.release_classic(&image, image.all());
    expect(&bench.examine(release_only()).await, Refused, &["signature-downgraded"]);
    let allowed = bench.examine(policy(&json!({"classic": "allowed"}))).await;
    expect(&allowed, Accepted, &["signature-classic-only"]);
    let other = Bench::start().await;
    let image = other.image("a");
    other.release(&image, image.all());
    expect(&other.examine(policy(&json!({"classic": "required"}))).await, Refused, &["signature-classic-missing"]);
}

#[tokio::test]
async fn replayed_the_signature_of_an_older_image_at_a_new_one() {
    let bench = Bench::start().await;
    let old = bench.good("old");
    let new = bench.image("new");
    for (old, new_one) in old.all().zip(new.all()) {
        bench.attach(&new, new_one, &sign_image(&key(1), &old.digest, NAME).unwrap().to_bytes());
    }
    expect(&bench.examine(release_only()).await, Refused, &["other-subject", "signature-missing"]);
}

#[tokio::test]
async fn swapped_the_tag_leads_to_an_older_release_which_only_freshness_tells() {
    let bench = Bench::start().await;
    let image = bench.good("old");
    let scanned = json!({
        "invocation": {}, "scanner": {"uri": "u", "version": "1", "db": {}, "result": {}},
        "metadata": {"scanStartedOn": "2026-11-01T00:00:00Z", "scanFinishedOn": "2026-11-01T00:00:00Z"},
    });
    bench.say(&image, &image.index, 2, VULNERABILITY_REPORT, &scanned);
    expect(&bench.examine(release_only()).await, Accepted, &["signature"]);
    let fresh = json!({"statements": [{"type": "vulnerabilities", "max-age": "2d"}]});
    expect(&bench.examine(policy(&fresh)).await, Refused, &["too-old", "statement-unmet"]);
    let old_enough = json!({"statements": [{"type": "vulnerabilities", "max-age": "60d"}]});
    expect(&bench.examine(policy(&old_enough)).await, Accepted, &["statement"]);
}

#[tokio::test]
async fn carried_from_another_repository_by_the_same_signer() {
    let bench = Bench::start().await;
    let image = bench.image("a");
    for subject in image.all() {
        bench.attach(&image, subject, &sign_image(&key(1), &subject.digest, "images.example/ruby").unwrap().to_bytes());
    }
    expect(&bench.examine(release_only()).await, Refused, &["other-name", "signature-missing"]);
}

#[tokio::test]
async fn statements_are_no_signature_by_whatever_key() {
    let bench = Bench::start().await;
    let image = bench.image("a");
    for (subject, seed) in image.all().zip([1, 2, 1, 2]) {
        bench.say(&image, subject, seed, SPDX, &json!({}));
    }
    expect(&bench.examine(policy(&json!({}))).await, Refused, &["signature-missing"]);
}

#[tokio::test]
async fn a_release_by_the_statement_key_or_a_stranger_is_none() {
    for (seed, code) in [(2, "wrong-role"), (3, "unknown-key")] {
        let bench = Bench::start().await;
        let image = bench.image("a");
        for subject in image.all() {
            bench.attach(&image, subject, &sign_image(&key(seed), &subject.digest, NAME).unwrap().to_bytes());
        }
        expect(&bench.examine(policy(&json!({}))).await, Refused, &[code, "signature-missing"]);
    }
}

#[tokio::test]
async fn foreign_and_damaged_bundles_beside_good_ones_are_named_and_harm_nothing() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    for subject in image.all() {
        bench.attach(&image, subject, b"no bundle");
        bench.attach(&image, subject, &sign_image(&key(3), &subject.digest, NAME).unwrap().to_bytes());
    }
    expect(&bench.examine(release_only()).await, Accepted, &["bundle-unreadable", "unknown-key", "signature"]);
}

#[tokio::test]
async fn a_statement_from_the_future_means_a_clock_in_the_past() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    let scanned =
        json!({"metadata": {"scanStartedOn": "2027-01-01T00:00:00Z", "scanFinishedOn": "2027-01-01T00:00:00Z"}});
    bench.say(&image, &image.index, 2, VULNERABILITY_REPORT, &scanned);
    let wanted = json!({"statements": [{"type": "vulnerabilities", "max-age": "2d"}]});
    expect(&bench.examine(policy(&wanted)).await, Refused, &["not-yet"]);
}

#[tokio::test]
async fn what_no_rule_speaks_about_is_refused_unless_the_policy_takes_it() {
    let bench = Bench::start().await;
    bench.image("a");
    let policy = |others: &str| {
        serde_json::from_value(json!({"images": [{"repositories": ["other.example/**"]}], "others": others})).unwrap()
    };
    expect(&bench.examine(policy("refused")).await, Refused, &["no-rule"]);
    expect(&bench.examine(policy("allowed")).await, Accepted, &["others-allowed"]);
}

#[tokio::test]
async fn what_is_said_about_a_referrer_is_not_said_about_the_image() {
    let bench = Bench::start().await;
    let image: Image = bench.image("a");
    let stranger = sign_image(&key(3), &image.index.digest, NAME).unwrap().to_bytes();
    let (referrer, _) = bench.attach(&image, &image.index, &stranger);
    let size = bench.store.manifest(&image.repository, &referrer).unwrap().unwrap().descriptor;
    bench.release(&image, std::iter::once(&size));
    bench.release(&image, image.children.iter());
    expect(&bench.examine(release_only()).await, Refused, &["unknown-key", "signature-missing"]);
}
