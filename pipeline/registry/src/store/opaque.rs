//! A manifest of whatever type: those of the specifications, and JSON objects of types that nobody here knows.
//!
//! In: a media type and bytes. Out: what the manifest names. Of an unknown type every object with a `digest` and a `size` counts as
//! a blob that it may need: so nothing of it is ever thrown away, and nothing is demanded either.

use std::collections::BTreeMap;

use oci::{Descriptor, DocumentError, ImageIndex, ImageManifest, ManifestDocument, is_index, is_manifest};
use serde::Deserialize;
use serde_json::Value;

/// A manifest, read.
#[derive(Debug)]
pub(crate) enum Document {
    /// An image, artifact or index, of OCI or of Docker.
    Known(ManifestDocument),
    /// Any other.
    Opaque(Box<Opaque>),
}

/// What is read out of a manifest of unknown type.
#[derive(Debug)]
pub(crate) struct Opaque {
    subject: Option<Descriptor>,
    artifact_type: String,
    annotations: BTreeMap<String, String>,
    named: Vec<Descriptor>,
}

impl Document {
    /// Reads what the media type says that the bytes are.
    pub(crate) fn parse(media_type: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        if is_index(media_type) || is_manifest(media_type) {
            return ManifestDocument::parse(media_type, bytes).map(Self::Known);
        }
        let malformed = |reason| DocumentError::Malformed { document: "manifest", reason };
        let value: serde_json::Map<String, Value> = serde_json::from_slice(bytes).map_err(malformed)?;
        Ok(Self::Opaque(Box::new(Opaque::read(media_type, &value))))
    }

    /// The manifest that this one speaks about.
    pub(crate) fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Known(document) => document.subject(),
            Self::Opaque(opaque) => opaque.subject.as_ref(),
        }
    }

    /// The artifact type by which a list of referrers names it.
    pub(crate) fn referrer_type(&self) -> Option<&str> {
        match self {
            Self::Known(document) => document.referrer_type(),
            Self::Opaque(opaque) => Some(&opaque.artifact_type),
        }
    }

    /// Its annotations.
    pub(crate) fn annotations(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Known(document) => document.annotations(),
            Self::Opaque(opaque) => &opaque.annotations,
        }
    }

    /// The manifests that it names as its own.
    pub(crate) fn manifests(&self) -> &[Descriptor] {
        match self {
            Self::Known(document) => document.manifests(),
            Self::Opaque(_) => &[],
        }
    }

    /// The blobs that it names as its own, or may.
    pub(crate) fn blobs(&self) -> Box<dyn Iterator<Item = &Descriptor> + '_> {
        match self {
            Self::Known(document) => Box::new(document.blobs()),
            Self::Opaque(opaque) => Box::new(opaque.named.iter()),
        }
    }

    /// The blobs that must be there before it may be put: not those that are fetched from elsewhere.
    pub(crate) fn required(&self) -> impl Iterator<Item = &Descriptor> {
        let demanding = matches!(self, Self::Known(_));
        self.blobs()
            .filter(move |blob| demanding && blob.urls.is_empty() && !blob.media_type.contains(".nondistributable."))
    }
}

impl Opaque {
    fn read(media_type: &str, object: &serde_json::Map<String, Value>) -> Self {
        let descriptor = |key: &str| object.get(key).and_then(|value| Descriptor::deserialize(value).ok());
        let own_type = object.get("artifactType").and_then(Value::as_str).filter(|text| !text.is_empty());
        let annotations = object.get("annotations").and_then(|value| BTreeMap::deserialize(value).ok());
        let mut named = Vec::new();
        object.iter().filter(|(key, _)| *key != "subject").for_each(|(_, value)| collect(value, &mut named));
        Self {
            subject: descriptor("subject"),
            artifact_type: own_type.unwrap_or(media_type).to_owned(),
            annotations: annotations.unwrap_or_default(),
            named,
        }
    }
}

/// Everything that names bytes by digest and size. The JSON reader bounds the depth.
fn collect(value: &Value, named: &mut Vec<Descriptor>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, named)),
        Value::Object(object) => {
            let digest = object.get("digest").and_then(Value::as_str).and_then(|text| text.parse().ok());
            if let (Some(digest), Some(size)) = (digest, object.get("size").and_then(Value::as_u64)) {
                named.push(Descriptor::new("", digest, size));
            }
            object.values().for_each(|item| collect(item, named));
        }
        _ => {}
    }
}

impl From<ImageManifest> for Document {
    fn from(manifest: ImageManifest) -> Self {
        Self::Known(ManifestDocument::Image(Box::new(manifest)))
    }
}

impl From<ImageIndex> for Document {
    fn from(index: ImageIndex) -> Self {
        Self::Known(ManifestDocument::Index(Box::new(index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_type_demands_nothing_and_keeps_what_it_may_need() {
        let [a, b, c] = ["a", "b", "c"].map(blob::Digest::of);
        let text = format!(
            r#"{{"subject":{{"mediaType":"x","digest":"{a}","size":1}},"blobs":[{{"digest":"{b}","size":2,"data":{{"digest":"{c}","size":3}}}},{{"digest":7}}]}}"#
        );
        let document = Document::parse("application/vnd.x+json", text.as_bytes()).unwrap();
        assert_eq!(document.subject().unwrap().digest, a);
        assert_eq!(document.referrer_type(), Some("application/vnd.x+json"));
        assert_eq!(document.blobs().map(|blob| blob.size).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(document.required().count(), 0);
        assert!(Document::parse("application/vnd.x+json", b"[]").is_err());
    }
}
