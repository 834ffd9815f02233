//! A public key: what signatures are checked with.
//!
//! In: PEM or DER of a `SubjectPublicKeyInfo`, as `cosign.pub` is. Out: a [`PublicKey`] that checks signatures, and its names.
//! Formats: <https://www.rfc-editor.org/rfc/rfc7468#section-13>, <https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7>.
//!
//! Checked by aws-lc-rs: it is the one provider of cryptography in the tree, certified, and four times as fast as the portable code.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, ParsedPublicKey};
use blob::Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use spki::SubjectPublicKeyInfoRef;

use crate::KeyError;
use crate::encoding::{shorten, to_base64};

/// The label of a public key in PEM.
const PUBLIC_KEY: &str = "PUBLIC KEY";
/// An RSA key of 8192 bits has about 1100 bytes.
const LARGEST: usize = 16 * 1024;
/// No RSA key of 2048 bits is shorter in DER. Shorter ones would be refused at every signature: better at once, and with words.
const SHORTEST_RSA: usize = 290;

/// What kind of key, and so how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// ECDSA on P-256 over SHA-256: ours, and cosign's.
    EcdsaP256,
    /// ECDSA on P-384 over SHA-384, or SHA-256 as cosign 2 has it.
    EcdsaP384,
    /// Ed25519 over the message itself.
    Ed25519,
    /// RSA PKCS #1 v1.5 over SHA-256, 2048 to 8192 bits.
    Rsa,
}

/// A key that checks signatures. Cheap to clone.
#[derive(Clone)]
pub struct PublicKey(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    kind: KeyKind,
    /// One for each way in which such a key signs.
    ways: Vec<ParsedPublicKey>,
}

impl PublicKey {
    /// Reads one `PUBLIC KEY` in PEM; a private key, a certificate or several keys are refused.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        match Self::all_from_pem(pem)?.as_slice() {
            [one] => Ok(one.clone()),
            several => Err(KeyError::Several(several.len())),
        }
    }

    /// Reads every `PUBLIC KEY` in PEM: at least one, as while a key is being replaced.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, KeyError> {
        if pem.len() > LARGEST {
            return Err(KeyError::TooLarge { size: pem.len(), largest: LARGEST });
        }
        let blocks = pem::parse_many(pem).map_err(|reason| KeyError::Pem(reason.to_string()))?;
        if blocks.is_empty() {
            return Err(KeyError::Pem("no `-----BEGIN PUBLIC KEY-----` in it".to_owned()));
        }
        let read = |block: &pem::Pem| match block.tag() {
            PUBLIC_KEY => Self::from_der(block.contents()),
            other => Err(KeyError::NotPublic(shorten(other))),
        };
        blocks.iter().map(read).collect()
    }

    /// Reads a `SubjectPublicKeyInfo` in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|reason| KeyError::Der(reason.to_string()))?;
        let kind = kind(&info)?;
        if kind == KeyKind::Rsa && der.len() < SHORTEST_RSA {
            return Err(KeyError::Algorithm("RSA of less than 2048 bits".to_owned()));
        }
        let refused = |_| KeyError::Der(format!("its bytes are no {kind} key that may be used"));
        // The one parser takes the whole structure for curves and RSA, and the key's own bytes for Ed25519.
        let ways = match kind {
            KeyKind::EcdsaP256 => vec![ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, der)],
            KeyKind::EcdsaP384 => vec![
                ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_ASN1, der),
                ParsedPublicKey::new(&signature::ECDSA_P384_SHA256_ASN1, der),
            ],
            KeyKind::Ed25519 => vec![ParsedPublicKey::new(&signature::ED25519, der)],
            KeyKind::Rsa => vec![ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, der)],
        };
        let ways = ways.into_iter().collect::<Result<_, _>>().map_err(refused)?;
        Ok(Self(Arc::new(Parsed { der: der.to_vec(), kind, ways })))
    }

    /// The key as `PUBLIC KEY` in PEM, with a line feed at the end: the file `cosign.pub`.
    pub fn to_pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new(PUBLIC_KEY, self.der()), config)
    }

    /// The `SubjectPublicKeyInfo` in DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The name of the key: the digest of its DER.
    pub fn id(&self) -> Digest {
        Digest::of(self.der())
    }

    /// The same name as bundles have it: SHA-256 of the DER in base64. It says which key to try, and proves nothing.
    pub fn hint(&self) -> String {
        to_base64(digest::digest(&digest::SHA256, self.der()).as_ref())
    }

    /// Whether this key made this signature over this message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.ways.iter().any(|way| way.verify_sig(message, signature).is_ok())
    }
}

fn kind(info: &SubjectPublicKeyInfoRef<'_>) -> Result<KeyKind, KeyError> {
    let curve = info.algorithm.parameters_oid().map(|oid| oid.to_string()).unwrap_or_default();
    match (info.algorithm.oid.to_string().as_str(), curve.as_str()) {
        ("1.2.840.10045.2.1", "1.2.840.10045.3.1.7") => Ok(KeyKind::EcdsaP256),
        ("1.2.840.10045.2.1", "1.3.132.0.34") => Ok(KeyKind::EcdsaP384),
        ("1.3.101.112", _) => Ok(KeyKind::Ed25519),
        ("1.2.840.113549.1.1.1", _) => Ok(KeyKind::Rsa),
        (algorithm, curve) => Err(KeyError::Algorithm(format!("{algorithm} {curve}").trim().to_owned())),
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256 => "ECDSA P-256",
            Self::EcdsaP384 => "ECDSA P-384",
            Self::Ed25519 => "Ed25519",
            Self::Rsa => "RSA",
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.kind(), self.id())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for PublicKey {}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_pem())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_pem(String::deserialize(deserializer)?.as_bytes()).map_err(serde::de::Error::custom)
    }
}
