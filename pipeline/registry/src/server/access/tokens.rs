//! Tokens: short-lived proofs of who asked, and for what.
//!
//! In: claims and a key. Out: a JSON Web Token of one fixed algorithm, HMAC with SHA-256; or, from such a text, the claims, if the key made it and it is
//! not too old. Clients pass tokens on without reading them.
//! Specifications: <https://distribution.github.io/distribution/spec/auth/jwt/>, <https://www.rfc-editor.org/rfc/rfc7519>.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::scope::Scope;

/// How long a token is good for, in seconds. Old clients take less than 60 for 60.
pub(crate) const LIFETIME: i64 = 300;
/// The one header that we write and accept: a token that names another algorithm is not ours.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Sizes of a key file, in bytes.
const KEY_SIZES: std::ops::RangeInclusive<u64> = 32..=4096;
/// What others than the owner may do with a file.
const OTHERS: u32 = 0o077;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user; none for somebody without credentials.
    #[serde(rename = "sub", skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// When it was made, in seconds since 1970.
    #[serde(rename = "iat")]
    pub(crate) issued: i64,
    /// When it is no longer good.
    #[serde(rename = "exp")]
    pub(crate) expires: i64,
    /// What it is for.
    pub(crate) access: Vec<Scope>,
}

/// Makes and checks tokens.
pub(crate) struct TokenKey(hmac::Key);

/// Why a file cannot be the key.
#[derive(Debug, thiserror::Error)]
#[error("the token key `{}` {reason}; make one with `head -c 32 /dev/urandom >FILE && chmod 600 FILE`", path.display())]
pub struct TokenKeyError {
    path: PathBuf,
    reason: String,
}

impl TokenKey {
    /// A key that nobody else has; nothing where the system has no random numbers.
    pub(crate) fn random() -> Option<Self> {
        hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok().map(Self)
    }

    /// A keyed hash of several parts, for pairs that are to be remembered without being known.
    pub(crate) fn hash(&self, parts: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }

    /// The key in a file that only its owner can read.
    pub(crate) fn read(path: &Path) -> Result<Self, TokenKeyError> {
        let wrong = |reason: String| TokenKeyError { path: path.to_owned(), reason };
        let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
        let found = std::fs::metadata(path).map_err(unreadable)?;
        if found.mode() & OTHERS != 0 {
            return Err(wrong(format!("has mode {:o} and is open to others than its owner", found.mode() & 0o777)));
        }
        if !found.is_file() || !KEY_SIZES.contains(&found.len()) {
            return Err(wrong(format!("has {} bytes, expected a file of 32 to 4096", found.len())));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Writes a token.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.0, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token that this key made and that is still good at `now`, in seconds since 1970.
    pub(crate) fn verify(&self, token: &str, now: i64) -> Option<Claims> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.0, text.as_bytes(), &signature).ok()?;
        let (header, claims) = text.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        (header == URL_SAFE_NO_PAD.encode(HEADER) && now < claims.expires).then_some(claims)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenKey")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn claims() -> Claims {
        let access = vec![Scope::parse("repository:team/app:pull").unwrap()];
        Claims { user: Some("ann".to_owned()), issued: 1000, expires: 1000 + LIFETIME, access }
    }

    #[test]
    fn a_token_says_what_was_put_into_it_until_it_expires() {
        let key = TokenKey::random().unwrap();
        let token = key.sign(&claims());
        assert!(token.len() < 300, "{token}");
        assert_eq!(key.verify(&token, 1299), Some(claims()));
        assert_eq!(key.verify(&token, 1300), None);
    }

    #[test]
    fn a_hash_depends_on_every_part_and_the_key() {
        let key = TokenKey::random().unwrap();
        let hash = key.hash(&["ab", "c"]);
        assert_eq!(hash, key.hash(&["ab", "c"]));
        assert_ne!(hash, key.hash(&["a", "bc"]));
        assert_ne!(hash, TokenKey::random().unwrap().hash(&["ab", "c"]));
    }

    #[test]
    fn the_claims_have_the_names_of_the_specification() {
        let text = r#"{"sub":"ann","iat":1000,"exp":1300,"access":[{"type":"repository","name":"team/app","actions":["pull"]}]}"#;
        assert_eq!(serde_json::to_string(&claims()).unwrap(), text);
    }

    #[test]
    fn another_key_and_every_changed_byte_are_noticed() {
        let key = TokenKey::random().unwrap();
        let token = key.sign(&claims());
        assert_eq!(TokenKey::random().unwrap().verify(&token, 1000), None);
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.verify(&String::from_utf8(forged).unwrap(), 1000), None, "byte {place}");
        }
        for text in ["", ".", "..", "a.b.c", "é.é.é"] {
            assert_eq!(key.verify(text, 1000), None, "{text}");
        }
    }

    #[test]
    fn a_token_of_another_algorithm_is_not_ours_even_if_signed() {
        let key = TokenKey::random().unwrap();
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        let text = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key.0, text.as_bytes()));
        assert_eq!(key.verify(&format!("{text}.{signature}"), 1000), None);
        assert_eq!(key.verify(&format!("{text}."), 1000), None);
    }

    #[test]
    fn a_key_file_is_closed_to_others_and_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let write = |size: usize, mode| {
            std::fs::write(&path, vec![7; size]).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            TokenKey::read(&path)
        };
        let token = write(32, 0o600).unwrap().sign(&claims());
        assert!(write(32, 0o400).unwrap().verify(&token, 1000).is_some());
        for (size, mode, expected) in
            [(32, 0o640, "has mode 640"), (31, 0o600, "has 31 bytes"), (4097, 0o600, "has 4097")]
        {
            let error = write(size, mode).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("chmod 600"), "{error}");
        }
    }
}
