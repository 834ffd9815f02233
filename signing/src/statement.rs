//! An in-toto statement: what is said (the predicate) about which artifacts (the subjects).
//!
//! In: subjects and a predicate, or the bytes of a payload. Out: a [`Statement`], or its JSON, always the same for the same value.
//! Specification: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>.

use std::collections::BTreeMap;

use blob::Digest;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::Predicate;
use crate::encoding::{from_json, shorten, to_json};
use crate::envelope::LARGEST_ENVELOPE;

/// The type of every statement that we make.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The type that cosign still writes for attestations.
pub const STATEMENT_TYPE_0_1: &str = "https://in-toto.io/Statement/v0.1";

/// Something said about artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P> {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about.
    pub subject: Vec<Subject>,
    /// What kind of predicate follows.
    pub predicate_type: String,
    /// What is said.
    pub predicate: P,
}

/// A statement whose predicate nobody has looked at yet.
pub type StatementHead = Statement<IgnoredAny>;

/// One artifact that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called: for images `HOST/REPOSITORY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digests in hexadecimal digits, by algorithm.
    pub digest: BTreeMap<String, String>,
}

/// Why bytes are no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No such JSON, or not this predicate.
    #[error("the statement cannot be read: {0}")]
    Malformed(String),
    /// Another version, or no statement.
    #[error("the statement says that it is `{0}`: expected `{STATEMENT_TYPE}`")]
    Type(String),
    /// It speaks about nothing.
    #[error("the statement names no subject")]
    NoSubject,
}

impl<P: Predicate> Statement<P> {
    /// Says `predicate` about these subjects.
    pub fn new(subject: Vec<Subject>, predicate: P) -> Self {
        Self { kind: STATEMENT_TYPE.to_owned(), subject, predicate_type: P::TYPE.to_owned(), predicate }
    }
}

impl<P: Serialize> Statement<P> {
    /// The statement as compact JSON: the payload that is signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self)
    }
}

impl<P: DeserializeOwned> Statement<P> {
    /// Reads a payload.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement: Self = from_json(bytes, LARGEST_ENVELOPE).map_err(StatementError::Malformed)?;
        match statement.kind.as_str() {
            STATEMENT_TYPE | STATEMENT_TYPE_0_1 if statement.subject.is_empty() => Err(StatementError::NoSubject),
            STATEMENT_TYPE | STATEMENT_TYPE_0_1 => Ok(statement),
            other => Err(StatementError::Type(shorten(other))),
        }
    }
}

impl<P> Statement<P> {
    /// The subject that has this digest.
    pub fn about(&self, digest: &Digest) -> Option<&Subject> {
        self.subject.iter().find(|subject| subject.has(digest))
    }
}

impl Subject {
    /// The artifact with this digest.
    pub fn of(digest: &Digest) -> Self {
        let digest = BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())]);
        Self { name: None, digest }
    }

    /// The artifact with this digest, under a name.
    pub fn named(name: impl Into<String>, digest: &Digest) -> Self {
        Self { name: Some(name.into()), ..Self::of(digest) }
    }

    /// Whether this digest is among its digests.
    pub fn has(&self, digest: &Digest) -> bool {
        self.digest.get(digest.algorithm().name()).is_some_and(|hex| hex == digest.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CosignSignature;

    #[test]
    fn a_signature_of_an_image_is_as_short_as_cosign_has_it() {
        let digest = Digest::of("x");
        let bytes = Statement::new(vec![Subject::named("h.example/a", &digest)], CosignSignature {}).to_bytes();
        let expected = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"h.example/a","digest":{{"sha256":"{}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
            digest.hex()
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let head = StatementHead::parse(&bytes).unwrap();
        assert!(head.about(&digest).is_some());
        assert!(head.about(&Digest::of("y")).is_none());
        assert!(head.about(&Digest::by(blob::Algorithm::Sha512, "x")).is_none());
    }

    #[test]
    fn refuses_other_types_and_statements_about_nothing() {
        let text = |kind: &str, subject: &str| {
            format!(r#"{{"_type":"{kind}","subject":[{subject}],"predicateType":"t","predicate":{{}}}}"#)
        };
        let parse = |text: String| StatementHead::parse(text.as_bytes());
        assert!(parse(text(STATEMENT_TYPE_0_1, r#"{"digest":{}}"#)).is_ok());
        assert_eq!(parse(text(STATEMENT_TYPE, "")).unwrap_err(), StatementError::NoSubject);
        assert!(matches!(parse(text("https://in-toto.io/Link/v1", "")), Err(StatementError::Type(_))));
        assert!(parse(text(STATEMENT_TYPE, r#"{"name":"a"}"#)).is_err());
    }
}
