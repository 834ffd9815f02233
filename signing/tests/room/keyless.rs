//! Bundles of a private Sigstore (Fulcio, Rekor 2, a timestamp authority) and of the public one: good, and damaged in every part.

use serde_json::{Value, json};
use signing::{Artifact, Certificate, Evidence, Policy, TrustedRoot, Verification, verify};

use crate::support::{classic, expect, found, image, key, now, vector};

/// The image that the private bundles are about.
const IMAGE: &str = "sha256:06264063f7b0a4987c389f6d2fdcd749a35ae57232e5dc4975dae316c0dccd65";
/// The image that our own bundle is about.
const OWN_IMAGE: &str = "sha256:fd8f58129751ceeec7ac619b40d0465746a4cce7d379bfccae351baef09d4e47";
/// The file that the public bundle is about.
const FILE: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
const ISSUER: &str = "http://127.0.0.1:5600";
const SUBJECT: &str = "release@images.example";

fn policy(issuer: &str, subject: &str) -> Policy {
    let identity = json!({"issuer": issuer, "subject": subject});
    serde_json::from_value(json!({"identities": {"ci": identity}, "images": [{"repositories": ["**"]}]})).unwrap()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn root(value: &Value) -> TrustedRoot {
    TrustedRoot::parse(&value.to_string()).unwrap()
}

fn judge_by(bundle: &Value, root: &TrustedRoot, policy: &Policy, digest: &str) -> Verification {
    let artifact = Artifact { digest: digest.parse().unwrap(), name: None, tag: None };
    let evidence = Evidence { bundles: vec![found(bundle.to_string())], ..Evidence::default() };
    verify(&artifact, &evidence, policy, Some(root), now())
}

fn judge(bundle: &Value) -> Verification {
    judge_by(bundle, &root(&parse(vector!("keyless-trusted-root.json"))), &policy(ISSUER, SUBJECT), IMAGE)
}

fn good() -> Value {
    parse(vector!("keyless-cosign-bundle.json"))
}

fn other() -> Value {
    parse(vector!("keyless-cosign-other-bundle.json"))
}

/// The text at a place, with one letter of its middle changed.
fn changed(mut value: Value, place: &str) -> Value {
    let text = value.pointer(place).unwrap().as_str().unwrap().to_owned();
    let at = text.len() / 2;
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    *value.pointer_mut(place).unwrap() = format!("{}{letter}{}", &text[..at], &text[at + 1..]).into();
    value
}

/// The same place taken from another bundle.
fn swapped(mut value: Value, place: &str) -> Value {
    *value.pointer_mut(place).unwrap() = other().pointer(place).unwrap().clone();
    value
}

fn without(mut value: Value, parent: &str, key: &str) -> Value {
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    value
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
const CERTIFICATE: &str = "/verificationMaterial/certificate/rawBytes";
const TIMESTAMP: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";

#[track_caller]
fn refused(verification: &Verification, words: &str) {
    expect(verification, false, &["signature-missing", "certificate"]);
    let text = verification.finding.to_string();
    assert!(text.contains(words), "expected `{words}`:\n{text}");
}

#[test]
fn what_cosign_3_signed_with_a_private_sigstore_is_accepted() {
    let verification = judge(&good());
    expect(&verification, true, &["signature", "counts"]);
    assert_eq!(verification.proofs[0].times.len(), 1);
    assert_eq!(verification.proofs[0].times[0].to_string(), "2026-11-30T11:51:43Z");
}

#[test]
fn what_our_signer_made_with_one_is_accepted_and_each_half_of_it_is_needed() {
    let (bundle, trusted) =
        (parse(vector!("keyless-own-bundle.json")), parse(vector!("keyless-own-trusted-root.json")));
    let policy = policy("http://127.0.0.1:39865", SUBJECT);
    let judge = |bundle: &Value| judge_by(bundle, &root(&trusted), &policy, OWN_IMAGE);
    expect(&judge(&bundle), true, &["signature", "counts"]);
    for key in ["tlogEntries", "timestampVerificationData"] {
        assert!(!judge(&without(bundle.clone(), "/verificationMaterial", key)).accepted, "{key}");
    }
    refused(&judge_by(&bundle, &root(&parse(vector!("keyless-trusted-root.json"))), &policy, OWN_IMAGE), "");
}

#[test]
fn damage_to_the_log_entry_is_seen() {
    let entry = |rest: &str| format!("{ENTRY}{rest}");
    refused(&judge(&changed(good(), &entry("/canonicalizedBody"))), "inclusion proof");
    for at in ["/inclusionProof/hashes/0", "/inclusionProof/hashes/1"] {
        refused(&judge(&changed(good(), &entry(at))), "inclusion proof");
    }
    refused(&judge(&changed(good(), &entry("/inclusionProof/checkpoint/envelope"))), "heckpoint");
    for at in [
        "",
        "/inclusionProof",
        "/inclusionProof/checkpoint",
        "/inclusionProof/hashes",
        "/canonicalizedBody",
        "/logIndex",
    ] {
        assert!(!judge(&swapped(good(), &entry(at))).accepted, "{at}");
    }
    refused(&judge(&without(good(), ENTRY, "inclusionProof")), "inclusion proof");
    refused(&judge(&without(good(), "/verificationMaterial", "tlogEntries")), "must have an inclusion proof");
}

#[test]
fn damage_to_the_timestamp_is_seen() {
    refused(&judge(&changed(good(), TIMESTAMP)), "imestamp");
    refused(&judge(&swapped(good(), TIMESTAMP)), "imestamp");
    refused(&judge(&without(good(), "/verificationMaterial", "timestampVerificationData")), "timestamp");
}

#[test]
fn damage_to_certificate_and_envelope_is_seen() {
    refused(&judge(&swapped(good(), CERTIFICATE)), "");
    refused(&judge(&changed(good(), CERTIFICATE)), "");
    assert!(!judge(&swapped(good(), "/dsseEnvelope/signatures/0/sig")).accepted);
    assert!(!judge(&swapped(good(), "/dsseEnvelope/payload")).accepted);
    // A chain is for older bundles: this version takes authorities from the trusted root only.
    let mut chained = good();
    let certificate = json!({"rawBytes": chained.pointer(CERTIFICATE).unwrap()});
    let material = chained.pointer_mut("/verificationMaterial").unwrap().as_object_mut().unwrap();
    material.remove("certificate");
    material.insert("x509CertificateChain".to_owned(), json!({"certificates": [certificate, certificate]}));
    expect(&judge(&chained), false, &["signature-missing", "bundle-unreadable"]);
}

#[test]
fn another_identity_or_issuer_is_refused_and_named() {
    let trusted = root(&parse(vector!("keyless-trusted-root.json")));
    for other in [policy(ISSUER, "eve@images.example"), policy("https://token.example", SUBJECT)] {
        let verification = judge_by(&good(), &trusted, &other, IMAGE);
        expect(&verification, false, &["signature-missing", "unknown-identity"]);
        assert!(verification.finding.to_string().contains("release@images.example"), "{}", verification.finding);
    }
}

/// The good bundle under a trusted root with another value at a place.
fn under(place: &str, value: Value) -> Verification {
    let mut trusted = parse(vector!("keyless-trusted-root.json"));
    *trusted.pointer_mut(place).unwrap() = value;
    judge_by(&good(), &root(&trusted), &policy(ISSUER, SUBJECT), IMAGE)
}

#[test]
fn another_authority_log_or_timestamp_authority_vouches_for_nothing() {
    let foreign = parse(vector!("trusted-root.json"));
    let public = parse(vector!("public-trusted-root.json"));
    refused(&under("/certificateAuthorities", foreign["certificateAuthorities"].clone()), "");
    refused(&under("/timestampAuthorities", foreign["timestampAuthorities"].clone()), "imestamp");
    refused(&under("/tlogs", public["tlogs"].clone()), "No matching Rekor key");
    // Not yet begun, and long over.
    refused(&under("/certificateAuthorities/0/validFor", json!({"start": "2199-01-01T00:00:00Z"})), "");
    let over = json!({"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"});
    refused(&under("/certificateAuthorities/0/validFor", over.clone()), "");
    refused(&under("/timestampAuthorities/0/validFor", over), "");
}

#[test]
fn authorities_that_vouch_for_each_other_in_a_ring_end_in_a_refusal() {
    let ring = parse(vector!("ring-trusted-root.json"));
    refused(&under("/timestampAuthorities", ring["timestampAuthorities"].clone()), "");
    refused(&under("/certificateAuthorities", ring["certificateAuthorities"].clone()), "");
}

#[test]
fn a_signature_from_the_future_means_that_a_clock_is_wrong() {
    let trusted = root(&parse(vector!("keyless-trusted-root.json")));
    let artifact = Artifact { digest: IMAGE.parse().unwrap(), name: None, tag: None };
    let evidence = Evidence { bundles: vec![found(good().to_string())], ..Evidence::default() };
    let early = "2026-11-30T11:40:00Z".parse().unwrap();
    let verification = verify(&artifact, &evidence, &policy(ISSUER, SUBJECT), Some(&trusted), early);
    expect(&verification, false, &["signature-missing", "from-the-future"]);
    assert!(verification.finding.to_string().contains("the clock of this machine says 2026-11-30T11:40:00Z"));
}

/// The public bundle, under the public root with another value at a place.
fn public(bundle: &Value, place: &str, value: Option<Value>) -> Verification {
    let mut trusted = parse(vector!("public-trusted-root.json"));
    if let Some(value) = value {
        *trusted.pointer_mut(place).unwrap() = value;
    }
    let subject = "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/*";
    let policy = policy("https://token.actions.githubusercontent.com", subject);
    judge_by(bundle, &root(&trusted), &policy, FILE)
}

fn public_bundle() -> Value {
    parse(vector!("public-bundle.json"))
}

#[test]
fn a_promise_of_the_certificate_log_and_one_of_an_older_log_are_checked() {
    let verification = public(&public_bundle(), "", None);
    expect(&verification, false, &["signature-missing", "not-asked-for"]);
    assert_eq!(verification.proofs.len(), 1, "it is true, and no release");
    // Another log's key; and no log, which the policy of an older private instance may say.
    let other_key = parse(vector!("public-trusted-root.json"))["tlogs"][0]["publicKey"]["rawBytes"].clone();
    let trusted = parse(vector!("public-trusted-root.json"));
    let logs = trusted["ctlogs"].as_array().unwrap().clone();
    let with_other_keys: Vec<Value> = logs
        .into_iter()
        .map(|mut log| {
            log["publicKey"]["rawBytes"] = other_key.clone();
            log
        })
        .collect();
    assert!(public(&public_bundle(), "/ctlogs", Some(with_other_keys.into())).proofs.is_empty());
    assert_eq!(public(&public_bundle(), "/ctlogs", Some(json!([]))).proofs.len(), 1);
}

#[test]
fn damage_to_an_entry_of_the_older_log_is_seen() {
    for place in [
        "/inclusionPromise/signedEntryTimestamp",
        "/inclusionProof/hashes/0",
        "/inclusionProof/rootHash",
        "/canonicalizedBody",
    ] {
        refused(&public(&changed(public_bundle(), &format!("{ENTRY}{place}")), "", None), "");
    }
    for (place, value) in [("/integratedTime", json!("1756728900")), ("/logIndex", json!("7"))] {
        let mut bundle = public_bundle();
        *bundle.pointer_mut(&format!("{ENTRY}{place}")).unwrap() = value;
        refused(&public(&bundle, "", None), "");
    }
}

#[test]
fn a_classic_signature_by_a_certificate_is_named_as_what_it_is() {
    let image = image("x");
    let mut classic = classic(&key(9), &image);
    let annotations = &mut classic.signature.layer.annotations;
    annotations.insert(signing::ANNOTATION_CERTIFICATE.to_owned(), "-----BEGIN CERTIFICATE-----".to_owned());
    let evidence = Evidence { classic: vec![classic], ..Evidence::default() };
    let verification = verify(&image, &evidence, &policy(ISSUER, SUBJECT), None, now());
    expect(&verification, false, &["signature-missing", "classic-certificate"]);
    let text = verification.finding.to_string();
    assert!(text.contains("certificates are believed in bundles only, as cosign 3 makes them"), "{text}");
}

#[test]
fn a_certificate_says_whom_it_names_and_for_how_long() {
    use base64::Engine as _;
    let der = good().pointer(CERTIFICATE).unwrap().as_str().unwrap().to_owned();
    let der = base64::engine::general_purpose::STANDARD.decode(der).unwrap();
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!((certificate.subject.as_str(), certificate.issuer.as_str()), (SUBJECT, ISSUER));
    assert_eq!((certificate.not_after - certificate.not_before).get_seconds(), 600);
    for wrong in [&b""[..], b"\x30\x00", &der[..der.len() - 1]] {
        assert!(Certificate::parse(wrong).unwrap_err().to_string().contains("expected one as Fulcio issues it"));
    }
}
