//! An image's configuration: how it is started, which layers it has, how it came to be.
//!
//! In: bytes from a registry, or values. Out: an [`ImageConfig`], or its bytes, always the same for the same value.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Platform;
use crate::document::{self, DocumentError, null_is_empty};

/// The only kind of root file system that the specification knows.
pub const ROOT_FS_TYPE: &str = "layers";

/// The configuration of one platform's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When the image was made, as RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The platform; in JSON its keys stand beside the others.
    #[serde(flatten)]
    pub platform: Platform,
    /// How a container is started.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Execution::is_empty")]
    pub config: Execution,
    /// The layers' contents.
    pub rootfs: RootFs,
    /// How each layer came to be.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<History>,
}

/// How a container is started when nobody says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Execution {
    /// User, or `user:group`, by name or number.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Ports, such as `8080/tcp`.
    #[serde(with = "set_as_map", skip_serializing_if = "BTreeSet::is_empty")]
    pub exposed_ports: BTreeSet<String>,
    /// Environment as `NAME=value`.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The program that always runs.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Its arguments when none are given.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Folders that hold data of one container.
    #[serde(with = "set_as_map", skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<String>,
    /// Where the program starts.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Free text by key.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The signal that asks the program to end.
    #[serde(deserialize_with = "null_is_empty", skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
}

/// The layers by the digests of their plain tar archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always [`ROOT_FS_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Digests of the archives before compression, lowest first.
    #[serde(deserialize_with = "null_is_empty")]
    pub diff_ids: Vec<Digest>,
}

/// How one layer, or one step without a layer, came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// By which command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A word about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

impl ImageConfig {
    /// A configuration for a platform with these layers' contents, and nothing said about how to start it.
    pub fn new(platform: Platform, diff_ids: Vec<Digest>) -> Self {
        Self {
            created: None,
            author: None,
            platform,
            config: Execution::default(),
            rootfs: RootFs { kind: ROOT_FS_TYPE.to_owned(), diff_ids },
            history: Vec::new(),
        }
    }

    /// The configuration as compact JSON; equal values give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        document::write(self)
    }

    /// Reads a configuration.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let config: Self = document::read("image configuration", bytes, document::LARGEST_DOCUMENT)?;
        if config.rootfs.kind == ROOT_FS_TYPE {
            return Ok(config);
        }
        Err(DocumentError::Unexpected {
            document: "image configuration",
            key: "rootfs.type",
            found: config.rootfs.kind,
            expected: ROOT_FS_TYPE,
        })
    }
}

impl Execution {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Go writes a set as a map with empty objects as values.
mod set_as_map {
    use super::{BTreeSet, Deserialize, Deserializer, Serialize, SerializeMap, Serializer};

    /// An empty object.
    #[derive(Serialize)]
    struct Nothing {}

    pub(super) fn serialize<S: Serializer>(set: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(set.len()))?;
        set.iter().try_for_each(|key| map.serialize_entry(key, &Nothing {}))?;
        map.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
        let map = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
        Ok(map.unwrap_or_default().into_iter().map(|(key, _)| key).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ImageConfig {
        let mut config = ImageConfig::new(Platform::linux("amd64"), vec![Digest::of("tar")]);
        config.created = Some("2026-11-23T14:00:00Z".parse().unwrap());
        config.config.user = "65532:65532".to_owned();
        config.config.exposed_ports = ["8080/tcp".to_owned()].into();
        config.config.env = vec!["LANG=C.UTF-8".to_owned()];
        config.history = vec![History { created_by: Some("bedplate".to_owned()), ..History::default() }];
        config
    }

    #[test]
    fn writes_keys_as_the_specification_spells_them() {
        let expected = r#"{"created":"2026-11-23T14:00:00Z","architecture":"amd64","os":"linux","config":{"User":"65532:65532","ExposedPorts":{"8080/tcp":{}},"Env":["LANG=C.UTF-8"]},"rootfs":{"type":"layers","diff_ids":["DIGEST"]},"history":[{"created_by":"bedplate"}]}"#;
        let expected = expected.replace("DIGEST", &Digest::of("tar").to_string());
        assert_eq!(String::from_utf8(config().to_bytes()).unwrap(), expected);
        assert_eq!(ImageConfig::parse(expected.as_bytes()).unwrap(), config());
    }

    #[test]
    fn reads_what_docker_writes() {
        let text = r#"{"architecture":"arm64","os":"linux","variant":"v8","container":"x","docker_version":"20.10",
            "created":"2023-01-02T03:04:05.123456789+01:00",
            "config":{"Hostname":"","ExposedPorts":null,"Env":null,"Cmd":["sh"],"Entrypoint":null,"Volumes":{"/data":{}},"OnBuild":null,"Labels":null},
            "rootfs":{"type":"layers","diff_ids":[]},"history":[{"empty_layer":true}]}"#;
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.platform.to_string(), "linux/arm64/v8");
        assert_eq!(config.created.unwrap().to_string(), "2023-01-02T02:04:05.123456789Z");
        assert_eq!(config.config.volumes, ["/data".to_owned()].into());
        assert!(config.history[0].empty_layer);
    }

    #[test]
    fn refuses_another_kind_of_root_file_system() {
        let text = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"tree","diff_ids":[]}}"#;
        let error = ImageConfig::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "`image configuration` has `tree` as `rootfs.type`: expected `layers`");
    }
}
