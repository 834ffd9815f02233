//! Base64 and JSON as every document of this room uses them.
//!
//! In: bytes or text from outside. Out: text or bytes, or why not. Base64 is the standard alphabet with padding and nothing else:
//! what another reader takes and we do not, or the other way round, is how two verifiers come to see two documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Base64 of the standard alphabet, padded.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of base64 text; no other alphabet, no missing padding, no white space.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(text)
}

/// Compact JSON; keys in the order of the struct, maps sorted by key.
pub(crate) fn to_json(document: &impl Serialize) -> Vec<u8> {
    // Our documents are structs of strings, numbers and maps with string keys: such values cannot fail to be written.
    serde_json::to_vec(document).unwrap_or_default()
}

/// Reads JSON of at most `largest` bytes; the error is a sentence without a subject.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8], largest: usize) -> Result<T, String> {
    if bytes.len() > largest {
        return Err(format!("it has {} bytes: expected at most {largest}", bytes.len()));
    }
    serde_json::from_slice(bytes).map_err(|reason| reason.to_string())
}

/// A text from outside, short enough to be shown.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(140).collect()
}

/// For fields that hold bytes and are written as base64: `#[serde(with = "base64_field")]`.
pub(crate) mod base64_field {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes base64.
    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::to_base64(bytes))
    }

    /// Reads base64, strictly.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::from_base64(&text).map_err(|reason| D::Error::custom(format_args!("no standard base64: {reason}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_spelling_of_base64_only() {
        assert_eq!(from_base64("+/8=").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "+/8", "+/9=", "+/8=\n", " +/8=", "+/8==", "é"] {
            assert!(from_base64(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_more_than_the_bound_before_reading() {
        let error = from_json::<Vec<u8>>(b"[1,2,3]", 6).unwrap_err();
        assert_eq!(error, "it has 7 bytes: expected at most 6");
    }

    #[test]
    fn what_is_shown_is_short_and_cannot_move_the_cursor() {
        assert_eq!(shorten("a\u{1b}[2Jb\nc"), "a[2Jbc");
        assert_eq!(shorten(&"x".repeat(10_000)).len(), 140);
    }
}
