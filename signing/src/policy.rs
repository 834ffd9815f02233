//! Whom a verifier believes, and what it wants to see.
//!
//! In: a YAML file, read by the caller, or keys. Out: a [`Policy`] whose names all lead somewhere.
//!
//! ```yaml
//! keys:
//!   release-2026: { key: "-----BEGIN PUBLIC KEY-----…", roles: [release] }
//!   statements:   { key: "-----BEGIN PUBLIC KEY-----…", roles: [statement] }
//! identities:
//!   ci: { issuer: https://token.example.com, subject: "https://git.example.com/team/*/release.yaml@refs/tags/*" }
//! images:                                   # the first that fits decides; none fits: refused
//!   - repositories: ["images.example.com/**"]
//!     signers: [release-2026]               # default: everybody with the role
//!     classic: refused                      # refused | allowed | required
//!     statements:
//!       - { type: provenance }
//!       - { type: vulnerabilities, max-age: 2d, signers: [statements] }
//!     rebuilds: 1                           # statements "I built the same", by as many different keys
//! others: refused                           # images that no rule speaks about: refused | allowed
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MaxAge, NamePattern, PROVENANCE, PublicKey, SPDX, predicate_type};

/// Whom a verifier believes, and what it wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PolicyFile")]
pub struct Policy(PolicyFile);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct PolicyFile {
    keys: BTreeMap<String, TrustedKey>,
    identities: BTreeMap<String, TrustedIdentity>,
    images: Vec<ImageRule>,
    others: Others,
}

/// A key that is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustedKey {
    /// The public key in PEM.
    pub key: PublicKey,
    /// What it is believed about.
    #[serde(default = "Role::usual")]
    pub roles: Vec<Role>,
}

/// An identity that is believed, where a trusted root vouches for its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustedIdentity {
    /// The identity provider's address, letter for letter.
    pub issuer: String,
    /// Whom it names: an address of mail or of a workflow.
    pub subject: NamePattern,
    /// What it is believed about.
    #[serde(default = "Role::usual")]
    pub roles: Vec<Role>,
}

/// What a signer is believed about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// "This is a released image."
    Release,
    /// "This is what is in it, where it comes from, what was found in it."
    Statement,
    /// "I built the same from its provenance."
    Rebuild,
}

/// Whether a classic signature, which podman and cosign 2 read, counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classic {
    /// It is looked at, and never enough: a good image whose bundle was taken away is refused.
    #[default]
    Refused,
    /// Either form is enough; that only the classic one is there is said as a warning.
    Allowed,
    /// It must be there, and a bundle too.
    Required,
}

/// What happens to images that no rule speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Others {
    /// They are refused.
    #[default]
    Refused,
    /// They are taken as they are, unverified, and the answer says so.
    #[serde(rename = "allowed")]
    Accepted,
}

/// What is wanted of the images that it fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImageRule {
    /// Patterns for `HOST/REPOSITORY`.
    pub repositories: Vec<NamePattern>,
    /// Names of keys and identities whose release signatures count; default: all with the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<Vec<String>>,
    /// Whether a classic signature counts.
    #[serde(default)]
    pub classic: Classic,
    /// What must be said about the image.
    #[serde(default)]
    pub statements: Vec<StatementRule>,
    /// How many different signers must have built the same image again.
    #[serde(default)]
    pub rebuilds: usize,
}

/// A statement that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StatementRule {
    /// `provenance`, `spdx`, `cyclonedx`, `vex`, `vulnerabilities`, or the address of another type.
    #[serde(rename = "type")]
    pub predicate_type: String,
    /// How old it may be, by the time that it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<MaxAge>,
    /// Names of keys and identities that may say it; default: all with the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<Vec<String>>,
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A rule names a signer that the policy does not have.
    #[error("the policy names the signer `{0}`: expected one of its keys or identities: {1}")]
    UnknownSigner(String, String),
    /// A key and an identity have one name.
    #[error("the policy has a key and an identity of the name `{0}`: expected different names")]
    TwoSigners(String),
    /// A statement of no kind that we know.
    #[error(
        "the policy wants statements of type `{0}`: expected `provenance`, `spdx`, `cyclonedx`, `vex`, `vulnerabilities`, or an address"
    )]
    UnknownType(String),
    /// Types that are asked for by other words.
    #[error(
        "the policy wants statements of type `{0}`: signatures are always wanted, rebuilds are asked for by `rebuilds`"
    )]
    OtherWord(String),
}

