//! What all JSON documents of the specification share: how they are written, read and refused.
//!
//! In: a value or bytes. Out: compact JSON with a fixed order of keys, or a value, or a [`DocumentError`] with the place.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/canonicalization.md>.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// No manifest, index or configuration is read that is larger: registries and clients refuse manifests over 4 MiB. In bytes.
pub const LARGEST_DOCUMENT: usize = 4 * 1024 * 1024;

/// Why bytes are not the document they should be.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// More bytes than any such document has.
    #[error("`{document}` has {size} bytes: expected at most {largest}; is it a layer?")]
    TooLarge {
        /// What was read.
        document: &'static str,
        /// Its size.
        size: usize,
        /// The bound.
        largest: usize,
    },
    /// No JSON, or JSON that lacks a required key, or has a value of the wrong kind.
    #[error("`{document}` cannot be read: expected JSON as the OCI image specification has it: {reason}")]
    Malformed {
        /// What was read.
        document: &'static str,
        /// What the JSON reader says, with line and column.
        reason: serde_json::Error,
    },
    /// A key that is there with a value that the specification does not allow there.
    #[error("`{document}` has `{found}` as `{key}`: expected `{expected}`")]
    Unexpected {
        /// What was read.
        document: &'static str,
        /// The key.
        key: &'static str,
        /// What is there.
        found: String,
        /// What the specification wants.
        expected: &'static str,
    },
}

/// Compact JSON; keys in the order of the struct, maps sorted by key.
pub(crate) fn write(document: &impl Serialize) -> Vec<u8> {
    // Our documents are structs of strings, numbers and maps with string keys: such values cannot fail to be written.
    serde_json::to_vec(document).unwrap_or_default()
}

/// Reads a document of at most `largest` bytes.
pub(crate) fn read<T: DeserializeOwned>(
    document: &'static str,
    bytes: &[u8],
    largest: usize,
) -> Result<T, DocumentError> {
    if bytes.len() > largest {
        return Err(DocumentError::TooLarge { document, size: bytes.len(), largest });
    }
    serde_json::from_slice(bytes).map_err(|reason| DocumentError::Malformed { document, reason })
}

/// Checks `schemaVersion`, which is 2 in every document that we read.
pub(crate) fn expect_schema_two(document: &'static str, found: u8) -> Result<(), DocumentError> {
    if found == 2 {
        return Ok(());
    }
    Err(DocumentError::Unexpected { document, key: "schemaVersion", found: found.to_string(), expected: "2" })
}

/// Many writers put `null` where a list or map is empty.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_large_before_reading_it() {
        let error = read::<Vec<u8>>("manifest", &vec![b' '; LARGEST_DOCUMENT + 1], LARGEST_DOCUMENT).unwrap_err();
        assert_eq!(error.to_string(), "`manifest` has 4194305 bytes: expected at most 4194304; is it a layer?");
    }

    #[test]
    fn says_where_the_json_is_broken() {
        let error = read::<Vec<u8>>("manifest", b"[1,\n x]", LARGEST_DOCUMENT).unwrap_err();
        assert!(error.to_string().ends_with("expected value at line 2 column 2"), "{error}");
    }
}
