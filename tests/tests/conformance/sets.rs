//! The sets of content that the official suite pushes, and some more.
//!
//! In: nothing. Out: [`Set`]s by name.

use serde_json::{Value, json};
use tests::{Content, Hash, noise};

use crate::content_sets::{CONFIG, EMPTY, IMAGE, LAYER, LAYER_GZIP, Set, Style};

/// Two platforms, as in most indexes of the suite.
pub(crate) const BOTH: [&str; 2] = ["amd64", "arm64"];
/// Types that no specification knows.
pub(crate) const KIND: &str = "application/vnd.example.oci.conformance.v1";
pub(crate) const OTHER_KIND: &str = "application/vnd.example.oci.conformance.v2";

/// All sets, with names for messages.
pub(crate) fn all() -> Vec<(&'static str, Set)> {
    vec![
        ("image", image()),
        ("image uncompressed", uncompressed()),
        ("large manifest", large_manifest()),
        ("index", index()),
        ("nested index", nested_index()),
        ("empty index", Set::of_index(&Style::image().tagged("empty-index"), &[])),
        ("artifact", Set::of_image(&Style::artifact(KIND).tagged("artifact"))),
        ("artifact index", Set::of_index(&Style::artifact(KIND).tagged("artifact-index"), &BOTH)),
        ("artifact without layers", artifact_without_layers()),
        ("artifacts with subject", artifacts_with_subject()),
        ("index with subject", index_with_subject()),
        ("missing subject", missing_subject()),
        ("data field", data_field()),
        ("non-distributable layers", non_distributable_layers()),
        ("custom fields", custom_fields()),
        ("no layers", Set::of_image(&Style { layers: 0, ..Style::image() }.tagged("no-layers"))),
        ("sparse index", sparse_index()),
        ("sha512", Set::of_index(&sha512(), &BOTH)),
        ("tag parameters", tags_by_parameter("tag-param-sha256", Style::image())),
        ("tag parameters sha512", tags_by_parameter("tag-param-sha512", sha512())),
        ("unknown layer type", unknown_layer_type()),
    ]
}

pub(crate) fn image() -> Set {
    Set::of_image(&Style::image().tagged("image"))
}

pub(crate) fn uncompressed() -> Set {
    Set::of_image(&Style { layer_type: LAYER, ..Style::image() }.tagged("image-uncompressed"))
}

/// Just below the 4 MiB that clients and registries should expect to work.
pub(crate) fn large_manifest() -> Set {
    let annotations = (0..390).map(|number| (format!("large-annotation-{number}"), Value::from("A".repeat(10_000))));
    Set::of_image(
        &Style { annotations: Value::Object(annotations.collect()), ..Style::image() }.tagged("large-manifest"),
    )
}

pub(crate) fn index() -> Set {
    Set::of_index(&Style::image().tagged("index"), &BOTH)
}

pub(crate) fn nested_index() -> Set {
    let mut set = Set::default();
    let inner = [(); 2].map(|()| set.add_index_of_images(&Style::image(), &BOTH));
    set.add_index(&Style::image().tagged("index-of-index"), &inner);
    set
}

pub(crate) fn artifact_without_layers() -> Set {
    let style = Style { layer_type: EMPTY, layer_bytes: Some(b"{}"), ..Style::artifact(KIND) };
    Set::of_image(&style.tagged("artifact-without-layers"))
}

/// An image, and three things that speak about it.
pub(crate) fn artifacts_with_subject() -> Set {
    let mut set = Set::default();
    let subject = set.add_image(&Style::image().tagged("image"), "amd64");
    set.add_image(&Style::image().about(&subject), "amd64");
    set.add_image(&Style::artifact(KIND).about(&subject).tagged("tagged-artifact1"), "amd64");
    let other = Style { layer_type: "application/octet-stream", ..Style::artifact(OTHER_KIND) };
    set.add_image(&other.about(&subject).tagged("tagged-artifact2"), "amd64");
    set
}

pub(crate) fn index_with_subject() -> Set {
    let mut set = Set::default();
    let subject = set.add_index_of_images(&Style::image().tagged("index"), &BOTH);
    set.add_index_of_images(&Style::artifact(KIND).about(&subject).tagged("tagged-artifact"), &BOTH);
    set.add_index(&Style::image().about(&subject), &[]);
    set
}

pub(crate) fn missing_subject() -> Set {
    let subject = json!({ "mediaType": IMAGE, "digest": Hash::Sha256.digest(&noise(8)), "size": 123 });
    Set::of_image(&Style::artifact(KIND).about(&subject).tagged("tagged-artifact"))
}

pub(crate) fn data_field() -> Set {
    Set::of_image(&Style { with_data: true, ..Style::image() }.tagged("data-field"))
}

/// Two layers that are elsewhere, and one that is here.
pub(crate) fn non_distributable_layers() -> Set {
    let elsewhere = |ending: &str, size: u64| {
        let digest = Hash::Sha256.digest(&noise(8));
        let url = format!("https://store.example.com/blobs/{}", digest.replace(':', "/"));
        let media_type = format!("application/vnd.oci.image.layer.nondistributable.v1.tar{ending}");
        json!({ "mediaType": media_type, "digest": digest, "size": size, "urls": [url] })
    };
    let layer = Content::new(LAYER_GZIP, noise(512), Hash::Sha256);
    let config = Content::json(CONFIG, &json!({ "architecture": "amd64", "os": "linux" }), Hash::Sha256);
    let layers = [elsewhere("+gzip", 123_456), elsewhere("", 12_345), layer.descriptor()];
    let value = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config.descriptor(), "layers": layers });
    let manifest = Content::json(IMAGE, &value, Hash::Sha256);
    let tags = vec![("non-distributable-image".to_owned(), manifest.digest.clone())];
    Set { blobs: vec![layer, config], manifests: vec![manifest], tags, ..Set::default() }
}

pub(crate) fn custom_fields() -> Set {
    Set::of_index(&Style { with_custom_field: true, ..Style::image() }.tagged("custom-fields"), &BOTH)
}

/// An index that names an image which nobody pushes.
pub(crate) fn sparse_index() -> Set {
    let mut set = Set::default();
    let here = set.add_image(&Style::image(), "amd64");
    let nowhere = Content::new(IMAGE, noise(1024), Hash::Sha256).descriptor();
    set.add_index(&Style::image().tagged("sparse-index"), &[here, nowhere]);
    set
}

/// An image of which one layer is pushed by nobody.
pub(crate) fn sparse_image() -> Set {
    let mut set = Set::of_image(&Style::image().tagged("sparse-image"));
    set.blobs.remove(0);
    set
}

pub(crate) fn sha512() -> Style {
    Style { hash: Hash::Sha512, ..Style::image() }
}

/// An index whose images have a tag each, and which itself has two.
pub(crate) fn tags_by_parameter(name: &'static str, style: Style) -> Set {
    let mut set = Set::of_index(&style.tagged(name), &BOTH);
    let more = set.manifests.iter().enumerate().map(|(number, one)| (format!("{name}-{number}"), one.digest.clone()));
    set.tags.extend(more.collect::<Vec<_>>());
    set.tags_by_parameter = true;
    set
}

/// An image whose layers are of a type that nobody knows.
pub(crate) fn unknown_layer_type() -> Set {
    Set::of_image(&Style { layer_type: "application/vnd.example.fridge", ..Style::image() }.tagged("unknown-layers"))
}
