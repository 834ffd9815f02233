//! A descriptor: what a blob is, its digest and its size.
//!
//! In: bytes to describe, or JSON inside another document. Out: a [`Descriptor`].
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md>.

use std::collections::BTreeMap;

use blob::Digest;
use serde::{Deserialize, Serialize};

use crate::document::null_is_empty;
use crate::{MEDIA_TYPE_EMPTY, Platform};

/// The two bytes that the empty descriptor names.
pub const EMPTY_JSON: &[u8] = b"{}";

/// Names a blob: what it is, its digest, its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the bytes are.
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size: u64,
    /// Other places to fetch the bytes from.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The bytes themselves in base64, where they are few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The platform that a manifest in an index is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What kind of artifact a manifest is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor with the three required properties and no other.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// Describes these bytes, by SHA-256.
    pub fn of(media_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// The descriptor of [`EMPTY_JSON`], the configuration of artifacts that have none.
    pub fn empty() -> Self {
        Self { data: Some("e30=".to_owned()), ..Self::of(MEDIA_TYPE_EMPTY, EMPTY_JSON) }
    }

    /// The same descriptor for a platform.
    #[must_use]
    pub fn with_platform(self, platform: Platform) -> Self {
        Self { platform: Some(platform), ..self }
    }

    /// The same descriptor with one annotation more.
    #[must_use]
    pub fn with_annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_is_empty() {
        let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        let expected = format!(r#"{{"mediaType":"text/plain","digest":"{digest}","size":2}}"#);
        assert_eq!(serde_json::to_string(&Descriptor::of("text/plain", b"{}")).unwrap(), expected);
    }

    #[test]
    fn the_empty_descriptor_is_the_one_of_the_specification() {
        let expected = r#"{
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
            "data": "e30="
        }"#;
        assert_eq!(serde_json::from_str::<Descriptor>(expected).unwrap(), Descriptor::empty());
    }

    #[test]
    fn annotations_come_sorted_whatever_the_order_they_were_given_in() {
        let one = Descriptor::of("a", b"").with_annotation("x", "1").with_annotation("b", "2");
        let two = Descriptor::of("a", b"").with_annotation("b", "2").with_annotation("x", "1");
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(text, serde_json::to_string(&two).unwrap());
        assert!(text.ends_with(r#""annotations":{"b":"2","x":"1"}}"#), "{text}");
    }

    #[test]
    fn refuses_a_negative_size_and_a_digest_that_is_a_path() {
        for (digest, size) in [(Digest::of("").to_string(), -1), ("sha256:../../etc/passwd".to_owned(), 1)] {
            let text = format!(r#"{{"mediaType":"a","digest":"{digest}","size":{size}}}"#);
            assert!(serde_json::from_str::<Descriptor>(&text).is_err(), "{text}");
        }
    }
}
