//! A reference to an image: registry, repository, and a tag or a digest.
//!
//! In: text such as `registry.example:5000/team/python:3.13@sha256:…`. Out: a [`Reference`].
//! Grammar: <https://github.com/distribution/reference/blob/v0.6.0/reference.go>.

use std::fmt;
use std::str::FromStr;

use blob::{Digest, DigestError};

use crate::{NameError, Repository, Tag};

/// Where an image is found. No registry is supplied where the text names none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Host and port.
    pub registry: Option<String>,
    /// The repository on that host.
    pub repository: Repository,
    /// The tag.
    pub tag: Option<Tag>,
    /// The digest; it decides where a tag is given too.
    pub digest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The part before the first `/` looks like a host and is none.
    #[error("`{0}` is no registry: expected a host name or address, and a port after `:` where needed")]
    Registry(String),
    /// The repository or the tag is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The part after `@` is no digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (text, digest) = match text.split_once('@') {
            Some((before, digest)) => (before, Some(digest.parse()?)),
            None => (text, None),
        };
        let (registry, rest) = match text.split_once('/') {
            Some((first, rest)) if looks_like_a_host(first) => (Some(host(first)?), rest),
            _ => (None, text),
        };
        let (repository, tag) = match rest.split_once(':') {
            Some((before, tag)) => (before, Some(tag.parse()?)),
            None => (rest, None),
        };
        Ok(Self { registry, repository: repository.parse()?, tag, digest })
    }
}

fn looks_like_a_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':']) || text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn host(text: &str) -> Result<String, ReferenceError> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
    let good = good_port && (is_address(name) || name.split('.').all(is_label));
    if good { Ok(text.to_owned()) } else { Err(ReferenceError::Registry(text.chars().take(140).collect())) }
}

/// An IPv6 address in brackets.
fn is_address(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
}

fn is_label(text: &str) -> bool {
    let good = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    good && !text.is_empty() && !text.starts_with('-') && !text.ends_with('-')
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.registry.iter().try_for_each(|registry| write!(f, "{registry}/"))?;
        write!(f, "{}", self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "python",
            "python:3.13",
            "team/python",
            "localhost/python:3.13",
            "registry.example:5000/a/b:1@".trim_end_matches('@'),
            "[::1]:5000/a",
            "Host/a",
        ] {
            assert_eq!(parse(text).to_string(), text);
            let pinned = format!("{text}@{DIGEST}");
            assert_eq!(parse(&pinned).to_string(), pinned);
        }
    }

    #[test]
    fn a_first_word_without_dot_or_port_belongs_to_the_repository() {
        assert_eq!(parse("team/python:1").registry, None);
        assert_eq!(parse("team/python:1").repository.as_str(), "team/python");
        assert_eq!(parse("registry.example/python").registry.as_deref(), Some("registry.example"));
        assert_eq!(parse("localhost:5000/python").registry.as_deref(), Some("localhost:5000"));
    }

    #[test]
    fn refuses_what_is_no_reference() {
        let port = "host:99999/a";
        for text in ["", "A", "a:", "a@", "a@sha256:00", ":tag", "a b", "host.example/", port, "-x.example/a", "a:b:c"]
        {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_says_which_part_is_wrong() {
        let error = "registry.example/Python".parse::<Reference>().unwrap_err().to_string();
        assert!(error.starts_with("`Python` is no repository: expected lower-case"), "{error}");
    }
}
