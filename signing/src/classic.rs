//! A classic signature artifact: the manifest under the tag `sha256-….sig` with one layer for each signature.
//!
//! In: signatures to write, or the bytes of a manifest. Out: manifest and configuration exactly as cosign writes them, or the signatures.
//! Specification: <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.
//!
//! One manifest holds the signatures of everybody: who adds one reads the manifest first, keeps the layers of others, and writes it again.

use blob::Digest;
use oci::{Descriptor, DocumentError, ImageManifest, MEDIA_TYPE_CONFIG};
use serde::Serialize;

use crate::encoding::{from_base64, to_base64, to_json};
use crate::simple_signing::MEDIA_TYPE_SIMPLE_SIGNING;

/// The signature in base64, on a layer.
pub const ANNOTATION_SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The certificate in PEM, on a layer.
pub const ANNOTATION_CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// Cosign reads no manifest with more signatures.
pub const MOST_SIGNATURES: usize = 1000;

/// One signature of the artifact: its layer, and what the layer's annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicSignature {
    /// The layer: digest and size of the payload, and all annotations.
    pub layer: Descriptor,
    /// The signature over the payload.
    pub signature: Vec<u8>,
}

/// Everything that must be pushed, in this order: `payloads`, `config`, `manifest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicArtifact {
    /// The configuration's bytes.
    pub config: Vec<u8>,
    /// The manifest, to be pushed under the tag [`oci::Tag::attached`] with the ending `sig`.
    pub manifest: ImageManifest,
}

/// Why a manifest is no classic signature artifact.
#[derive(Debug, thiserror::Error)]
pub enum ClassicError {
    /// No manifest.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// More signatures than cosign reads.
    #[error("the manifest holds {0} signatures: expected at most {MOST_SIGNATURES}")]
    TooMany(usize),
}

/// The configuration as cosign writes it: an image without a platform, made at the beginning of time.
#[derive(Serialize)]
struct Config<'a> {
    architecture: &'static str,
    created: &'static str,
    history: Vec<History>,
    os: &'static str,
    rootfs: RootFs<'a>,
    #[serde(rename = "config")]
    execution: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct History {
    created: &'static str,
}

#[derive(Serialize)]
struct RootFs<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<&'a Digest>,
}

const NEVER: &str = "0001-01-01T00:00:00Z";

impl ClassicSignature {
    /// A signature over this payload by a key.
    pub fn new(payload: &[u8], signature: Vec<u8>) -> Self {
        let layer = Descriptor::of(MEDIA_TYPE_SIMPLE_SIGNING, payload);
        Self { layer: layer.with_annotation(ANNOTATION_SIGNATURE, to_base64(&signature)), signature }
    }

    /// The certificate in PEM, of a signature whose key was made for it alone.
    pub fn certificate(&self) -> Option<&str> {
        self.layer.annotations.get(ANNOTATION_CERTIFICATE).map(String::as_str).filter(|pem| !pem.is_empty())
    }

    /// Layers of another media type, or without a signature in strict base64, are no signatures.
    fn of_layer(layer: &Descriptor) -> Option<Self> {
        let text = layer.annotations.get(ANNOTATION_SIGNATURE)?;
        let signature = from_base64(text).ok().filter(|bytes| !bytes.is_empty())?;
        (layer.media_type == MEDIA_TYPE_SIMPLE_SIGNING).then(|| Self { layer: layer.clone(), signature })
    }
}

/// The artifact that holds these signatures, in this order.
pub fn write_classic(signatures: &[ClassicSignature]) -> ClassicArtifact {
    let layers: Vec<_> = signatures.iter().map(|signature| signature.layer.clone()).collect();
    let config = to_json(&Config {
        architecture: "",
        created: NEVER,
        history: layers.iter().map(|_| History { created: NEVER }).collect(),
        os: "",
        rootfs: RootFs { kind: oci::ROOT_FS_TYPE, diff_ids: layers.iter().map(|layer| &layer.digest).collect() },
        execution: Nothing {},
    });
    let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), layers);
    ClassicArtifact { config, manifest }
}

/// The signatures of an artifact; layers that are none are left out.
pub fn read_classic(manifest: &[u8]) -> Result<Vec<ClassicSignature>, ClassicError> {
    let manifest = ImageManifest::parse(manifest)?;
    if manifest.layers.len() > MOST_SIGNATURES {
        return Err(ClassicError::TooMany(manifest.layers.len()));
    }
    Ok(manifest.layers.iter().filter_map(ClassicSignature::of_layer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_layers_of_others_with_all_that_they_say() {
        let mut other = ClassicSignature::new(b"other", vec![9]);
        other.layer = other.layer.with_annotation("dev.sigstore.cosign/bundle", "{}");
        let first = write_classic(std::slice::from_ref(&other)).manifest.to_bytes();
        let mut signatures = read_classic(&first).unwrap();
        signatures.push(ClassicSignature::new(b"ours", vec![1]));
        let both = read_classic(&write_classic(&signatures).manifest.to_bytes()).unwrap();
        assert_eq!(both, signatures);
        assert_eq!(both[0], other);
    }

    #[test]
    fn what_is_no_signature_is_left_out_and_too_many_are_refused() {
        let good = ClassicSignature::new(b"x", vec![1]).layer;
        let not_strict = good.clone().with_annotation(ANNOTATION_SIGNATURE, "AQ");
        let empty = good.clone().with_annotation(ANNOTATION_SIGNATURE, "");
        let other = Descriptor { media_type: "text/plain".to_owned(), ..good.clone() };
        let bare = Descriptor::of(MEDIA_TYPE_SIMPLE_SIGNING, b"x");
        let manifest = |layers| ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"{}"), layers).to_bytes();
        assert_eq!(read_classic(&manifest(vec![not_strict, empty, good.clone(), other, bare])).unwrap().len(), 1);
        assert!(matches!(read_classic(&manifest(vec![good; 1001])), Err(ClassicError::TooMany(1001))));
    }
}
