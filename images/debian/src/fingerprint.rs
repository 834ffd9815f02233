//! The name of an OpenPGP key: the hash of its public half.
//!
//! In: hexadecimal digits, in groups or not. Out: the digits, upper case, without blanks.
//! Format: <https://www.rfc-editor.org/rfc/rfc9580#name-key-ids-and-fingerprints>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fingerprint of a primary key: 40 or 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fingerprint: expected 40 or 64 hexadecimal digits (a short key id is not enough)")]
pub struct FingerprintError(String);

impl Fingerprint {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&sequoia_openpgp::Fingerprint> for Fingerprint {
    fn from(fingerprint: &sequoia_openpgp::Fingerprint) -> Self {
        Self(fingerprint.to_hex())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let digits = digits.strip_prefix("0x").unwrap_or(&digits).to_ascii_uppercase();
        let good = matches!(digits.len(), 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if good { Ok(Self(digits)) } else { Err(FingerprintError(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_blanks_and_case() {
        let grouped = "4cb5 0190 207b 4758 a3f7  3a79 6ed0 e7b8 2643 e131";
        let plain: Fingerprint = "4CB50190207B4758A3F73A796ED0E7B82643E131".parse().unwrap();
        assert_eq!(grouped.parse(), Ok(plain.clone()));
        assert_eq!(serde_json::to_string(&plain).unwrap(), format!("\"{plain}\""));
    }

    #[test]
    fn refuses_a_short_key_id() {
        let error = "6ED0E7B82643E131".parse::<Fingerprint>().unwrap_err().to_string();
        assert!(error.starts_with("`6ED0E7B82643E131` is no fingerprint: expected 40 or 64"), "{error}");
        assert!("Z".repeat(40).parse::<Fingerprint>().is_err());
    }
}
