//! A platform: operating system, processor architecture and variant.
//!
//! In: text such as `linux/arm64/v8`, or JSON inside a descriptor. Out: a [`Platform`].
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::document::null_is_empty;

/// What a manifest runs on. As JSON it is an object, as text `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// The processor architecture in Go's words: `amd64`, `arm64`.
    pub architecture: String,
    /// The operating system in Go's words: `linux`.
    pub os: String,
    /// The operating system's version; only Windows images have one.
    #[serde(rename = "os.version", default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Features that the operating system must have; only Windows images have any.
    #[serde(
        rename = "os.features",
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    /// The variant of the processor: `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no platform: expected `os/architecture` or `os/architecture/variant`, such as `linux/amd64`")]
pub struct PlatformError(String);

impl Platform {
    /// Linux on this architecture (`amd64`, `arm64`), without a variant.
    pub fn linux(architecture: impl Into<String>) -> Self {
        Self {
            architecture: architecture.into(),
            os: "linux".to_owned(),
            os_version: None,
            os_features: Vec::new(),
            variant: None,
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let words: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match words[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(PlatformError(text.chars().take(140).collect())),
        };
        if !words.iter().all(|word| is_word(word)) {
            return Err(PlatformError(text.chars().take(140).collect()));
        }
        Ok(Self { os: os.to_owned(), variant: variant.map(str::to_owned), ..Self::linux(architecture) })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// For `#[serde(with = "oci::platform_text")]`: a platform as text, not as an object.
pub mod platform_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Platform;

    /// Writes `linux/amd64`.
    pub fn serialize<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(platform)
    }

    /// Reads `linux/amd64`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Platform, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// For `#[serde(with = "oci::platform_keys")]`: a map by platform, whose keys are written as text.
pub mod platform_keys {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::Platform;

    /// Writes `{"linux/amd64": …}`.
    pub fn serialize<S: Serializer, T: Serialize>(
        map: &BTreeMap<Platform, T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(platform, value)| (platform.to_string(), value)))
    }

    /// Reads `{"linux/amd64": …}`.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Platform, T>, D::Error> {
        let map = BTreeMap::<String, T>::deserialize(deserializer)?;
        let parse = |(text, value): (String, T)| Ok((text.parse().map_err(de::Error::custom)?, value));
        map.into_iter().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn reads_what_it_writes_as_text() {
        for text in ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_platform() {
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux//v8"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn is_an_object_in_json_and_text_where_asked() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Both {
            plain: Platform,
            #[serde(with = "platform_text")]
            text: Platform,
            #[serde(with = "platform_keys")]
            keys: BTreeMap<Platform, u8>,
        }
        let platform = Platform::linux("amd64");
        let both = Both { plain: platform.clone(), text: platform.clone(), keys: [(platform, 1)].into() };
        let text = r#"{"plain":{"architecture":"amd64","os":"linux"},"text":"linux/amd64","keys":{"linux/amd64":1}}"#;
        assert_eq!(serde_json::to_string(&both).unwrap(), text);
        assert_eq!(serde_json::from_str::<Both>(text).unwrap(), both);
    }
}
