//! What a bundle carries to prove its signature: a key's hint or a certificate, log entries, timestamps.
//!
//! In: a public key, or what Fulcio, Rekor and a timestamp authority answered. Out: a [`Material`].
//! Specification: <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto>, `VerificationMaterial`.

use serde_json::value::RawValue;

use crate::PublicKey;

/// Who can check the signature, and when it was made.
#[derive(Debug, Clone)]
pub struct Material {
    /// The key or certificate.
    pub holder: Holder,
    /// Entries of transparency logs, as the log gave them (`TransparencyLogEntry` in JSON).
    pub log_entries: Vec<Box<RawValue>>,
    /// Answers of timestamp authorities over the signature (`TimeStampResp` of RFC 3161 in DER).
    pub timestamps: Vec<Vec<u8>>,
}

/// By what the signature is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A key that the checker has; the hint says which.
    Key {
        /// [`PublicKey::hint`], or another name that both sides know.
        hint: String,
    },
    /// A certificate in DER; its chain comes from the trusted root.
    Certificate(Vec<u8>),
}

impl Material {
    /// The material of a signature by this key: its hint and nothing more.
    pub fn of_key(key: &PublicKey) -> Self {
        Self { holder: Holder::Key { hint: key.hint() }, log_entries: Vec::new(), timestamps: Vec::new() }
    }

    /// The material of a signature by a key that this certificate (DER) is for.
    pub fn of_certificate(certificate: Vec<u8>) -> Self {
        Self { holder: Holder::Certificate(certificate), log_entries: Vec::new(), timestamps: Vec::new() }
    }
}
