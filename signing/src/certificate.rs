//! Signatures by short-lived certificates: the one place that uses the `sigstore-*` crates.
//!
//! In: `trusted_root.json`, the bytes of a bundle, a digest. Out: whom the certificate names, and when it was used; or why not.
//! Specifications: <https://docs.sigstore.dev/about/bundle/>, <https://www.rfc-editor.org/rfc/rfc3161>,
//! <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto>.
//!
//! Offline, and by aws-lc-rs alone. What the trusted root has is demanded: with a transparency log in it, the bundle must prove that it was
//! logged; with a certificate log, the certificate must; without any, a timestamp of an authority in it must say when.
//!
//! The crates also ask the system's clock, which cannot be turned off: whether a timestamp authority's or a log's time has begun, and whether
//! a time that a log signed is past. Such a look can only refuse. What is accepted follows from the arguments: the caller compares the proven
//! times with the time that it was given.

use std::fmt;

use blob::{Algorithm, Digest};
use jiff::Timestamp;
use sigstore_verify::crypto::{CertificateInfo, parse_certificate_info};
use sigstore_verify::trust_root::TrustedRoot as Root;
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, DerCertificate, HashAlgorithm};
use sigstore_verify::{VerificationPolicy, Verifier};

use crate::PublicKey;
use crate::encoding::shorten;

/// A root has some kilobytes.
const LARGEST_ROOT: usize = 1024 * 1024;

/// The authorities that certificates, logs and timestamps must come from.
pub struct TrustedRoot {
    verifier: Verifier,
    policy: VerificationPolicy,
}

/// Why a text is no trusted root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trusted root cannot be used: {0}; expected `trusted_root.json` as `cosign trusted-root create` writes it")]
pub struct TrustedRootError(String);

/// What a signing certificate says. Reading it proves nothing: that is for [`crate::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The address of mail or workflow that it names.
    pub subject: String,
    /// The identity provider that vouches.
    pub issuer: String,
    /// The first moment at which it may be used.
    pub not_before: Timestamp,
    /// The last.
    pub not_after: Timestamp,
    /// Whose signatures it speaks for.
    pub key: PublicKey,
}

/// Why bytes are no signing certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no signing certificate: {0}; expected one as Fulcio issues it: X.509 with a subject alternative name and the extension `issuer`"
)]
pub struct CertificateError(String);

/// Whom a good certificate names.
pub(crate) struct CertificateHolder {
    /// The address of mail or workflow.
    pub(crate) subject: String,
    /// The identity provider that vouches.
    pub(crate) issuer: String,
    /// When the signature is proven to have been there.
    pub(crate) times: Vec<Timestamp>,
}

impl TrustedRoot {
    /// Reads `trusted_root.json`.
    pub fn parse(json: &str) -> Result<Self, TrustedRootError> {
        if json.len() > LARGEST_ROOT {
            return Err(TrustedRootError(format!("it has {} bytes: expected at most {LARGEST_ROOT}", json.len())));
        }
        let root = Root::from_json(json).map_err(|reason| TrustedRootError(reason.to_string()))?;
        let mut policy = VerificationPolicy::any_identity();
        if root.tlogs.is_empty() {
            policy = policy.skip_tlog_unsafe();
        }
        if root.ctlogs.is_empty() {
            policy = policy.skip_sct();
        }
        let verifier = Verifier::new(&root).map_err(|reason| TrustedRootError(reason.to_string()))?;
        Ok(Self { verifier, policy })
    }

    /// Checks certificate, time, log and signature of a bundle over this digest; the identity is the caller's to judge.
    pub(crate) fn verify(&self, bundle: &[u8], digest: &Digest) -> Result<CertificateHolder, String> {
        let text = std::str::from_utf8(bundle).map_err(|reason| reason.to_string())?;
        let bundle = Bundle::from_json(text).map_err(|reason| reason.to_string())?;
        let found = self.verifier.verify(artifact(digest)?, &bundle, &self.policy);
        let found = found.map_err(|reason| format!("{reason}{}", validity(&bundle)))?;
        let subject = found.identity().ok_or("it names nobody")?.as_str().to_owned();
        let issuer = found.issuer().ok_or("nobody vouches for it: it has no issuer extension")?.to_owned();
        Ok(CertificateHolder { subject, issuer, times: found.verified_timestamps().to_vec() })
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let refused = |reason: String| CertificateError(shorten(&reason));
        let info = parse_certificate_info(&DerCertificate::new(der.to_vec()));
        let info = info.map_err(|reason| refused(reason.to_string()))?;
        let CertificateInfo { identity, issuer, not_before, not_after, public_key, .. } = info;
        let subject = identity.ok_or_else(|| refused("it names nobody".to_owned()))?.as_str().to_owned();
        let issuer = issuer.ok_or_else(|| refused("it does not say who vouches".to_owned()))?;
        let key = PublicKey::from_der(public_key.as_bytes()).map_err(|reason| refused(reason.to_string()))?;
        Ok(Self { subject, issuer, not_before, not_after, key })
    }
}

/// What the words of the crates leave out: whose certificate it is, and when it may be used.
fn validity(bundle: &Bundle) -> String {
    let info = bundle.signing_certificate().and_then(|certificate| parse_certificate_info(certificate).ok());
    let words = info.map(|info| {
        let holder = info.identity.map(|identity| format!(" of `{}`", shorten(identity.as_str()))).unwrap_or_default();
        format!("; the certificate{holder} is valid from {} to {}", info.not_before, info.not_after)
    });
    words.unwrap_or_default()
}

fn artifact(digest: &Digest) -> Result<Artifact<'static>, String> {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    let bytes = hex(digest.hex()).ok_or("its digest is odd")?;
    let digest = ArtifactDigest::new(algorithm, bytes).map_err(|reason| reason.to_string())?;
    Ok(Artifact::from_digest(digest))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustedRoot")
    }
}
