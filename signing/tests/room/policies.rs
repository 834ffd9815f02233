//! Policies as people write them, in YAML; and the YAML that we write for others.

use signing::{Audience, Classic, Policy, Role, cluster_image_policy, kyverno_policy, registries_d};

use crate::support::cosign_pub;

const PEM: &str = include_str!("../vectors/cosign.pub");

fn yaml(images: &str) -> String {
    let pem: String = PEM.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "keys:\n  release:\n    key: |\n{pem}    roles: [release]\nidentities:\n  ci: {{ issuer: https://t.example, subject: 'https://g.example/*' }}\nimages:\n{images}"
    )
}

fn read(images: &str) -> Result<Policy, String> {
    serde_saphyr::from_str(&yaml(images)).map_err(|error| error.to_string())
}

#[test]
fn a_policy_file_is_read_and_the_first_rule_that_fits_decides() {
    let text = "  - { repositories: [h.example/a], classic: required }\n  - repositories: ['h.example/**']\n    signers: [release, ci]\n    statements: [{ type: vex, max-age: 7d }]\n    rebuilds: 2\n";
    let policy = read(text).unwrap();
    assert_eq!(policy.keys()["release"].roles, [Role::Release]);
    assert_eq!(policy.identities()["ci"].roles, [Role::Release, Role::Statement]);
    assert_eq!(policy.rule(Some("h.example/a")).unwrap().classic, Classic::Required);
    let second = policy.rule(Some("h.example/b/c")).unwrap();
    assert_eq!((second.classic, second.rebuilds), (Classic::Refused, 2));
    assert_eq!(second.statements[0].predicate_type, "https://openvex.dev/ns/v0.2.0");
    assert!(policy.rule(Some("other.example/a")).is_none() && policy.rule(None).is_none());
}

#[test]
fn a_policy_that_leads_nowhere_says_where() {
    for (images, words) in [
        (
            "  - { repositories: ['**'], signers: [relase] }\n",
            "the signer `relase`: expected one of its keys or identities: release, ci",
        ),
        ("  - { repositories: ['**'], statements: [{ type: sbom }] }\n", "statements of type `sbom`"),
        ("  - { repositories: ['**'], statements: [{ type: signature }] }\n", "signatures are always wanted"),
        ("  - { repositories: ['**'], statements: [{ type: vex, max-age: 7 days }] }\n", "`7 days` is no age"),
        ("  - { repositories: ['['] }\n", "is no pattern"),
        ("  - { repositories: ['**'], clasic: allowed }\n", "clasic"),
    ] {
        let error = read(images).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_private_key_in_a_policy_is_refused() {
    let text = "keys: { x: { key: \"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n\" } }";
    let error = serde_saphyr::from_str::<Policy>(text).unwrap_err().to_string();
    assert!(error.contains("expected a `PUBLIC KEY`"), "{error}");
}

#[test]
fn what_we_write_for_others_is_yaml_that_holds_the_key() {
    let audience = Audience { scopes: vec!["images.example.com".to_owned()], keys: vec![cosign_pub()] };
    let kyverno: serde_json::Value = serde_saphyr::from_str(&kyverno_policy(&audience)).unwrap();
    let entry = &kyverno["spec"]["rules"][0]["verifyImages"][0]["attestors"][0]["entries"][0]["keys"];
    assert_eq!(entry["publicKeys"].as_str().unwrap().trim_end(), PEM.trim_end());
    assert_eq!(entry["rekor"]["ignoreTlog"], true);
    let controller: serde_json::Value = serde_saphyr::from_str(&cluster_image_policy(&audience)).unwrap();
    assert_eq!(controller["spec"]["authorities"][0]["key"]["data"], PEM);
    let registries: serde_json::Value = serde_saphyr::from_str(&registries_d(&audience, &[])).unwrap();
    assert_eq!(registries["docker"]["images.example.com"]["use-sigstore-attachments"], true);
}
