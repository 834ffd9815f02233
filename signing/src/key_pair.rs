//! A private P-256 key: the signer that needs nothing but bytes.
//!
//! In: PKCS #8 or SEC 1 in PEM, cosign's encrypted key and its password, or 32 random bytes. Out: a [`KeyPair`] that signs.
//! Formats: <https://www.rfc-editor.org/rfc/rfc5958>, <https://www.rfc-editor.org/rfc/rfc5915>, and the module `cosign_key`.
//!
//! Signs by the `p256` crate, not by aws-lc-rs: it chooses the nonce as RFC 6979 has it, so that an equal statement gives an equal bundle
//! and a publication that was interrupted makes no second signature. aws-lc-rs draws the nonce from the system.

use std::fmt;

use aws_lc_rs::digest;
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use zeroize::Zeroizing;

use crate::encoding::shorten;
use crate::{KeyError, Material, Message, Password, PublicKey, SignError, Signature, Signer, cosign_key};

/// No private key that we read is larger.
const LARGEST: usize = 64 * 1024;

/// A private key with its public half. Shows only the public half.
#[derive(Clone)]
pub struct KeyPair {
    secret: SigningKey,
    public: PublicKey,
}

impl KeyPair {
    /// The key that these 32 random bytes stand for; always the same for the same bytes. The caller draws them from the system.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let mut candidate = Zeroizing::new(*seed);
        loop {
            if let Ok(secret) = SecretKey::from_slice(candidate.as_slice()) {
                return Self::new(&secret);
            }
            // One seed in four thousand million is no number below the order of the curve.
            let next = digest::digest(&digest::SHA256, candidate.as_slice());
            candidate.copy_from_slice(next.as_ref());
        }
    }

    /// Reads a private key in PEM: PKCS #8, SEC 1, or cosign's encrypted container, which needs a password.
    pub fn from_pem(pem: &[u8], password: Option<&Password>) -> Result<Self, KeyError> {
        if pem.len() > LARGEST {
            return Err(KeyError::TooLarge { size: pem.len(), largest: LARGEST });
        }
        let block = pem::parse(pem).map_err(|reason| KeyError::Pem(reason.to_string()))?;
        let (label, bytes) = (block.tag().to_owned(), Zeroizing::new(block.into_contents()));
        match label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&bytes),
            "EC PRIVATE KEY" => Self::from_sec1(&bytes),
            cosign_key::LABEL | cosign_key::OLD_LABEL => {
                Self::from_pkcs8(&cosign_key::open(&bytes, password.ok_or(KeyError::PasswordMissing)?)?)
            }
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::OtherEncryption),
            other => Err(KeyError::NotPrivate(shorten(other))),
        }
    }

    /// Reads PKCS #8 in DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(&SecretKey::from_pkcs8_der(der).map_err(|reason| KeyError::NotP256(reason.to_string()))?)
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(&SecretKey::from_sec1_der(der).map_err(|reason| KeyError::NotP256(reason.to_string()))?)
    }

    fn new(secret: &SecretKey) -> Result<Self, KeyError> {
        let der = secret.public_key().to_public_key_der().map_err(|reason| KeyError::Der(reason.to_string()))?;
        Ok(Self { secret: SigningKey::from(secret), public: PublicKey::from_der(der.as_bytes())? })
    }

    /// The key as `PRIVATE KEY` (PKCS #8) in PEM, not encrypted: for a file that only its owner reads.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(Zeroizing::new(pem::encode_config(&pem::Pem::new("PRIVATE KEY", self.to_pkcs8()?.to_vec()), config)))
    }

    /// The key in cosign's encrypted container. `randomness` is drawn from the system for each file anew.
    pub fn to_encrypted_pem(&self, password: &Password, randomness: &[u8; 56]) -> Result<String, KeyError> {
        cosign_key::seal(&self.to_pkcs8()?, password, randomness)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let secret = SecretKey::from(self.secret.as_nonzero_scalar());
        let der = secret.to_pkcs8_der().map_err(|reason| KeyError::Der(reason.to_string()))?;
        Ok(Zeroizing::new(der.as_bytes().to_vec()))
    }
}

impl Signer for KeyPair {
    fn public_key(&self) -> Option<&PublicKey> {
        Some(&self.public)
    }

    fn sign(&self, message: &Message<'_>) -> Result<Signature, SignError> {
        let refused =
            |reason| SignError { signer: self.public.id().to_string(), reason: format!("no nonce: {reason}") };
        let made: DerSignature = self.secret.try_sign(&message.to_sign()).map_err(refused)?;
        Ok(Signature { bytes: made.as_bytes().to_vec(), material: Material::of_key(&self.public) })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public.id())
    }
}
