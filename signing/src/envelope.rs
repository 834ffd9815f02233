//! A DSSE envelope: a payload, its type, and signatures over both.
//!
//! In: a payload and signatures, or JSON. Out: an [`Envelope`], its JSON, or the bytes that are signed.
//! Specification: <https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md> and `envelope.md` beside it.

use serde::{Deserialize, Serialize};

use crate::encoding::{base64_field, from_json, to_json};

/// The payload type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// No envelope that we read is larger; scanners read at most 20 MiB, Kyverno 10 MB.
pub const LARGEST_ENVELOPE: usize = 16 * 1024 * 1024;
/// More signatures than anybody makes.
const MOST_SIGNATURES: usize = 100;

/// A payload with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The bytes, as they were signed.
    #[serde(with = "base64_field")]
    pub payload: Vec<u8>,
    /// What the bytes are.
    pub payload_type: String,
    /// At least one.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// Which key, as a hint; proves nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
    /// The signature over [`pae`].
    #[serde(with = "base64_field")]
    pub sig: Vec<u8>,
}

/// Why bytes are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// No such JSON.
    #[error("the envelope cannot be read: {0}")]
    Malformed(String),
    /// No signature, or more than anybody makes.
    #[error("the envelope has {0} signatures: expected 1 to {MOST_SIGNATURES}")]
    Signatures(usize),
}

impl Envelope {
    /// A statement with one signature.
    pub fn of_statement(payload: Vec<u8>, signature: Vec<u8>) -> Self {
        let signatures = vec![EnvelopeSignature { keyid: String::new(), sig: signature }];
        Self { payload, payload_type: PAYLOAD_TYPE.to_owned(), signatures }
    }

    /// Reads an envelope that stands alone, such as a layer of a classic attestation.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = from_json(bytes, LARGEST_ENVELOPE).map_err(EnvelopeError::Malformed)?;
        match envelope.signatures.len() {
            1..=MOST_SIGNATURES => Ok(envelope),
            other => Err(EnvelopeError::Signatures(other)),
        }
    }

    /// The envelope as compact JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self)
    }

    /// The bytes that every signature of it is over.
    pub fn to_sign(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }
}

/// The pre-authentication encoding: `DSSEv1 LENGTH TYPE LENGTH PAYLOAD`, with lengths in bytes.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_one_of_the_specification() {
        let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected);
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }

    #[test]
    fn reads_what_it_writes_with_one_signature_or_several() {
        let mut envelope = Envelope::of_statement(b"{}".to_vec(), vec![1, 2]);
        let expected =
            r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AQI="}]}"#;
        assert_eq!(envelope.to_bytes(), expected.as_bytes());
        envelope.signatures.push(EnvelopeSignature { keyid: "k".to_owned(), sig: vec![3] });
        assert_eq!(Envelope::parse(&envelope.to_bytes()).unwrap(), envelope);
    }

    #[test]
    fn refuses_no_signature_other_base64_unknown_and_double_keys() {
        let good = r#"{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AQI="}]}"#;
        assert!(Envelope::parse(good.as_bytes()).is_ok());
        for bad in [
            good.replace(r#"{"sig":"AQI="}"#, ""),
            good.replace("e30=", "e30"),
            good.replace("AQI=", "_QI="),
            good.replace(r#""payload""#, r#""x":1,"payload""#),
            good.replace(r#""payload""#, r#""payload":"e30=","payload""#),
            good.replace(r#""payloadType":"t","#, ""),
        ] {
            assert!(Envelope::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let many = good.replace(r#"{"sig":"AQI="}"#, &vec![r#"{"sig":"AQI="}"#; 101].join(","));
        assert_eq!(Envelope::parse(many.as_bytes()), Err(EnvelopeError::Signatures(101)));
    }
}
