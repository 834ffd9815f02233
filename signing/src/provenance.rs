//! SLSA provenance v1: how an image was built, by whom, and from which bytes of the archive.
//!
//! In: what the builder knows. Out: the predicate [`PROVENANCE`]. From it alone the image can be built again: it holds the texts of the
//! definitions and the lock, and names every file of the archive with its digest.
//! Specification: <https://slsa.dev/spec/v1.1/provenance>.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::encoding::to_base64;
use crate::predicate::{PROVENANCE, Predicate};

/// The type of our builds: what [`ExternalParameters`] and [`InternalParameters`] mean. A change of meaning gets another number.
pub const BUILD_TYPE: &str = "https://bedplate.dev/build/image/v1";
/// The builder, where the settings name no other.
pub const BUILDER_ID: &str = "https://bedplate.dev/builder/v1";

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was asked for, and what it came to.
    pub build_definition: BuildDefinition,
    /// The run that did it.
    pub run_details: RunDetails,
}

/// Everything that decides the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// [`BUILD_TYPE`].
    pub build_type: String,
    /// What a person asked for.
    pub external_parameters: ExternalParameters,
    /// What the builder made of it.
    pub internal_parameters: InternalParameters,
    /// Every file that was read: `InRelease` files, package indexes, packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<Resource>,
}

/// What a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalParameters {
    /// The name of the definition.
    pub image: String,
    /// The texts of the definition and of its parents, nearest first, with everything of the catalogue that they draw on:
    /// each under the path of its file, as JSON, which is YAML too.
    pub definitions: Vec<Resource>,
    /// The platforms, as `linux/amd64`.
    pub platforms: Vec<String>,
    /// Labels and annotations that the operator's settings add to every image.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What the builder made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InternalParameters {
    /// The lock: every package with its version and digest. Building it again gives the same index.
    pub lock: Resource,
    /// The state of the archive that the lock was made from.
    pub snapshots: Vec<Snapshot>,
    /// What shapes the bytes of layers, such as `compressor` and `layer-format`.
    pub formats: BTreeMap<String, String>,
    /// The builder's claim: the same lock and the same builder version give the same digest on any machine.
    pub reproducible: bool,
}

/// One suite as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// Such as `trixie-security`.
    pub suite: String,
    /// The digest of its `InRelease`.
    pub in_release: Digest,
    /// The time that `InRelease` says.
    pub date: Timestamp,
    /// The fingerprints of the keys that signed it, as in the archive's keyring.
    pub signed_by: Vec<String>,
}

/// The run that did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// Who did it.
    pub builder: Builder,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BuildMetadata>,
    /// What else came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byproducts: Vec<Resource>,
}

/// Who built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// Who is trusted to have built it as it says: an address.
    pub id: String,
    /// The versions of its parts, such as `bedplate`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// When it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// Which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<Timestamp>,
    /// Why it was built, as people read it. An extension field, named as the specification wants them.
    #[serde(rename = "bedplate_reasons", default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A file that is named, and in part held (`ResourceDescriptor` of in-toto).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address, such as a package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests in hexadecimal digits, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
    /// Its bytes in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where it lies in the archive: a path below the archive's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Predicate for Provenance {
    const TYPE: &'static str = PROVENANCE;
}

impl Resource {
    /// A file of the archive: its path below the archive's root and its digest.
    pub fn archive_file(path: &str, digest: &Digest) -> Self {
        let name = path.rsplit('/').next().map(str::to_owned);
        Self { name, digest: digests(digest), download_location: Some(path.to_owned()), ..Self::default() }
    }

    /// A Debian package: as [`Self::archive_file`], with its package URL.
    pub fn debian_package(name: &str, version: &str, architecture: &str, path: &str, digest: &Digest) -> Self {
        let escaped = version.replace('%', "%25").replace('+', "%2B");
        let uri = Some(format!("pkg:deb/debian/{}@{escaped}?arch={architecture}", name.replace('+', "%2B")));
        Self { name: Some(name.to_owned()), uri, ..Self::archive_file(path, digest) }
    }

    /// A text that is held whole: a definition, a lock.
    pub fn text(name: &str, media_type: &str, text: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            digest: digests(&Digest::of(text)),
            content: Some(to_base64(text.as_bytes())),
            media_type: Some(media_type.to_owned()),
            ..Self::default()
        }
    }

    /// The bytes that it holds, if their digest is the one that it names.
    pub fn held(&self) -> Option<Vec<u8>> {
        let bytes = crate::encoding::from_base64(self.content.as_deref()?).ok()?;
        (self.digest.get("sha256")? == Digest::of(&bytes).hex()).then_some(bytes)
    }
}

fn digests(digest: &Digest) -> BTreeMap<String, String> {
    BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_by_its_address_its_path_and_its_digest() {
        let digest = Digest::of("x");
        let package = Resource::debian_package("libstdc++6", "2:1.0+b1~x", "amd64", "pool/main/g/x.deb", &digest);
        let expected = format!(
            r#"{{"name":"libstdc++6","uri":"pkg:deb/debian/libstdc%2B%2B6@2:1.0%2Bb1~x?arch=amd64","digest":{{"sha256":"{}"}},"downloadLocation":"pool/main/g/x.deb"}}"#,
            digest.hex()
        );
        assert_eq!(serde_json::to_string(&package).unwrap(), expected);
    }

    #[test]
    fn labels_are_said_where_there_are_any() {
        let none = r#"{"image":"python","definitions":[],"platforms":["linux/amd64"]}"#;
        let mut parameters: ExternalParameters = serde_json::from_str(none).unwrap();
        assert_eq!(serde_json::to_string(&parameters).unwrap(), none);
        parameters.labels.insert("a".into(), "b".into());
        let text = serde_json::to_string(&parameters).unwrap();
        assert!(text.ends_with(r#","labels":{"a":"b"}}"#), "{text}");
        assert_eq!(serde_json::from_str::<ExternalParameters>(&text).unwrap(), parameters);
    }

    #[test]
    fn a_text_that_was_changed_is_not_given_out() {
        let mut text = Resource::text("python.yaml", "application/yaml", "name: python\n");
        assert_eq!(text.held().unwrap(), b"name: python\n");
        text.content = Some(to_base64(b"name: evil\n"));
        assert_eq!(text.held(), None);
    }
}
