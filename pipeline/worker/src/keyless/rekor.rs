//! Rekor: a public log gives an entry with the proof that it is in the log.
//!
//! In: what was signed, the signature, the certificate. Out: the entry as bundles carry it (`TransparencyLogEntry` in JSON).
//! Specification: <https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/rekor_service.proto>.
//!
//! The entry is a `hashedrekord` of version 0.0.2 over the digest of what was signed: cosign and the `sigstore-*` crates take it for envelopes
//! too, it is small however large the statement is, and it does not publish the statement. Version 1 of the interface is not spoken.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use super::error::KeylessError;
use super::service::{Service, Sought};

const SOUGHT: Sought = Sought { asked: "an entry of the log", most: 1024 * 1024 };

#[derive(Serialize)]
struct Request {
    #[serde(rename = "hashedRekordRequestV002")]
    request: HashedRekord,
}

#[derive(Serialize)]
struct HashedRekord {
    digest: String,
    signature: Signature,
}

#[derive(Serialize)]
struct Signature {
    content: String,
    verifier: Verifier,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verifier {
    key_details: &'static str,
    x509_certificate: Certificate,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    raw_bytes: String,
}

/// The entry for a signature over `signed`.
pub(super) async fn entry(
    service: &Service,
    signed: &[u8],
    signature: &[u8],
    certificate: &[u8],
) -> Result<Box<RawValue>, KeylessError> {
    let body = request(signed, signature, certificate)?;
    let answer = service.post(&service.below("api/v2/log/entries"), "application/json", body, SOUGHT).await?;
    let wrong = |error: serde_json::Error| service.answered(SOUGHT, error.to_string());
    // Written anew: the log's own spacing would go into bundles, and a bundle is one line.
    let entry: serde_json::Map<_, _> = serde_json::from_slice(&answer).map_err(wrong)?;
    serde_json::value::to_raw_value(&entry).map_err(wrong)
}

fn request(signed: &[u8], signature: &[u8], certificate: &[u8]) -> Result<Vec<u8>, KeylessError> {
    let verifier = Verifier {
        key_details: "PKIX_ECDSA_P256_SHA_256",
        x509_certificate: Certificate { raw_bytes: to_base64(certificate) },
    };
    let signature = Signature { content: to_base64(signature), verifier };
    let request = Request { request: HashedRekord { digest: to_base64(&sha256(signed)), signature } };
    serde_json::to_vec(&request).map_err(|error| KeylessError::Setup(error.to_string()))
}

/// SHA-256, as bytes.
pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// Base64 of the standard alphabet, padded.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
