//! The policy of a factory about its own images.
//!
//! In: the name that its images have, and its keys. Out: a [`Policy`] for these images and no others, with everything that it publishes.

use crate::policy::key_name;
use crate::{
    CYCLONEDX, Classic, ImageRule, NamePattern, PROVENANCE, Policy, PublicKey, Role, SPDX, StatementRule, TrustedKey,
};

impl Policy {
    /// For images below `name` (`HOST` or `HOST/PREFIX`): released by one of `release`; SPDX, CycloneDX and provenance signed by one of
    /// `statement`, which may also say that they built the same again.
    pub fn of_factory(name: &str, release: &[PublicKey], statement: &[PublicKey], classic: Classic) -> Self {
        let releases = release.iter().map(|key| trusted(key, &[Role::Release]));
        let statements = statement.iter().map(|key| trusted(key, &[Role::Statement, Role::Rebuild]));
        Self::of_parts(releases.chain(statements).collect(), vec![rule(name, classic)])
    }
}

fn trusted(key: &PublicKey, roles: &[Role]) -> (String, TrustedKey) {
    let first = roles.first().copied().unwrap_or(Role::Release);
    (key_name(first, key), TrustedKey { key: key.clone(), roles: roles.to_vec() })
}

/// Everybody with the role may sign. Without a pattern it fits nothing.
fn rule(name: &str, classic: Classic) -> ImageRule {
    let statement = |of: &str| StatementRule { predicate_type: of.to_owned(), max_age: None, signers: None };
    ImageRule {
        repositories: NamePattern::below(name).into_iter().collect(),
        signers: None,
        classic,
        statements: [SPDX, CYCLONEDX, PROVENANCE].map(statement).into(),
        rebuilds: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_about_its_own_images_only_and_keeps_the_roles_apart() {
        let key = PublicKey::from_pem(include_bytes!("../tests/vectors/cosign.pub")).unwrap();
        let policy = Policy::of_factory(
            "h.example/team",
            std::slice::from_ref(&key),
            std::slice::from_ref(&key),
            Classic::Required,
        );
        let roles: Vec<_> = policy.keys().values().map(|key| key.roles.clone()).collect();
        assert_eq!(roles, [vec![Role::Release], vec![Role::Statement, Role::Rebuild]]);
        let rule = policy.rule(Some("h.example/team/a")).unwrap();
        assert_eq!((rule.classic, rule.statements.len()), (Classic::Required, 3));
        assert!(policy.rule(Some("h.example/teams/a")).is_none() && policy.rule(None).is_none());
    }
}
