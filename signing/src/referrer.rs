//! A bundle as a referrer: the manifest by which a registry finds what is said about an image.
//!
//! In: a bundle, the image's descriptor, a time; or the bytes of a manifest. Out: the manifest and its descriptor for lists of referrers.
//! Specifications: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage>,
//! <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use oci::{Descriptor, DocumentError, EMPTY_JSON, ImageManifest, MEDIA_TYPE_EMPTY};

use crate::bundle::{LARGEST_BUNDLE, MEDIA_TYPE_BUNDLE};
use crate::encoding::shorten;

/// What a bundle holds: `dsse-envelope` or `message-signature`.
pub const ANNOTATION_CONTENT: &str = "dev.sigstore.bundle.content";
/// The type of the predicate, where cosign looks.
pub const ANNOTATION_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// The type of the predicate, where Trivy looks.
pub const ANNOTATION_IN_TOTO_TYPE: &str = "in-toto.io/predicate-type";
/// When it was made, RFC 3339.
pub const ANNOTATION_CREATED: &str = "org.opencontainers.image.created";

/// All kinds of bundle begin so.
const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// Why a manifest brings no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ReferrerError {
    /// No manifest.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A bundle lies in one layer.
    #[error("the referrer has {0} layers: expected one, the bundle")]
    Layers(usize),
    /// The layer is something else.
    #[error("the referrer's layer is `{0}`: expected a Sigstore bundle")]
    MediaType(String),
    /// More than anybody reads.
    #[error("the bundle has {0} bytes: expected at most {LARGEST_BUNDLE}")]
    TooLarge(u64),
}

/// The manifest that attaches a statement's bundle to `subject`. Equal arguments give equal bytes. The blob `{}` must be pushed too.
pub fn write_referrer(bundle: &[u8], predicate_type: &str, subject: Descriptor, created: Timestamp) -> ImageManifest {
    let layer = Descriptor::of(MEDIA_TYPE_BUNDLE, bundle);
    let annotations = [
        (ANNOTATION_CONTENT, "dsse-envelope".to_owned()),
        (ANNOTATION_PREDICATE_TYPE, predicate_type.to_owned()),
        (ANNOTATION_IN_TOTO_TYPE, predicate_type.to_owned()),
        (ANNOTATION_CREATED, DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&created)),
    ];
    ImageManifest {
        artifact_type: Some(MEDIA_TYPE_BUNDLE.to_owned()),
        // A subject is named by what identifies it: annotations, platform and data belong to the list that it came from.
        subject: Some(Descriptor::new(subject.media_type, subject.digest, subject.size)),
        annotations: annotations.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..ImageManifest::new(Descriptor::of(MEDIA_TYPE_EMPTY, EMPTY_JSON), vec![layer])
    }
}

/// How a list of referrers names this manifest: with its artifact type and annotations, as the fallback index must have them.
pub fn referrer_descriptor(manifest: &ImageManifest) -> Descriptor {
    Descriptor {
        artifact_type: Some(manifest.referrer_type().to_owned()),
        annotations: manifest.annotations.clone(),
        ..Descriptor::of(oci::MEDIA_TYPE_MANIFEST, &manifest.to_bytes())
    }
}

/// The layer that holds the bundle, to be fetched next.
pub fn read_referrer(manifest: &[u8]) -> Result<Descriptor, ReferrerError> {
    let manifest = ImageManifest::parse(manifest)?;
    let [layer] = manifest.layers.as_slice() else {
        return Err(ReferrerError::Layers(manifest.layers.len()));
    };
    if !layer.media_type.starts_with(BUNDLE_PREFIX) {
        return Err(ReferrerError::MediaType(shorten(&layer.media_type)));
    }
    if layer.size > LARGEST_BUNDLE as u64 {
        return Err(ReferrerError::TooLarge(layer.size));
    }
    Ok(layer.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::SPDX;

    fn written() -> ImageManifest {
        let subject = Descriptor::of(oci::MEDIA_TYPE_INDEX, b"index").with_annotation("x", "y");
        write_referrer(b"{}", SPDX, subject, "2026-11-23T04:27:16.7Z".parse().unwrap())
    }

    #[test]
    fn has_the_four_annotations_and_a_bare_subject() {
        let text = String::from_utf8(written().to_bytes()).unwrap();
        let expected = r#""annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://spdx.dev/Document","in-toto.io/predicate-type":"https://spdx.dev/Document","org.opencontainers.image.created":"2026-11-23T04:27:16Z"}"#;
        assert!(text.contains(expected), "{text}");
        assert!(written().subject.unwrap().annotations.is_empty());
    }

    #[test]
    fn a_list_names_its_type_which_is_not_the_type_of_the_configuration() {
        let descriptor = referrer_descriptor(&written());
        assert_eq!(descriptor.artifact_type.as_deref(), Some(MEDIA_TYPE_BUNDLE));
        assert_eq!(descriptor.annotations.len(), 4);
        assert_eq!(descriptor.digest, blob::Digest::of(written().to_bytes()));
    }

    #[test]
    fn refuses_several_layers_other_types_and_too_much() {
        let good = written();
        assert!(read_referrer(&good.to_bytes()).is_ok());
        let with = |layers: Vec<Descriptor>| read_referrer(&ImageManifest { layers, ..good.clone() }.to_bytes());
        let layer = &good.layers[0];
        assert!(matches!(with(vec![]), Err(ReferrerError::Layers(0))));
        assert!(matches!(with(vec![layer.clone(); 2]), Err(ReferrerError::Layers(2))));
        let other = Descriptor { media_type: "text/plain".to_owned(), ..layer.clone() };
        assert!(matches!(with(vec![other]), Err(ReferrerError::MediaType(_))));
        let large = Descriptor { size: 100_000_000, ..layer.clone() };
        assert!(matches!(with(vec![large]), Err(ReferrerError::TooLarge(100_000_000))));
    }
}