impl Policy {
    /// For images of a factory whose keys one has: released by one of `release`; where `statement` keys are given, with provenance and SBOM
    /// signed by one of them. A classic signature alone is not enough: the factory always makes both.
    pub fn of_keys(release: &[PublicKey], statement: &[PublicKey]) -> Self {
        let trusted = |role: Role, keys: &[PublicKey]| -> Vec<_> {
            let named =
                keys.iter().map(|key| (key_name(role, key), TrustedKey { key: key.clone(), roles: vec![role] }));
            named.collect()
        };
        let wanted = if statement.is_empty() { vec![] } else { vec![PROVENANCE, SPDX] };
        let rule = ImageRule::for_all(&wanted);
        let keys = [trusted(Role::Release, release), trusted(Role::Statement, statement)].concat();
        Self(PolicyFile { keys: keys.into_iter().collect(), images: vec![rule], ..PolicyFile::default() })
    }

    /// For whatever these identities sign, by any name: each counts for its roles, and nothing but the release is wanted.
    pub fn of_identities(identities: &[TrustedIdentity]) -> Self {
        Self(PolicyFile { images: vec![ImageRule::for_all(&[])], ..PolicyFile::default() }).with_identities(identities)
    }

    /// The same, and these identities are believed too, each about its roles.
    #[must_use]
    pub fn with_identities(mut self, identities: &[TrustedIdentity]) -> Self {
        let before = self.0.identities.len();
        let named = |(at, one): (usize, &TrustedIdentity)| (format!("identity-{}", before + at + 1), one.clone());
        self.0.identities.extend(identities.iter().enumerate().map(named));
        self
    }

    /// The keys by name.
    pub fn keys(&self) -> &BTreeMap<String, TrustedKey> {
        &self.0.keys
    }

    /// The identities by name.
    pub fn identities(&self) -> &BTreeMap<String, TrustedIdentity> {
        &self.0.identities
    }

    /// What happens to images that no rule speaks about.
    pub fn others(&self) -> Others {
        self.0.others
    }

    /// The same without statements and rebuilds: for the parts of an image, about which its index speaks.
    #[must_use]
    pub fn signatures_only(&self) -> Self {
        let bare = |rule: &ImageRule| ImageRule { statements: Vec::new(), rebuilds: 0, ..rule.clone() };
        let images = self.0.images.iter().map(bare).collect();
        Self(PolicyFile { images, ..self.0.clone() })
    }

    /// The rule for `HOST/REPOSITORY`. Where the name is not known, only a rule for `**` fits.
    pub fn rule(&self, name: Option<&str>) -> Option<&ImageRule> {
        let fits = |pattern: &NamePattern| name.map_or(pattern.fits_all(), |name| pattern.fits(name));
        self.0.images.iter().find(|rule| rule.repositories.iter().any(fits))
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[ImageRule] {
        &self.0.images
    }

    /// Of keys and rules that name no signer.
    pub(crate) fn of_parts(keys: BTreeMap<String, TrustedKey>, images: Vec<ImageRule>) -> Self {
        Self(PolicyFile { keys, images, ..PolicyFile::default() })
    }
}

impl ImageRule {
    /// For every image: released, and with statements of these types.
    fn for_all(wanted: &[&str]) -> Self {
        let statement_rule =
            |of: &&str| StatementRule { predicate_type: (*of).to_owned(), max_age: None, signers: None };
        Self {
            repositories: NamePattern::new("**").into_iter().collect(),
            signers: None,
            classic: Classic::Refused,
            statements: wanted.iter().map(statement_rule).collect(),
            rebuilds: 0,
        }
    }
}

/// What a key is called: its first role and the beginning of its id.
pub(crate) fn key_name(role: Role, key: &PublicKey) -> String {
    let role = if role == Role::Release { "release" } else { "statement" };
    format!("{role}-{}", key.id().short())
}

impl Role {
    fn usual() -> Vec<Self> {
        vec![Self::Release, Self::Statement]
    }
}

impl TryFrom<PolicyFile> for Policy {
    type Error = PolicyError;

    fn try_from(mut file: PolicyFile) -> Result<Self, PolicyError> {
        if let Some(name) = file.identities.keys().find(|name| file.keys.contains_key(*name)) {
            return Err(PolicyError::TwoSigners(name.clone()));
        }
        let known: Vec<_> = file.keys.keys().chain(file.identities.keys()).cloned().collect();
        for rule in &mut file.images {
            let named = rule.statements.iter().filter_map(|statement| statement.signers.as_ref());
            let named = named.chain(&rule.signers).flatten();
            if let Some(name) = named.into_iter().find(|name| !known.contains(name)) {
                return Err(PolicyError::UnknownSigner(name.clone(), known.join(", ")));
            }
            for statement in &mut rule.statements {
                statement.predicate_type = statement_type(&statement.predicate_type)?;
            }
        }
        Ok(Self(file))
    }
}

/// The type that a word of the file stands for.
fn statement_type(word: &str) -> Result<String, PolicyError> {
    match predicate_type(word) {
        Some(crate::COSIGN_SIGNATURE | crate::REBUILD) => Err(PolicyError::OtherWord(word.to_owned())),
        Some(known) => Ok(known.to_owned()),
        None => Err(PolicyError::UnknownType(word.to_owned())),
    }
}
