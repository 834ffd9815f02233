//! A Sigstore bundle v0.3: a signature with everything that is needed to check it, in one file.
//!
//! In: an envelope or a bare signature with its material, or JSON. Out: a [`Bundle`], or its JSON, always the same for the same value.
//! Specification: <https://docs.sigstore.dev/about/bundle/>, <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto>.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::encoding::{base64_field, from_json, shorten, to_json};
use crate::{Envelope, Holder, Material};

/// The media type of a bundle, as a blob and as an artifact type.
pub const MEDIA_TYPE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The same version as some wrote it first.
const OTHER_SPELLING: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
/// No bundle that we read is larger: Kyverno stops at 10 MB.
pub const LARGEST_BUNDLE: usize = 10 * 1024 * 1024;

/// A signature with its material.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// By what it is checked.
    pub material: Material,
    /// What was signed.
    pub content: Content,
}

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A statement, or another payload, in an envelope with exactly one signature.
    Envelope(Envelope),
    /// The signature over bytes that lie elsewhere.
    Message(MessageSignature),
}

/// A signature over bytes that lie elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageSignature {
    /// The digest of the bytes; a hint, the signature is over the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<MessageDigest>,
    /// The signature.
    #[serde(with = "base64_field")]
    pub signature: Vec<u8>,
}

/// The digest of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageDigest {
    /// Such as `SHA2_256`.
    pub algorithm: String,
    /// The digest.
    #[serde(with = "base64_field")]
    pub digest: Vec<u8>,
}

/// Why bytes are no bundle that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No such JSON, or too much of it.
    #[error("the bundle cannot be read: {0}")]
    Malformed(String),
    /// Another version, or no bundle.
    #[error("the bundle says that it is `{0}`: expected `{MEDIA_TYPE_BUNDLE}`")]
    MediaType(String),
    /// None or both of what there must be one of.
    #[error("the bundle has {found}: expected exactly one of `{one}` and `{other}`")]
    NotOne {
        /// `none of them` or `both`.
        found: &'static str,
        /// The one key.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A bundle has one signature.
    #[error("the bundle's envelope has {0} signatures: expected exactly one")]
    Signatures(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    media_type: String,
    verification_material: WireMaterial,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<Envelope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_signature: Option<MessageSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<WireHint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<WireCertificate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tlog_entries: Vec<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<WireTimestamps>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHint {
    #[serde(default)]
    hint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireCertificate {
    #[serde(with = "base64_field")]
    raw_bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WireTimestamps {
    #[serde(default, rename = "rfc3161Timestamps")]
    rfc3161: Vec<WireTimestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireTimestamp {
    #[serde(with = "base64_field")]
    signed_timestamp: Vec<u8>,
}

impl Bundle {
    /// A statement with its one signature.
    pub fn of_statement(payload: Vec<u8>, signature: Vec<u8>, material: Material) -> Self {
        Self { material, content: Content::Envelope(Envelope::of_statement(payload, signature)) }
    }

    /// The bundle as compact JSON; equal values give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (dsse_envelope, message_signature) = match &self.content {
            Content::Envelope(envelope) => (Some(envelope.clone()), None),
            Content::Message(message) => (None, Some(message.clone())),
        };
        let verification_material = WireMaterial::of(&self.material);
        to_json(&Wire {
            media_type: MEDIA_TYPE_BUNDLE.to_owned(),
            verification_material,
            dsse_envelope,
            message_signature,
        })
    }

    /// Reads a bundle v0.3, strictly: unknown and double keys, other base64, several signatures are refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let wire: Wire = from_json(bytes, LARGEST_BUNDLE).map_err(BundleError::Malformed)?;
        if wire.media_type != MEDIA_TYPE_BUNDLE && wire.media_type != OTHER_SPELLING {
            return Err(BundleError::MediaType(shorten(&wire.media_type)));
        }
        let content = match (wire.dsse_envelope, wire.message_signature) {
            (Some(envelope), None) if envelope.signatures.len() == 1 => Content::Envelope(envelope),
            (Some(envelope), None) => return Err(BundleError::Signatures(envelope.signatures.len())),
            (None, Some(message)) => Content::Message(message),
            (one, _) => return Err(not_one(one.is_some(), "dsseEnvelope", "messageSignature")),
        };
        Ok(Self { material: wire.verification_material.read()?, content })
    }
}

fn not_one(both: bool, one: &'static str, other: &'static str) -> BundleError {
    BundleError::NotOne { found: if both { "both" } else { "none of them" }, one, other }
}

impl WireMaterial {
    fn of(material: &Material) -> Self {
        let (public_key, certificate) = match &material.holder {
            Holder::Key { hint } => (Some(WireHint { hint: hint.clone() }), None),
            Holder::Certificate(der) => (None, Some(WireCertificate { raw_bytes: der.clone() })),
        };
        let rfc3161: Vec<_> = material.timestamps.iter().cloned().map(WireTimestamp::of).collect();
        let timestamp_verification_data = (!rfc3161.is_empty()).then_some(WireTimestamps { rfc3161 });
        Self { public_key, certificate, tlog_entries: material.log_entries.clone(), timestamp_verification_data }
    }

    fn read(self) -> Result<Material, BundleError> {
        let holder = match (self.public_key, self.certificate) {
            (Some(key), None) => Holder::Key { hint: key.hint },
            (None, Some(certificate)) => Holder::Certificate(certificate.raw_bytes),
            (one, _) => return Err(not_one(one.is_some(), "publicKey", "certificate")),
        };
        let timestamps = self.timestamp_verification_data.unwrap_or_default().rfc3161;
        let timestamps = timestamps.into_iter().map(|timestamp| timestamp.signed_timestamp).collect();
        Ok(Material { holder, log_entries: self.tlog_entries, timestamps })
    }
}

impl WireTimestamp {
    fn of(signed_timestamp: Vec<u8>) -> Self {
        Self { signed_timestamp }
    }
}
