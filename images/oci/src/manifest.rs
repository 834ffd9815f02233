//! An image manifest: one platform's configuration and layers, or an artifact that speaks about another manifest.
//!
//! In: bytes from a registry, or values. Out: an [`ImageManifest`], or its bytes, always the same for the same value.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{self, DocumentError, null_is_empty};
use crate::{Descriptor, ImageIndex, MEDIA_TYPE_MANIFEST, is_index, is_manifest};

/// The manifest of one image, or of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// Always 2.
    pub schema_version: u8,
    /// [`MEDIA_TYPE_MANIFEST`], or Docker's; may be absent in what others wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact this is; absent for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(deserialize_with = "null_is_empty")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one speaks about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl ImageManifest {
    /// An image with this configuration and these layers.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MEDIA_TYPE_MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The manifest as compact JSON; equal values give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        document::write(self)
    }

    /// Reads a manifest; an index is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let manifest: Self = document::read("image manifest", bytes, document::LARGEST_DOCUMENT)?;
        document::expect_schema_two("image manifest", manifest.schema_version)?;
        match manifest.media_type.as_deref() {
            Some(found) if !is_manifest(found) => Err(DocumentError::Unexpected {
                document: "image manifest",
                key: "mediaType",
                found: found.to_owned(),
                expected: MEDIA_TYPE_MANIFEST,
            }),
            _ => Ok(manifest),
        }
    }

    /// The artifact type by which referrers are listed: its own, or else the configuration's media type.
    pub fn referrer_type(&self) -> &str {
        self.artifact_type.as_deref().filter(|own| !own.is_empty()).unwrap_or(&self.config.media_type)
    }
}

/// Whatever a manifest's digest can name: one image, or an index of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestDocument {
    /// One image or artifact.
    Image(Box<ImageManifest>),
    /// An index.
    Index(Box<ImageIndex>),
}

impl ManifestDocument {
    /// Reads what the media type says that the bytes are.
    pub fn parse(media_type: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        if is_index(media_type) {
            return ImageIndex::parse(bytes).map(|index| Self::Index(Box::new(index)));
        }
        if is_manifest(media_type) {
            return ImageManifest::parse(bytes).map(|image| Self::Image(Box::new(image)));
        }
        Err(DocumentError::Unexpected {
            document: "manifest",
            key: "mediaType",
            found: media_type.to_owned(),
            expected: MEDIA_TYPE_MANIFEST,
        })
    }

    /// The manifest that this one speaks about.
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Image(manifest) => manifest.subject.as_ref(),
            Self::Index(index) => index.subject.as_ref(),
        }
    }

    /// The artifact type by which a list of referrers names it; an index may have none.
    pub fn referrer_type(&self) -> Option<&str> {
        match self {
            Self::Image(manifest) => Some(manifest.referrer_type()),
            Self::Index(index) => index.artifact_type.as_deref(),
        }
    }

    /// Its annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Image(manifest) => &manifest.annotations,
            Self::Index(index) => &index.annotations,
        }
    }

    /// The manifests that it names as its own: none for one image.
    pub fn manifests(&self) -> &[Descriptor] {
        match self {
            Self::Image(_) => &[],
            Self::Index(index) => &index.manifests,
        }
    }

    /// The blobs that it names as its own, configuration first: none for an index.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let image = match self {
            Self::Image(manifest) => Some(manifest),
            Self::Index(_) => None,
        };
        image.into_iter().flat_map(|manifest| std::iter::once(&manifest.config).chain(&manifest.layers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MEDIA_TYPE_CONFIG, MEDIA_TYPE_DOCKER_MANIFEST, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP};

    fn image() -> ImageManifest {
        let layer = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, b"layer");
        ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), vec![layer])
    }

    #[test]
    fn writes_the_same_bytes_every_time() {
        let digest = blob::Digest::of(image().to_bytes()).to_string();
        assert_eq!(digest, "sha256:6abcb92fc8a95c18994f465558340d55b584f9501f3ae248e9ff3af0a2880397");
        assert_eq!(ImageManifest::parse(&image().to_bytes()).unwrap(), image());
    }

    #[test]
    fn refuses_an_index_and_another_schema() {
        let mut wrong = image();
        wrong.media_type = Some(MEDIA_TYPE_INDEX.to_owned());
        let error = ImageManifest::parse(&wrong.to_bytes()).unwrap_err().to_string();
        assert!(error.contains("has `application/vnd.oci.image.index.v1+json` as `mediaType`"), "{error}");
        wrong = ImageManifest { schema_version: 1, ..image() };
        let error = ImageManifest::parse(&wrong.to_bytes()).unwrap_err().to_string();
        assert_eq!(error, "`image manifest` has `1` as `schemaVersion`: expected `2`");
    }

    #[test]
    fn accepts_what_docker_writes_and_keys_that_nobody_knows() {
        let mut docker = image();
        docker.media_type = Some(MEDIA_TYPE_DOCKER_MANIFEST.to_owned());
        let text = String::from_utf8(docker.to_bytes()).unwrap().replacen('{', r#"{"new":[1],"#, 1);
        assert_eq!(ImageManifest::parse(text.as_bytes()).unwrap(), docker);
    }

    #[test]
    fn an_artifact_without_a_type_is_listed_by_its_configuration() {
        let mut manifest = image();
        assert_eq!(manifest.referrer_type(), MEDIA_TYPE_CONFIG);
        manifest.artifact_type = Some("application/spdx+json".to_owned());
        assert_eq!(manifest.referrer_type(), "application/spdx+json");
    }

    #[test]
    fn a_manifest_names_its_blobs_and_an_index_its_manifests() {
        let bytes = image().to_bytes();
        let document = ManifestDocument::parse(MEDIA_TYPE_MANIFEST, &bytes).unwrap();
        assert_eq!(document.blobs().map(|blob| blob.size).collect::<Vec<_>>(), [6, 5]);
        let index = ImageIndex::new(vec![Descriptor::of(MEDIA_TYPE_MANIFEST, &bytes)]).to_bytes();
        let document = ManifestDocument::parse(MEDIA_TYPE_INDEX, &index).unwrap();
        assert_eq!((document.manifests().len(), document.blobs().count()), (1, 0));
    }
}
