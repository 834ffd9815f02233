//! What a verifier is given: the artifact, and everything that was found beside it.
//!
//! In: bytes as the registry or a layout gave them. Out: values for [`crate::verify`]. Nothing here has been believed yet.

use blob::Digest;
use oci::Reference;

use crate::ClassicSignature;

/// What is to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The digest of the manifest or index, computed from its bytes.
    pub digest: Digest,
    /// The name under which it is published, `HOST/REPOSITORY`: where it was pulled from, or what a mirror stands for. None for a layout
    /// that nobody named; names in signatures are then not compared.
    pub name: Option<String>,
    /// The tag by which it was asked for.
    pub tag: Option<String>,
}

/// What was found beside it. The order does not matter.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Bundles among the referrers.
    pub bundles: Vec<FoundBundle>,
    /// Signatures under the tag `sha256-….sig`.
    pub classic: Vec<FoundClassic>,
    /// What was there and is not among these: damaged, missing, foreign, too much.
    pub overlooked: Vec<Overlooked>,
}

/// Something that was found and could not be looked at, so that nothing is left out in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlooked {
    /// A name for programs.
    pub code: &'static str,
    /// What it is and why it was not looked at: a sentence.
    pub text: String,
    /// Whether it may be there in a moment: a connection failed.
    pub may_pass: bool,
}

/// A bundle that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBundle {
    /// The digest of the referrer's manifest: a name for it, in words.
    pub referrer: Digest,
    /// The bytes of the bundle.
    pub bytes: Vec<u8>,
}

/// A classic signature that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundClassic {
    /// The layer with its signature.
    pub signature: ClassicSignature,
    /// The bytes of the layer: the payload.
    pub payload: Vec<u8>,
}

/// Whether a name in a signature is the artifact's: the same host and repository, however Docker's own is spelt.
pub(crate) fn same_repository(said: &Reference, expected: &str) -> bool {
    let parts = |reference: &Reference| {
        let host =
            reference.registry.clone().map(|host| if host == "index.docker.io" { "docker.io".into() } else { host });
        (host, reference.repository.clone())
    };
    expected.parse().is_ok_and(|expected| parts(said) == parts(&expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_name_but_for_dockers() {
        let same = |said: &str, expected| same_repository(&said.parse().unwrap(), expected);
        assert!(same("h.example/a", "h.example/a") && same("h.example/a:1", "h.example/a"));
        assert!(same("index.docker.io/library/a", "docker.io/library/a"));
        assert!(!same("h.example/a", "h.example/b") && !same("h.example/a", "h.example:5000/a"));
        assert!(!same("h.example/a", "no name"));
    }
}
