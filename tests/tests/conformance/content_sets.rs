//! Makes sets of blobs, manifests and tags that belong together.
//!
//! In: descriptions of images and indexes. Out: a [`Set`], in the order in which it can be pushed.
//! Formats: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>,
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md>.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::{Content, Hash, noise};

pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Content that is pushed together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    pub(crate) blobs: Vec<Content>,
    /// In the order in which they are pushed.
    pub(crate) manifests: Vec<Content>,
    /// Each with the digest that it points to.
    pub(crate) tags: Vec<(String, String)>,
    /// Subjects, and what their list of referrers must hold.
    pub(crate) referrers: Vec<(String, Value)>,
    /// Whether tags are given as parameters when the manifest is put by its digest.
    pub(crate) tags_by_parameter: bool,
}

/// What all manifests of a set have in common, and what its images are like.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) hash: Hash,
    pub(crate) layers: usize,
    pub(crate) layer_type: &'static str,
    /// The bytes of each layer in place of generated ones.
    pub(crate) layer_bytes: Option<&'static [u8]>,
    pub(crate) config_type: &'static str,
    pub(crate) artifact_type: Option<&'static str>,
    pub(crate) annotations: Value,
    pub(crate) subject: Option<Value>,
    /// Whether descriptors carry the bytes too.
    pub(crate) with_data: bool,
    /// Whether documents have a field that no specification knows.
    pub(crate) with_custom_field: bool,
    pub(crate) tag: Option<&'static str>,
}

impl Style {
    /// An image of two compressed layers, named by SHA-256.
    pub(crate) fn image() -> Self {
        Self {
            hash: Hash::Sha256,
            layers: 2,
            layer_type: LAYER_GZIP,
            layer_bytes: None,
            config_type: CONFIG,
            artifact_type: None,
            annotations: Value::Null,
            subject: None,
            with_data: false,
            with_custom_field: false,
            tag: None,
        }
    }

    /// One blob of any kind, packaged as an image without a configuration.
    pub(crate) fn artifact(kind: &'static str) -> Self {
        Self {
            layers: 1,
            layer_type: kind,
            config_type: EMPTY,
            artifact_type: Some(kind),
            annotations: json!({ "org.opencontainers.conformance": "hello conformance test" }),
            ..Self::image()
        }
    }

    pub(crate) fn tagged(self, tag: &'static str) -> Self {
        Self { tag: Some(tag), ..self }
    }

    pub(crate) fn about(self, subject: &Value) -> Self {
        Self { subject: Some(subject.clone()), ..self }
    }

    fn describe(&self, content: &Content) -> Value {
        let mut descriptor = content.descriptor();
        if self.with_data {
            descriptor["data"] = base64(&content.bytes).into();
        }
        descriptor
    }
}

impl Set {
    pub(crate) fn of_image(style: &Style) -> Self {
        let mut set = Self::default();
        set.add_image(style, "amd64");
        set
    }

    pub(crate) fn of_index(style: &Style, architectures: &[&str]) -> Self {
        let mut set = Self::default();
        set.add_index_of_images(style, architectures);
        set
    }

    /// An image with its layers and configuration: its descriptor.
    pub(crate) fn add_image(&mut self, style: &Style, architecture: &str) -> Value {
        let layers: Vec<_> = (0..style.layers).map(|number| layer(style, number)).collect();
        let digests: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
        let config = match style.config_type {
            CONFIG => {
                json!({ "architecture": architecture, "os": "linux", "rootfs": { "type": "layers", "diff_ids": digests } })
            }
            _ => json!({}),
        };
        let config = Content::json(style.config_type, &with_custom_field(config, style), style.hash);
        let named: Vec<_> = layers.iter().map(|layer| style.describe(layer)).collect();
        let manifest =
            json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": style.describe(&config), "layers": named });
        self.blobs.extend(layers.into_iter().chain([config]));
        self.add_manifest(manifest, style, Some(style.config_type))
    }

    /// An index of images for these architectures: its descriptor.
    pub(crate) fn add_index_of_images(&mut self, style: &Style, architectures: &[&str]) -> Value {
        let inner = Style { tag: None, ..style.clone() };
        let children = architectures.iter().map(|architecture| {
            let mut image = self.add_image(&inner, architecture);
            image["platform"] = json!({ "os": "linux", "architecture": architecture });
            image
        });
        let children: Vec<_> = children.collect();
        self.add_index(style, &children)
    }

    /// An index of what these descriptors name: its descriptor.
    pub(crate) fn add_index(&mut self, style: &Style, children: &[Value]) -> Value {
        self.add_manifest(json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children }), style, None)
    }

    fn add_manifest(&mut self, mut manifest: Value, style: &Style, kind: Option<&str>) -> Value {
        let mut set = |key: &str, value: Option<Value>| value.map(|value| manifest[key] = value);
        set("artifactType", style.artifact_type.map(Value::from));
        set("subject", style.subject.clone());
        set("annotations", style.annotations.is_object().then(|| style.annotations.clone()));
        let media_type = manifest["mediaType"].as_str().unwrap().to_owned();
        let manifest = Content::json(&media_type, &with_custom_field(manifest, style), style.hash);
        if let Some(subject) = &style.subject {
            let mut entry = manifest.descriptor();
            if let Some(kind) = style.artifact_type.or(kind) {
                entry["artifactType"] = kind.into();
            }
            if style.annotations.is_object() {
                entry["annotations"] = style.annotations.clone();
            }
            self.referrers.push((subject["digest"].as_str().unwrap().to_owned(), entry));
        }
        self.tags.extend(style.tag.map(|tag| (tag.to_owned(), manifest.digest.clone())));
        let descriptor = style.describe(&manifest);
        self.manifests.push(manifest);
        descriptor
    }
}

fn layer(style: &Style, number: usize) -> Content {
    let bytes = match style.layer_bytes {
        Some(bytes) => bytes.to_vec(),
        None if style.layer_type == LAYER_GZIP => gzip(&archive(number)),
        None if style.layer_type == LAYER => archive(number),
        None => noise(2048),
    };
    Content::new(style.layer_type, bytes, style.hash)
}

/// A tar archive with one file that no other has.
fn archive(number: usize) -> Vec<u8> {
    let text = format!("file {number}: {:?}\n", noise(16));
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, format!("./conformance-{number}.txt"), text.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn with_custom_field(mut document: Value, style: &Style) -> Value {
    if style.with_custom_field {
        document["org.example.field"] = format!("{:?}", noise(8)).into();
    }
    document
}

/// Standard base64 with padding: <https://www.rfc-editor.org/rfc/rfc4648#section-4>.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().chain(&[0, 0]).take(3).fold(0, |number, byte| number << 8 | usize::from(*byte));
        for place in 0..4 {
            let letter = char::from(LETTERS[number >> (18 - 6 * place) & 63]);
            text.push(if place <= three.len() { letter } else { '=' });
        }
    }
    text
}

#[test]
fn base64_is_that_of_the_specification() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}
