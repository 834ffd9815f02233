//! The two words that pick a part of an archive: suite and component.
//!
//! In: text from settings or a Release file. Out: names that are safe as one segment of a path.
//! Format: <https://wiki.debian.org/DebianRepository/Format>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A directory under `dists/`: `trixie`, `trixie-security`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suite(String);

/// A part of a suite: `main`, `non-free-firmware`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Component(String);

/// Why a text is no name of a suite or component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: expected letters, digits and `.+_~-`, starting with a letter or digit")]
pub struct NameError {
    /// The text as given, cut short.
    pub text: String,
    /// `suite` or `component`.
    pub what: &'static str,
}

fn check(text: &str, what: &'static str) -> Result<String, NameError> {
    let good = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+_~-".contains(&byte))
        && !text.contains("..");
    if good { Ok(text.to_owned()) } else { Err(NameError { text: text.chars().take(80).collect(), what }) }
}

macro_rules! name {
    ($name:ident, $what:literal) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text, $what).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(Suite, "suite");
name!(Component, "component");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_names_of_the_archive() {
        for text in ["trixie", "trixie-security", "stable-proposed-updates", "2026.1"] {
            assert_eq!(text.parse::<Suite>().unwrap().as_str(), text);
        }
        assert_eq!("non-free-firmware".parse::<Component>().unwrap().to_string(), "non-free-firmware");
    }

    #[test]
    fn refuses_what_would_leave_the_directory() {
        for text in ["", ".", "..", "a..b", "bookworm/updates", "-x", "a b", "a\n"] {
            assert!(text.parse::<Suite>().is_err(), "{text}");
        }
        let error = "a/b".parse::<Component>().unwrap_err().to_string();
        assert!(error.starts_with("`a/b` is no component: expected"), "{error}");
    }

    #[test]
    fn is_a_string_in_json() {
        let suite: Suite = serde_json::from_str("\"trixie\"").unwrap();
        assert_eq!(serde_json::to_string(&suite).unwrap(), "\"trixie\"");
        assert!(serde_json::from_str::<Suite>("\"../x\"").is_err());
    }
}
