//! For `bedplate verify --policy`: a policy as YAML.
//!
//! In: a [`Policy`]. Out: the text that reads as the same policy, with everything that it says spelt out.

use std::fmt::Write;

use super::{block, quoted};
use crate::{Classic, ImageRule, Others, Policy, Role, StatementRule, TrustedIdentity, TrustedKey, predicate_name};

/// The file.
pub fn policy_file(policy: &Policy) -> String {
    let mut text = "# bedplate verify --policy FILE REF. Each key is believed about its roles only.\n".to_owned();
    let keys: String = policy.keys().iter().map(|(name, key)| key_entry(name, key)).collect();
    let identities: String = policy.identities().iter().map(|(name, one)| identity_entry(name, one)).collect();
    let images: String = policy.rules().iter().map(rule_entry).collect();
    for (name, entries) in [("keys", keys), ("identities", identities), ("images", images)] {
        // A key of the file with nothing below it would be no value.
        if !entries.is_empty() {
            let _ = write!(text, "{name}:\n{entries}");
        }
    }
    if policy.others() == Others::Accepted {
        text.push_str("others: allowed\n");
    }
    text
}

fn key_entry(name: &str, trusted: &TrustedKey) -> String {
    format!(
        "  {}:\n    key: |\n{}    roles: [{}]\n",
        quoted(name),
        block(&trusted.key.to_pem(), 6),
        roles(&trusted.roles)
    )
}

fn identity_entry(name: &str, trusted: &TrustedIdentity) -> String {
    format!(
        "  {}:\n    issuer: {}\n    subject: {}\n    roles: [{}]\n",
        quoted(name),
        quoted(&trusted.issuer),
        quoted(&trusted.subject.to_string()),
        roles(&trusted.roles)
    )
}

fn rule_entry(rule: &ImageRule) -> String {
    let patterns: Vec<_> = rule.repositories.iter().map(|pattern| quoted(&pattern.to_string())).collect();
    let statements: String = rule.statements.iter().map(statement_entry).collect();
    let statements = if statements.is_empty() { " []\n".to_owned() } else { format!("\n{statements}") };
    format!(
        "  - repositories: [{}]\n{}    classic: {}\n    statements:{statements}    rebuilds: {}\n",
        patterns.join(", "),
        rule.signers.as_ref().map(|names| format!("    signers: [{}]\n", names_of(names))).unwrap_or_default(),
        classic(rule.classic),
        rule.rebuilds
    )
}

fn statement_entry(rule: &StatementRule) -> String {
    let age = rule.max_age.map(|age| format!(", max-age: {}", quoted(&age.to_string()))).unwrap_or_default();
    let signers = rule.signers.as_ref().map(|names| format!(", signers: [{}]", names_of(names))).unwrap_or_default();
    format!("      - {{ type: {}{age}{signers} }}\n", quoted(predicate_name(&rule.predicate_type)))
}

fn names_of(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn roles(roles: &[Role]) -> String {
    let word = |role: &Role| match role {
        Role::Release => "release",
        Role::Statement => "statement",
        Role::Rebuild => "rebuild",
    };
    roles.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn classic(classic: Classic) -> &'static str {
    match classic {
        Classic::Refused => "refused",
        Classic::Allowed => "allowed",
        Classic::Required => "required",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = r#"
images:
  - { repositories: ["[[]::1]:5000/**", "h.example/*"], classic: allowed, signers: [ci], rebuilds: 2, statements: [{ type: vex, max-age: 7d, signers: [ci] }, { type: "https://x.example/v1" }] }
  - { repositories: ["**"] }
identities:
  ci: { issuer: "https://t.example", subject: "https://g.example/*: \"x\"", roles: [statement, rebuild] }
"#;

    #[test]
    fn reads_as_the_same_policy() {
        let key = crate::PublicKey::from_pem(include_bytes!("../../tests/vectors/cosign.pub")).unwrap();
        let everything: Policy = serde_saphyr::from_str(EVERYTHING).unwrap();
        for policy in [
            everything,
            Policy::of_factory("[::1]:80/a", std::slice::from_ref(&key), std::slice::from_ref(&key), Classic::Required),
        ] {
            let text = policy_file(&policy);
            assert_eq!(serde_saphyr::from_str::<Policy>(&text).unwrap(), policy, "{text}");
        }
    }

    #[test]
    fn types_of_statements_are_written_by_their_words() {
        let text = policy_file(&Policy::of_factory("h.example", &[], &[], Classic::Refused));
        let expected = "images:\n  - repositories: [\"h.example/**\"]\n    classic: refused\n    statements:\n      - { type: \"spdx\" }\n      - { type: \"cyclonedx\" }\n      - { type: \"provenance\" }\n    rebuilds: 0\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
