//! Bytes for registries, named by digests that no code of the product computed.
//!
//! In: a length, a text or a JSON value. Out: [`Content`], with its media type, its digest and its descriptor.
//! Format: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md>.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

/// A hash function that names bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// `sha256:` and 64 digits.
    Sha256,
    /// `sha512:` and 128 digits.
    Sha512,
}

impl Hash {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The digest of bytes, as it stands in manifests and paths.
    pub fn digest(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => format!("sha256:{}", hex(&Sha256::digest(bytes))),
            Self::Sha512 => format!("sha512:{}", hex(&Sha512::digest(bytes))),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A blob or a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What the bytes are.
    pub media_type: String,
    /// The name of the bytes.
    pub digest: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Content {
    /// Bytes with the digest that they have.
    pub fn new(media_type: &str, bytes: impl Into<Vec<u8>>, hash: Hash) -> Self {
        let bytes = bytes.into();
        Self { media_type: media_type.to_owned(), digest: hash.digest(&bytes), bytes }
    }

    /// A blob of so many bytes that nothing else has.
    pub fn noise(length: usize, hash: Hash) -> Self {
        Self::new("application/octet-stream", noise(length), hash)
    }

    /// A document.
    pub fn json(media_type: &str, value: &Value, hash: Hash) -> Self {
        Self::new(media_type, value.to_string(), hash)
    }

    /// Media type, digest and size, as other documents name it.
    pub fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len() })
    }

    /// The image manifest of a configuration and layers.
    pub fn image(config: &Self, layers: &[Self]) -> Self {
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let layers: Vec<_> = layers.iter().map(Self::descriptor).collect();
        let (config, version) = (config.descriptor(), 2);
        let value = json!({ "schemaVersion": version, "mediaType": media_type, "config": config, "layers": layers });
        Self::json(media_type, &value, Hash::Sha256)
    }
}

/// Bytes without a pattern, others at each call, the same in each run.
pub fn noise(length: usize) -> Vec<u8> {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let mut state = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut bytes = Vec::with_capacity(length + 7);
    while bytes.len() < length {
        // xorshift64*: <https://www.jstatsoft.org/article/view/v008i14>.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_specification_of_the_hash_functions() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hash::Sha256.digest(b""), empty);
        assert!(Hash::Sha512.digest(b"").starts_with("sha512:cf83e1357eefb8bdf1542850d66d8007"));
    }

    #[test]
    fn noise_has_the_length_and_never_comes_twice() {
        for length in [0, 1, 8, 1001] {
            assert_eq!(noise(length).len(), length);
        }
        assert_ne!(noise(16), noise(16));
    }
}
