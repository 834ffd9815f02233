//! The SHA-1 of a file's content, which SPDX 2.3 wants beside SHA-256 (section 8.4). Nothing is checked against it.
//!
//! In: bytes, or forty hexadecimal digits. Out: a [`Sha1Digest`]. Specification: FIPS 180-4.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha1::{Digest as _, Sha1};

/// Twenty bytes, written as forty lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sha1Digest(Box<[u8; 20]>);

impl Sha1Digest {
    /// The SHA-1 of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        let mut hasher = Sha1Hasher::default();
        hasher.update(bytes.as_ref());
        hasher.finish()
    }

    fn parse(hex: &str) -> Option<Self> {
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if hex.len() != 40 || !hex.bytes().all(lower) {
            return None;
        }
        let mut bytes = [0; 20];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(Box::new(bytes)))
    }
}

impl fmt::Display for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha1Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha1Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| de::Error::custom("expected forty lower-case hexadecimal digits of a SHA-1"))
    }
}

/// Takes bytes piece by piece.
#[derive(Default)]
pub(crate) struct Sha1Hasher(Sha1);

impl Sha1Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Sha1Digest {
        Sha1Digest(Box::new(self.0.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_the_standard_says_and_reads_what_it_writes() {
        let digest = Sha1Digest::of("abc");
        assert_eq!(digest.to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Sha1Digest>(&json).unwrap(), digest);
    }

    #[test]
    fn refuses_what_is_no_sha1() {
        for text in ["", "a9", &"A".repeat(40), &"g".repeat(40), &"é".repeat(20)] {
            assert!(serde_json::from_str::<Sha1Digest>(&format!("\"{text}\"")).is_err(), "{text}");
        }
    }
}
