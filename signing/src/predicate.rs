//! The kinds of statement that we make and read, each with its versioned type.
//!
//! In: nothing, or the name of a kind. Out: the types of predicates, and those that are documents of other standards.
//! Specification: <https://github.com/in-toto/attestation/blob/main/spec/v1/predicate.md>.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Statement, StatementError, Subject};

/// `https://sigstore.dev/cosign/sign/v1`: "this is the image that I release". Says nothing more: its predicate is empty.
pub const COSIGN_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
/// `https://slsa.dev/provenance/v1`: how and from what it was built. <https://slsa.dev/spec/v1.1/provenance>.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// `https://spdx.dev/Document`: what is in it, as SPDX 2.3. <https://spdx.github.io/spdx-spec/v2.3/>.
pub const SPDX: &str = "https://spdx.dev/Document";
/// `https://cyclonedx.org/bom`: what is in it, as CycloneDX. <https://cyclonedx.org/specification/overview/>.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// `https://openvex.dev/ns/v0.2.0`: which advisories touch it and which do not. <https://github.com/openvex/spec/blob/v0.2.0/OPENVEX-SPEC.md>.
pub const OPENVEX: &str = "https://openvex.dev/ns/v0.2.0";
/// `https://cosign.sigstore.dev/attestation/vuln/v1`: what a scanner found.
/// <https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md>.
pub const VULNERABILITY_REPORT: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
/// `https://bedplate.dev/rebuild/v1`: ours: "I built this from its provenance". See [`crate::RebuildReport`].
pub const REBUILD: &str = "https://bedplate.dev/rebuild/v1";
/// How long fixes took in a month: about the file that says so.
pub const LAG_SUMMARY: &str = "https://bedplate.dev/lag-summary/v1";

/// What can be said in a statement.
pub trait Predicate: Serialize {
    /// Its type: an address with a version.
    const TYPE: &'static str;
}

/// The predicate of [`COSIGN_SIGNATURE`]: the type is all that it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignSignature {}

impl Predicate for CosignSignature {
    const TYPE: &'static str = COSIGN_SIGNATURE;
}

/// A document of another standard, kept byte for byte: an SBOM, a VEX document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Box<RawValue>);

impl Document {
    /// Takes a JSON object as it stands.
    pub fn new(json: &str) -> Result<Self, StatementError> {
        let raw: Box<RawValue> =
            serde_json::from_str(json).map_err(|reason| StatementError::Malformed(reason.to_string()))?;
        if raw.get().starts_with('{') {
            return Ok(Self(raw));
        }
        Err(StatementError::Malformed("the document is no JSON object".to_owned()))
    }

    /// The JSON as it was given.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl Statement<Document> {
    /// A statement that carries a document: `predicate_type` is [`SPDX`], [`CYCLONEDX`] or [`OPENVEX`].
    pub fn of_document(predicate_type: &str, subject: Vec<Subject>, document: Document) -> Self {
        let kind = crate::STATEMENT_TYPE.to_owned();
        Self { kind, subject, predicate_type: predicate_type.to_owned(), predicate: document }
    }
}

/// Short names, for policies and command lines.
const SHORT: [(&str, &str); 7] = [
    ("signature", COSIGN_SIGNATURE),
    ("provenance", PROVENANCE),
    ("spdx", SPDX),
    ("cyclonedx", CYCLONEDX),
    ("vex", OPENVEX),
    ("vulnerabilities", VULNERABILITY_REPORT),
    ("rebuild", REBUILD),
];

/// The type that a short name stands for; any address stands for itself.
pub fn predicate_type(name: &str) -> Option<&str> {
    let known = SHORT.iter().find(|(short, _)| *short == name).map(|(_, long)| *long);
    known.or_else(|| name.contains("://").then_some(name))
}

/// What people call a type.
pub fn predicate_name(predicate_type: &str) -> &str {
    SHORT.iter().find(|(_, long)| is_of_type(predicate_type, long)).map_or(predicate_type, |(short, _)| *short)
}

/// Whether a found type is the wanted one: the same, or a version of it where the field writes several
/// (`https://openvex.dev/ns`, `https://cyclonedx.org/bom/v1.5`). The type of signatures has no other spelling.
pub fn is_of_type(found: &str, wanted: &str) -> bool {
    let family = match wanted {
        OPENVEX => "https://openvex.dev/ns",
        CYCLONEDX | SPDX => wanted,
        _ => return found == wanted,
    };
    found.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_find_each_other() {
        for (short, long) in SHORT {
            assert_eq!(predicate_type(short), Some(long));
            assert_eq!(predicate_type(long), Some(long));
            assert_eq!(predicate_name(long), short);
        }
        assert_eq!(predicate_type("spxd"), None);
        assert_eq!(predicate_name("https://x.example/y"), "https://x.example/y");
    }

    #[test]
    fn versions_of_a_document_are_of_its_type_and_nothing_else_is() {
        assert!(is_of_type("https://openvex.dev/ns", OPENVEX));
        assert!(is_of_type("https://cyclonedx.org/bom/v1.5", CYCLONEDX));
        assert!(!is_of_type("https://cyclonedx.org/bombastic", CYCLONEDX));
        assert!(!is_of_type("https://sigstore.dev/cosign/sign/v1/x", COSIGN_SIGNATURE));
        assert!(!is_of_type(SPDX, COSIGN_SIGNATURE));
    }

    #[test]
    fn a_document_is_kept_byte_for_byte() {
        let text = r#"{ "b": 1.0, "a": [ ] }"#;
        let statement =
            Statement::of_document(SPDX, vec![Subject::of(&blob::Digest::of("x"))], Document::new(text).unwrap());
        let bytes = String::from_utf8(statement.to_bytes()).unwrap();
        assert!(bytes.ends_with(&format!(r#""predicate":{text}}}"#)), "{bytes}");
        assert!(Document::new("[]").is_err() && Document::new("{").is_err());
    }
}
