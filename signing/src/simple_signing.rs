//! The payload of a classic cosign signature: which digest, under which name.
//!
//! In: a digest and a name, or the bytes of a payload. Out: a [`SimpleSigning`], or its bytes, exactly as cosign writes them.
//! Specification: <https://github.com/containers/image/blob/main/docs/containers-signature.5.md>,
//! <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.

use blob::Digest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::encoding::{from_json, shorten, to_json};

/// The media type of a payload.
pub const MEDIA_TYPE_SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What cosign writes as the type; podman takes no other.
const TYPE: &str = "cosign container image signature";
/// A payload has some 240 bytes; annotations may make it longer.
pub const LARGEST_PAYLOAD: usize = 256 * 1024;

/// What a classic signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleSigning {
    /// `HOST/REPOSITORY`, or with `:TAG`: the name under which the image is published. Cosign ignores it, podman does not.
    pub reference: String,
    /// The digest of the signed manifest.
    pub digest: Digest,
}

/// Why bytes are no such payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimpleSigningError {
    /// No such JSON.
    #[error("the payload cannot be read: {0}")]
    Malformed(String),
    /// Of another signing scheme.
    #[error("the payload's type is `{0}`: expected `{TYPE}`")]
    Type(String),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    critical: Critical,
    /// Free; cosign writes `null`.
    optional: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Identity {
    docker_reference: String,
}

/// The text of the specification has a capital D in `docker-manifest-digest`; what is written and read has not.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Image {
    docker_manifest_digest: Digest,
}

impl SimpleSigning {
    /// The bytes that are signed, as cosign writes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let identity = Identity { docker_reference: self.reference.clone() };
        let image = Image { docker_manifest_digest: self.digest.clone() };
        to_json(&Wire { critical: Critical { identity, image, kind: TYPE.to_owned() }, optional: None })
    }

    /// Reads a payload. Unknown keys among the critical ones are refused, as podman does; what is optional is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, SimpleSigningError> {
        let Wire { critical, .. } = from_json(bytes, LARGEST_PAYLOAD).map_err(SimpleSigningError::Malformed)?;
        if critical.kind != TYPE {
            return Err(SimpleSigningError::Type(shorten(&critical.kind)));
        }
        Ok(Self { reference: critical.identity.docker_reference, digest: critical.image.docker_manifest_digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> String {
        let payload = SimpleSigning { reference: "h.example/a".to_owned(), digest: Digest::of("x") };
        String::from_utf8(payload.to_bytes()).unwrap()
    }

    #[test]
    fn is_written_as_cosign_has_it() {
        let expected = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"h.example/a"}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
            Digest::of("x")
        );
        assert_eq!(good(), expected);
    }

    #[test]
    fn takes_any_optional_part_or_none() {
        for optional in [r#""optional":{"a":[1]}"#, r#""optional":null"#] {
            assert!(SimpleSigning::parse(good().replace(r#""optional":null"#, optional).as_bytes()).is_ok());
        }
        assert!(SimpleSigning::parse(good().replace(r#","optional":null"#, "").as_bytes()).is_ok());
    }

    #[test]
    fn refuses_other_types_spellings_and_critical_keys_that_it_does_not_know() {
        for (old, new) in [
            ("cosign container", "atomic container"),
            ("docker-manifest-digest", "Docker-manifest-digest"),
            (r#""type""#, r#""more":1,"type""#),
            (r#""docker-reference""#, r#""docker-reference":"evil","docker-reference""#),
            ("sha256:", "sha256:../"),
        ] {
            let text = good().replace(old, new);
            assert!(SimpleSigning::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
