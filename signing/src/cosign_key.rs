//! Cosign's encrypted private key: scrypt and NaCl's secretbox around PKCS #8, as JSON inside PEM.
//!
//! In: the bytes inside the PEM and a password, or PKCS #8 and randomness. Out: PKCS #8, or the PEM.
//! Format: <https://github.com/sigstore/cosign/blob/main/doc/cosign_generate-key-pair.md>, and go-securesystemslib's `encrypted`.
//!
//! aws-lc-rs has neither function; `scrypt` and `crypto_secretbox` are the maintained ones of RustCrypto.

use std::fmt;

use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::KeyError;
use crate::encoding::{base64_field, from_json, shorten, to_json};

/// The label that cosign writes since 2.0.
pub(crate) const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label that cosign 1 wrote.
pub(crate) const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// What cosign uses: 64 MiB of memory.
const COST: Cost = Cost { n: 65_536, r: 8, p: 1 };
/// A file may ask for at most four times as much.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// A password; never shown, wiped from memory when it goes.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the bytes as they are; a line feed at the end is the caller's to cut off.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Whether it is no password at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[derive(Serialize, Deserialize)]
struct Container {
    kdf: Derivation,
    cipher: Cipher,
    #[serde(with = "base64_field")]
    ciphertext: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Derivation {
    name: String,
    params: Cost,
    #[serde(with = "base64_field")]
    salt: Vec<u8>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    #[serde(with = "base64_field")]
    nonce: Vec<u8>,
}

/// Opens a container; gives PKCS #8.
pub(crate) fn open(json: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let container: Container = from_json(json, json.len()).map_err(KeyError::Container)?;
    expect("key derivation", &container.kdf.name, "scrypt")?;
    expect("cipher", &container.cipher.name, "nacl/secretbox")?;
    let nonce: [u8; 24] =
        container.cipher.nonce.try_into().map_err(|_| KeyError::Container("its nonce has not 24 bytes".to_owned()))?;
    let cipher = cipher(password, &container.kdf.salt, container.kdf.params)?;
    cipher
        .decrypt(&nonce.into(), container.ciphertext.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::WrongPassword)
}

/// Encrypts PKCS #8; gives PEM. The first 32 random bytes are the salt, the others the nonce.
pub(crate) fn seal(pkcs8: &[u8], password: &Password, randomness: &[u8; 56]) -> Result<String, KeyError> {
    let (salt, rest) = randomness.split_at(32);
    let mut nonce = [0; 24];
    nonce.copy_from_slice(rest);
    let ciphertext = cipher(password, salt, COST)?
        .encrypt(&nonce.into(), pkcs8)
        .map_err(|_| KeyError::Container("the cipher refused the key".to_owned()))?;
    let container = Container {
        kdf: Derivation { name: "scrypt".to_owned(), params: COST, salt: salt.to_vec() },
        cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: nonce.to_vec() },
        ciphertext,
    };
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Ok(pem::encode_config(&pem::Pem::new(LABEL, to_json(&container)), config))
}

fn expect(what: &str, found: &str, expected: &str) -> Result<(), KeyError> {
    if found == expected {
        return Ok(());
    }
    Err(KeyError::Container(format!("its {what} is `{}`: expected `{expected}`", shorten(found))))
}

/// The cipher under the key that scrypt makes of the password.
fn cipher(password: &Password, salt: &[u8], cost: Cost) -> Result<XSalsa20Poly1305, KeyError> {
    let odd = || KeyError::Container(format!("its scrypt parameters are N={} r={} p={}", cost.n, cost.r, cost.p));
    let memory = cost.n.checked_mul(u64::from(cost.r)).and_then(|blocks| blocks.checked_mul(128)).ok_or_else(odd)?;
    if !cost.n.is_power_of_two() || memory > MOST_MEMORY || !(1..=16).contains(&cost.p) {
        return Err(odd());
    }
    let exponent = u8::try_from(cost.n.trailing_zeros()).map_err(|_| odd())?;
    let parameters = scrypt::Params::new(exponent, cost.r, cost.p, 32).map_err(|_| odd())?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(&password.0, salt, &parameters, key.as_mut_slice()).map_err(|_| odd())?;
    Ok(XSalsa20Poly1305::new(key.as_slice().into()))
}
