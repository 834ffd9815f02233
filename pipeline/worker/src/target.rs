//! Where images are published to beside our own registry, and which of them.
//!
//! In: entries of `publish` in the settings file, or `--to` on a command line. Out: a [`TargetSettings`], which says for an image which
//! repository it has there and which of its tags. Nothing is sent here.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use oci::{NameError, Reference, Repository, Tag};
use registry::ClientSettings;
use serde::Deserialize;

use crate::ImageTags;

/// One entry of `publish` in the settings file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetSettings {
    /// `to`: registry and, if wanted, the beginning of every repository's name, such as `registry.example/team`.
    pub to: TargetAddress,
    /// `docker-config`: a folder with docker's `config.json`, or that file, for credentials. Default: docker's own.
    #[serde(default)]
    pub docker_config: Option<PathBuf>,
    /// `certificate-authorities`: PEM files that count beside the system's.
    #[serde(default)]
    pub certificate_authorities: Vec<PathBuf>,
    /// `plain-http`: whether the registry is spoken to without TLS. Loopback addresses always may be. Default: `false`.
    #[serde(default)]
    pub plain_http: bool,
    /// `images`: only these; `*` stands for anything. Default: all.
    #[serde(default)]
    pub images: Vec<String>,
    /// `tags`: only these; `*` stands for anything. Default: all.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A registry, and the beginning of the names of repositories there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct TargetAddress {
    /// Host and port.
    pub registry: String,
    /// What comes before an image's own repository.
    pub prefix: Option<Repository>,
}

/// A text that is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place to publish to: expected a registry and maybe the beginning of repository names, such as `registry.example/team`"
)]
pub struct TargetError(String);

impl TargetSettings {
    /// A target with nothing but an address.
    pub fn new(to: TargetAddress) -> Self {
        Self {
            to,
            docker_config: None,
            certificate_authorities: Vec::new(),
            plain_http: false,
            images: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// What of an image goes there; `None` where nothing does.
    pub fn chosen(&self, image: &ImageTags) -> Option<BTreeSet<Tag>> {
        let fits = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
        };
        let tags: BTreeSet<Tag> = image.tags.iter().filter(|tag| fits(&self.tags, tag.as_str())).cloned().collect();
        (fits(&self.images, &image.image) && !tags.is_empty()).then_some(tags)
    }

    /// How the registry is spoken to.
    pub fn client(&self) -> ClientSettings {
        let plain_http = if self.plain_http { vec![self.to.registry.clone()] } else { Vec::new() };
        ClientSettings {
            docker_config: self.docker_config.clone(),
            certificate_authorities: self.certificate_authorities.clone(),
            plain_http,
            ..ClientSettings::default()
        }
    }
}

impl TargetAddress {
    /// The name there of one of our repositories.
    pub fn repository(&self, own: &Repository) -> Result<Repository, NameError> {
        match &self.prefix {
            None => Ok(own.clone()),
            Some(prefix) => format!("{prefix}/{own}").parse(),
        }
    }
}

impl FromStr for TargetAddress {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError(text.chars().take(140).collect());
        // With one name more it is a reference, whether or not there is a prefix.
        let reference: Reference = format!("{text}/x").parse().map_err(|_| wrong())?;
        let prefix = match reference.repository.as_str().strip_suffix("/x") {
            Some(prefix) => Some(prefix.parse().map_err(|_| wrong())?),
            None => None,
        };
        Ok(Self { registry: reference.registry.ok_or_else(wrong)?, prefix })
    }
}

impl TryFrom<String> for TargetAddress {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.registry)?;
        self.prefix.as_ref().map_or(Ok(()), |prefix| write!(f, "/{prefix}"))
    }
}

/// Whether a text is what a pattern says, in which `*` stands for any number of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<TargetSettings, String> {
        assemble::read_yaml("x", text).map_err(|error| error.to_string())
    }

    fn python() -> ImageTags {
        ImageTags {
            image: "python".to_owned(),
            repository: "python".parse().unwrap(),
            tags: ["3.13", "3.13.5-20261123T140000Z", "latest"].map(|tag| tag.parse().unwrap()).into(),
            index: blob::Digest::of("index"),
            platforms: Vec::new(),
            name: "registry.example/python".to_owned(),
        }
    }

    #[test]
    fn an_address_is_a_host_and_maybe_the_beginning_of_a_name() {
        for (text, repository) in
            [("registry.example", "a/b"), ("localhost:5000/team", "team/a/b"), ("[::1]:5000/x/y", "x/y/a/b")]
        {
            let address: TargetAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.repository(&"a/b".parse().unwrap()).unwrap().as_str(), repository);
        }
        for text in [
            "",
            "team",
            "team/x",
            "registry.example/",
            "registry.example/x:1",
            "https://registry.example",
            "host.example/X",
        ] {
            let error = text.parse::<TargetAddress>().unwrap_err().to_string();
            assert!(error.contains("is no place to publish to: expected"), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_that_becomes_too_long_is_refused() {
        let address: TargetAddress = format!("registry.example/{}", "a".repeat(250)).parse().unwrap();
        assert!(address.repository(&"python".parse().unwrap()).is_err());
    }

    #[test]
    fn everything_is_chosen_unless_the_settings_name_something() {
        let all = settings("to: registry.example").unwrap();
        assert_eq!(all.chosen(&python()).unwrap().len(), 3);
        let some = settings("to: registry.example\nimages: [base, 'py*']\ntags: ['3.*']").unwrap();
        let tags = some.chosen(&python()).unwrap();
        assert_eq!(tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["3.13", "3.13.5-20261123T140000Z"]);
        assert_eq!(settings("to: registry.example\nimages: [pytho]").unwrap().chosen(&python()), None);
        assert_eq!(settings("to: registry.example\ntags: [edge]").unwrap().chosen(&python()), None);
    }

    #[test]
    fn unknown_keys_and_wrong_addresses_are_named() {
        assert!(settings("to: team").unwrap_err().contains("`team` is no place to publish to"));
        assert!(settings("to: registry.example\nimage: x").unwrap_err().contains("did you mean `images`"));
    }

    #[test]
    fn plain_http_is_for_that_host_only() {
        let plain = settings("to: registry.example:5000/team\nplain-http: true").unwrap();
        assert_eq!(plain.client().plain_http, ["registry.example:5000"]);
        assert_eq!(settings("to: registry.example").unwrap().client().plain_http, [""; 0]);
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "x", true),
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("a*b*c", "a-b-b-c", true),
            ("aa*aa", "aaa", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
