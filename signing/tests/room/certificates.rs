//! Bundles by certificates of a private authority: openssl made them, nobody asks the internet.

use signing::{Evidence, Policy, TrustedRoot, Verification, verify};

use crate::support::{expect, found, now, vector, vector_image};

fn policy(subject: &str, issuer: &str) -> Policy {
    let text = format!(
        r#"{{"identities":{{"ci":{{"issuer":"{issuer}","subject":"{subject}"}}}},"images":[{{"repositories":["**"]}}]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn good() -> Policy {
    policy("https://git.example.com/team/*/release.yaml@refs/tags/*", "https://token.example.com")
}

fn root() -> TrustedRoot {
    TrustedRoot::parse(std::str::from_utf8(vector!("trusted-root.json")).unwrap()).unwrap()
}

fn judge(bundle: &[u8], policy: &Policy, root: Option<&TrustedRoot>) -> Verification {
    verify(&vector_image(), &Evidence { bundles: vec![found(bundle)], ..Evidence::default() }, policy, root, now())
}

#[test]
fn the_identity_that_the_policy_names_is_accepted_and_its_time_proven() {
    let verification = judge(vector!("certificate-bundle.json"), &good(), Some(&root()));
    expect(&verification, true, &["signature", "counts"]);
    assert_eq!(verification.proofs[0].times.len(), 1);
    assert!(verification.finding.to_string().contains("release.yaml@refs/tags/v1` (`ci`)"), "{}", verification.finding);
}

#[test]
fn another_identity_or_issuer_is_refused_and_named() {
    for other in [
        policy("https://git.example.com/team/release.yaml@refs/tags/*", "https://token.example.com"),
        policy("https://git.example.com/**", "https://token.example.com/"),
    ] {
        let verification = judge(vector!("certificate-bundle.json"), &other, Some(&root()));
        expect(&verification, false, &["signature-missing", "unknown-identity"]);
        assert!(verification.finding.to_string().contains("refs/tags/v1"), "{}", verification.finding);
    }
}

#[test]
fn an_expired_certificate_and_one_without_a_time_are_refused() {
    for (bundle, words) in [
        (vector!("certificate-bundle-expired.json"), "valid from 2020-01-01T00:00:00Z to 2020-01-01T00:10:00Z"),
        (vector!("certificate-bundle-untimed.json"), "timestamp"),
    ] {
        let verification = judge(bundle, &good(), Some(&root()));
        expect(&verification, false, &["signature-missing", "certificate"]);
        assert!(verification.finding.to_string().contains(words), "{}", verification.finding);
    }
}

#[test]
fn without_a_trusted_root_or_under_another_no_certificate_counts() {
    let bundle = vector!("certificate-bundle.json");
    expect(&judge(bundle, &good(), None), false, &["signature-missing", "no-trusted-root"]);
    let nobody = TrustedRoot::parse(signing::empty_trusted_root()).unwrap();
    expect(&judge(bundle, &good(), Some(&nobody)), false, &["signature-missing", "certificate"]);
}

#[test]
fn a_changed_signature_and_a_changed_statement_are_refused() {
    let text = std::str::from_utf8(vector!("certificate-bundle.json")).unwrap();
    let change = |key: &str| {
        let at = text.find(&format!("\"{key}\":\"")).unwrap() + key.len() + 40;
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    for key in ["payload", "sig", "signedTimestamp"] {
        assert!(!judge(change(key).as_bytes(), &good(), Some(&root())).accepted, "{key}");
    }
}

#[test]
fn a_trusted_root_that_is_none_is_refused() {
    for text in ["", "{}", "[]", "null", &"x".repeat(2_000_000)] {
        assert!(TrustedRoot::parse(text).is_err());
    }
    let text = std::str::from_utf8(vector!("trusted-root.json")).unwrap();
    let cut = text.replacen("\"rawBytes\":\"MII", "\"rawBytes\":\"MIA", 1);
    assert!(TrustedRoot::parse(&cut).unwrap_err().to_string().contains("expected `trusted_root.json`"));
}
