//! The OpenPGP part of `signature`: asks sequoia which signatures are good, and sorts the answers.
//!
//! In: a clear-signed message whose frame was checked, keys, the time. Out: the text and its signers, or the worst that was found.
//! Library: <https://docs.rs/sequoia-openpgp/2.4.2/sequoia_openpgp/parse/stream/index.html>.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::SystemTime;

use jiff::Timestamp;
use sequoia_openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::parse::stream::{
    GoodChecksum, MessageLayer, MessageStructure, VerificationError, VerificationHelper, VerifierBuilder,
};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::RevocationStatus;
use sequoia_openpgp::{Cert, Error, KeyHandle, Result as OpenPgpResult, anyhow};

use crate::{Fingerprint, Keyring, SignatureError, VerifiedText};

/// Gives the text only if at least one signature is good.
pub(crate) fn verify(bytes: &[u8], keyring: &Keyring, now: Timestamp) -> Result<VerifiedText, SignatureError> {
    let policy = StandardPolicy::at(SystemTime::from(now));
    let helper = Judge { keyring, policy: &policy, now: now.into(), good: BTreeSet::new(), problems: Vec::new() };
    let unreadable = |error: &dyn ToString| SignatureError::NotClearSigned { reason: error.to_string() };
    let builder = VerifierBuilder::from_bytes(bytes).map_err(|error| unreadable(&error))?;
    let mut verifier =
        builder.with_policy(&policy, SystemTime::from(now), helper).map_err(|error| unreadable(&error))?;
    let mut text = Vec::new();
    let read = verifier.read_to_end(&mut text);
    let processed = verifier.message_processed();
    let judge = verifier.into_helper();
    let signers = judge.verdict()?;
    read.map_err(|error| unreadable(&error))?;
    if !processed {
        return Err(unreadable(&"it ends too early"));
    }
    Ok(VerifiedText { text: String::from_utf8(text).map_err(|_| SignatureError::NotText)?, signers })
}

/// Collects what sequoia finds.
struct Judge<'a> {
    keyring: &'a Keyring,
    policy: &'a StandardPolicy<'a>,
    now: SystemTime,
    good: BTreeSet<Fingerprint>,
    problems: Vec<SignatureError>,
}

impl VerificationHelper for Judge<'_> {
    fn get_certs(&mut self, ids: &[KeyHandle]) -> OpenPgpResult<Vec<Cert>> {
        Ok(self.keyring.holding(ids))
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> OpenPgpResult<()> {
        for layer in structure {
            let MessageLayer::SignatureGroup { results } = layer else { continue };
            for result in results {
                match result {
                    Ok(good) => self.take_good(&good),
                    Err(error) => self.problems.push(problem(error)),
                }
            }
        }
        // The verdict is asked for afterwards, so that it can say more than an `anyhow` error.
        Ok(())
    }
}

impl Judge<'_> {
    /// Sequoia judged the key at the time of signing; here it is judged at `now` as well.
    fn take_good(&mut self, good: &GoodChecksum<'_>) {
        let fingerprint = Fingerprint::from(&good.ka.cert().fingerprint());
        match self.still_valid(good) {
            Ok(()) => drop(self.good.insert(fingerprint)),
            Err(reason) => {
                self.problems.push(SignatureError::WeakOrExpired { issuer: fingerprint.to_string(), reason });
            }
        }
    }

    fn still_valid(&self, good: &GoodChecksum<'_>) -> Result<(), String> {
        let text = |error: anyhow::Error| chain(&error);
        let key = good.ka.clone().with_policy(self.policy, self.now).map_err(text)?;
        key.valid_cert().alive().map_err(text)?;
        key.alive().map_err(text)?;
        let revoked = |status: RevocationStatus<'_>| matches!(status, RevocationStatus::Revoked(_));
        if revoked(key.valid_cert().revocation_status()) || revoked(key.revocation_status()) {
            return Err("the key was revoked".to_owned());
        }
        Ok(())
    }

    /// The signers, or the problem that says most: damage before weakness before an unknown key.
    fn verdict(self) -> Result<Vec<Fingerprint>, SignatureError> {
        if !self.good.is_empty() {
            return Ok(self.good.into_iter().collect());
        }
        let (unknown, known): (Vec<_>, Vec<_>) =
            self.problems.into_iter().partition(|problem| matches!(problem, SignatureError::NoKnownKey { .. }));
        let damage = |problem: &&SignatureError| matches!(problem, SignatureError::BadSignature { .. });
        let worst = known.iter().find(damage).or(known.first()).cloned();
        let issuers = unknown.into_iter().flat_map(|problem| match problem {
            SignatureError::NoKnownKey { issuers } => issuers,
            _ => Vec::new(),
        });
        Err(worst.unwrap_or_else(|| SignatureError::NoKnownKey { issuers: issuers.collect() }))
    }
}

/// Says in our words why one signature is not good.
fn problem(error: VerificationError<'_>) -> SignatureError {
    match error {
        VerificationError::MissingKey { sig } => {
            SignatureError::NoKnownKey { issuers: sig.get_issuers().iter().take(1).map(ToString::to_string).collect() }
        }
        VerificationError::UnboundKey { cert, error, .. } => weak(cert, &error),
        VerificationError::BadKey { ka, error, .. } => weak(ka.cert(), &error),
        VerificationError::BadSignature { ka, error, .. } if is_weakness(&error) => weak(ka.cert(), &error),
        VerificationError::BadSignature { ka, error, .. } => {
            SignatureError::BadSignature { issuer: ka.cert().fingerprint().to_hex(), reason: chain(&error) }
        }
        other => SignatureError::BadSignature { issuer: "an unknown key".to_owned(), reason: other.to_string() },
    }
}

fn weak(cert: &Cert, error: &anyhow::Error) -> SignatureError {
    SignatureError::WeakOrExpired { issuer: cert.fingerprint().to_hex(), reason: chain(error) }
}

/// The error and what caused it, in one line.
fn chain(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

fn is_weakness(error: &anyhow::Error) -> bool {
    let weak = |error: &Error| matches!(error, Error::PolicyViolation(..) | Error::Expired(_) | Error::NotYetLive(_));
    error.chain().filter_map(|cause| cause.downcast_ref()).any(weak)
}
