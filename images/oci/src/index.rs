//! An image index: what a tag points to, one manifest per platform.
//!
//! In: bytes from a registry, or values. Out: an [`ImageIndex`], or its bytes, always the same for the same value.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{self, DocumentError, null_is_empty};
use crate::{Descriptor, MEDIA_TYPE_INDEX, Platform, is_index};

/// A list of manifests, usually one per platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIndex {
    /// Always 2.
    pub schema_version: u8,
    /// [`MEDIA_TYPE_INDEX`], or Docker's; may be absent in what others wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is; absent for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests, in the order in which clients choose.
    #[serde(deserialize_with = "null_is_empty")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one speaks about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl ImageIndex {
    /// An index of these manifests.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MEDIA_TYPE_INDEX.to_owned()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The index as compact JSON; equal values give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        document::write(self)
    }

    /// Reads an index; a manifest of one image is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let index: Self = document::read("image index", bytes, document::LARGEST_DOCUMENT)?;
        document::expect_schema_two("image index", index.schema_version)?;
        match index.media_type.as_deref() {
            Some(found) if !is_index(found) => Err(DocumentError::Unexpected {
                document: "image index",
                key: "mediaType",
                found: found.to_owned(),
                expected: MEDIA_TYPE_INDEX,
            }),
            _ => Ok(index),
        }
    }

    /// The manifest for a platform: the first with the same system and architecture, and the same variant where one is asked for.
    pub fn for_platform(&self, wanted: &Platform) -> Option<&Descriptor> {
        self.manifests.iter().find(|descriptor| {
            descriptor.platform.as_ref().is_some_and(|platform| {
                platform.os == wanted.os
                    && platform.architecture == wanted.architecture
                    && (wanted.variant.is_none() || platform.variant == wanted.variant)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MEDIA_TYPE_MANIFEST;

    fn index() -> ImageIndex {
        let child = |name: &str| Descriptor::of(MEDIA_TYPE_MANIFEST, name.as_bytes());
        let arm = Platform { variant: Some("v8".to_owned()), ..Platform::linux("arm64") };
        ImageIndex::new(vec![child("one").with_platform(Platform::linux("amd64")), child("two").with_platform(arm)])
    }

    #[test]
    fn writes_the_same_bytes_every_time() {
        let digest = blob::Digest::of(index().to_bytes()).to_string();
        assert_eq!(digest, "sha256:4a882375529cecf44c823d6b154c83846c1c9d1a0c314203b3d2d6571807a51f");
        assert_eq!(ImageIndex::parse(&index().to_bytes()).unwrap(), index());
    }

    #[test]
    fn finds_the_manifest_of_a_platform() {
        let size = |text: &str| index().for_platform(&text.parse().unwrap()).map(|found| found.digest.clone());
        assert_eq!(size("linux/arm64"), Some(blob::Digest::of("two")));
        assert_eq!(size("linux/arm64/v8"), Some(blob::Digest::of("two")));
        assert_eq!(size("linux/arm64/v9"), None);
        assert_eq!(size("linux/s390x"), None);
    }

    #[test]
    fn refuses_a_manifest_and_accepts_null_for_no_manifests() {
        let mut wrong = index();
        wrong.media_type = Some(MEDIA_TYPE_MANIFEST.to_owned());
        assert!(ImageIndex::parse(&wrong.to_bytes()).is_err());
        assert!(ImageIndex::parse(br#"{"schemaVersion":2}"#).is_err());
        assert!(ImageIndex::parse(br#"{"schemaVersion":2,"manifests":null}"#).unwrap().manifests.is_empty());
    }
}
