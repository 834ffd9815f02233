//! A key that lives for minutes, and the certificate that says whose it is.
//!
//! In: a token, Fulcio. Out: a [`Certified`], which may sign as long as it [`Certified::lasts`]. The key is never written anywhere.

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use signing::{Certificate, KeyPair};
use zeroize::Zeroizing;

use super::ambient::Tokens;
use super::error::KeylessError;
use super::fulcio;
use super::service::{Service, Sought};
use super::settings::KeylessIdentity;

/// Less than this is too short to ask for a timestamp and a log entry.
const LEAST_LEFT: SignedDuration = SignedDuration::from_mins(1);
/// Two clocks differ by this much at most: a certificate begins at Fulcio's moment.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
const SOUGHT: Sought = Sought { asked: "a certificate", most: 0 };

/// A key with its certificate.
#[derive(Debug)]
pub(super) struct Certified {
    pub(super) key: KeyPair,
    pub(super) der: Vec<u8>,
    pub(super) certificate: Certificate,
}

impl Certified {
    /// A new key, and a certificate for it that names the identity of the settings.
    pub(super) async fn obtain(
        service: &Service,
        tokens: &Tokens,
        identity: &KeylessIdentity,
    ) -> Result<Self, KeylessError> {
        let token = tokens.get().await?;
        let key = new_key()?;
        let der = fulcio::certificate(service, &token, &key).await?;
        let wrong = |reason: String| service.answered(SOUGHT, reason);
        let certificate = Certificate::parse(&der).map_err(|error| wrong(error.to_string()))?;
        if certificate.key != *key.public() {
            return Err(wrong("the certificate is for another key than the one that was sent".to_owned()));
        }
        let certified = Self { key, der, certificate };
        certified.check(identity, Timestamp::now())?;
        Ok(certified)
    }

    /// Whether it may still sign.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        self.certificate.not_after.duration_since(now) >= LEAST_LEFT
    }

    fn check(&self, identity: &KeylessIdentity, now: Timestamp) -> Result<(), KeylessError> {
        let Certificate { subject, issuer, not_before, not_after, .. } = &self.certificate;
        if *issuer != identity.issuer || !identity.subject.fits(subject) {
            let expected = format!("`{}` of `{}`", identity.subject, identity.issuer);
            return Err(KeylessError::OtherIdentity { subject: subject.clone(), issuer: issuer.clone(), expected });
        }
        if !self.lasts(now) || not_before.duration_since(now) > SKEW {
            return Err(KeylessError::NotNow { from: *not_before, to: *not_after, now });
        }
        Ok(())
    }
}

fn new_key() -> Result<KeyPair, KeylessError> {
    let mut seed = Zeroizing::new([0; 32]);
    let drawn = rand::fill(seed.as_mut_slice());
    drawn.map_err(|_| KeylessError::Setup("the system gives no random bytes".to_owned()))?;
    KeyPair::from_seed(&seed).map_err(|error| KeylessError::Setup(error.to_string()))
}
