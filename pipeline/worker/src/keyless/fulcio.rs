//! Fulcio: a token and the proof that we have a key become a certificate that binds the key to the token's identity.
//!
//! In: a [`Token`] and a [`KeyPair`]. Out: the certificate in DER. The chain comes from the trusted root, not from the answer.
//! Specification: <https://github.com/sigstore/fulcio/blob/main/fulcio.proto>, `CreateSigningCertificate` of version 2.

use serde::{Deserialize, Serialize};
use signing::{KeyPair, Message, Signer as _};
use zeroize::Zeroizing;

use super::error::KeylessError;
use super::rekor::to_base64;
use super::service::{Service, Sought};
use super::token::Token;

const SOUGHT: Sought = Sought { asked: "a certificate", most: 256 * 1024 };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    credentials: Credentials<'a>,
    public_key_request: PublicKeyRequest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest {
    public_key: PublicKey,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct PublicKey {
    algorithm: &'static str,
    content: String,
}

/// One of the two is there: where a log of certificates has answered, the certificate holds its promise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<Issued>,
    signed_certificate_detached_sct: Option<Issued>,
}

#[derive(Deserialize)]
struct Issued {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

/// A certificate for this key and the token's identity.
pub(super) async fn certificate(service: &Service, token: &Token, key: &KeyPair) -> Result<Vec<u8>, KeylessError> {
    let body = request(token, key)?;
    let answer = service.post(&service.below("api/v2/signingCert"), "application/json", body, SOUGHT).await?;
    let wrong = |reason: String| service.answered(SOUGHT, reason);
    let answer: Answer = serde_json::from_slice(&answer).map_err(|error| wrong(error.to_string()))?;
    let issued = answer.signed_certificate_embedded_sct.or(answer.signed_certificate_detached_sct);
    let first = issued.and_then(|issued| issued.chain.certificates.into_iter().next());
    let first = first.ok_or_else(|| wrong("expected a chain of certificates, and there is none".to_owned()))?;
    let block = pem::parse(first).map_err(|error| wrong(format!("its certificate is no PEM: {error}")))?;
    Ok(block.into_contents())
}

fn request(token: &Token, key: &KeyPair) -> Result<Vec<u8>, KeylessError> {
    let proof = key.sign(&Message::Bytes(token.name.as_bytes()));
    let proof = proof.map_err(|error| KeylessError::Setup(error.to_string()))?;
    let public_key = PublicKey { algorithm: "ECDSA", content: key.public().to_pem() };
    let request = Request {
        credentials: Credentials { oidc_identity_token: token.expose() },
        public_key_request: PublicKeyRequest { public_key, proof_of_possession: to_base64(&proof.bytes) },
    };
    let body = serde_json::to_vec(&request).map(Zeroizing::new);
    body.map(|body| body.to_vec()).map_err(|error| KeylessError::Setup(error.to_string()))
}
