//! Who signs: a key in memory, in a machine, at a service, or a certificate that an identity provider vouches for.
//!
//! In: a message. Out: a signature with everything that a bundle must carry to prove it.
//!
//! The trait is synchronous: a key file answers in microseconds, PKCS #11 is a blocking library, and a signer that asks a service
//! (a KMS; Fulcio, Rekor and a timestamp authority) blocks the thread that it is called on. Callers at the edge call every signer
//! through their one helper for blocking work, so that none of them changes when the signer does.

use std::borrow::Cow;
use std::fmt;

use crate::{Material, NamePattern, PublicKey, envelope};

/// What is signed. A signer that only signs bytes signs [`Message::to_sign`]; one that makes a log entry needs to know the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// An in-toto statement, signed inside a DSSE envelope.
    Statement(&'a [u8]),
    /// Bytes, signed as they are: the payload of classic cosign.
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    /// The bytes that the key signs.
    pub fn to_sign(&self) -> Cow<'a, [u8]> {
        match self {
            Self::Statement(payload) => Cow::Owned(envelope::pae(envelope::PAYLOAD_TYPE, payload)),
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }
}

/// A signature, and what proves whose it is.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The signature: DER for ECDSA.
    pub bytes: Vec<u8>,
    /// The key's hint or the certificate; log entries; timestamps.
    pub material: Material,
}

/// Why something was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{signer}` did not sign: {reason}")]
pub struct SignError {
    /// Which signer: the name of its key, or the address that it asks.
    pub signer: String,
    /// What it said, what was expected, what to do next.
    pub reason: String,
}

/// Whom the certificates of a signer name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignerIdentity<'s> {
    /// The identity provider's address.
    pub issuer: &'s str,
    /// Whom it names.
    pub subject: &'s NamePattern,
}

impl fmt::Display for SignerIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.subject, self.issuer)
    }
}

/// Something that signs.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The key by which others check what this signer makes; none where each signature brings a certificate of its own.
    fn public_key(&self) -> Option<&PublicKey>;

    /// Whom its certificates name, where it has no key.
    fn identity(&self) -> Option<SignerIdentity<'_>> {
        None
    }

    /// Signs a message; may block for as long as a service takes.
    fn sign(&self, message: &Message<'_>) -> Result<Signature, SignError>;
}
