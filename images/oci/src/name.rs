//! The names that the distribution specification allows: repositories and tags.
//!
//! In: text from a URL, a settings file or a command line. Out: a [`Repository`] or a [`Tag`], always well formed, so never a path
//! that leaves its folder.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Clients refuse longer names.
const LONGEST_REPOSITORY: usize = 255;
const LONGEST_TAG: usize = 128;

/// Why a text is no repository or no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No repository.
    #[error(
        "`{0}` is no repository: expected lower-case words of letters and digits, joined by `.`, `_`, `__`, `-` or `/`, at most 255 characters"
    )]
    Repository(String),
    /// No tag.
    #[error(
        "`{0}` is no tag: expected letters, digits, `_`, `.` and `-`, the first no `.` or `-`, at most 128 characters"
    )]
    Tag(String),
}

/// The name of a repository, such as `python` or `team/base/python`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository(String);

/// A tag, such as `3.13` or `latest`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(pub(crate) String);

impl Repository {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends_well = text.bytes().next().is_some_and(alphanumeric) && text.bytes().last().is_some_and(alphanumeric);
    ends_well && text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(is_separator)
}

/// What stands between two letters or digits; nothing where they touch.
fn is_separator(text: &str) -> bool {
    matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

fn shorten(text: &str) -> String {
    text.chars().take(140).collect()
}

impl FromStr for Repository {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = text.len() <= LONGEST_REPOSITORY && text.split('/').all(is_component);
        if good { Ok(Self(text.to_owned())) } else { Err(NameError::Repository(shorten(text))) }
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let starts_well = text.bytes().next().is_some_and(word);
        let good = starts_well && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'));
        if good && text.len() <= LONGEST_TAG { Ok(Self(text.to_owned())) } else { Err(NameError::Tag(shorten(text))) }
    }
}

impl TryFrom<String> for Repository {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for Tag {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.0
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_repositories_of_the_grammar() {
        for text in ["python", "a/b/c", "a.b_c__d-e---f", "0/1", &"a".repeat(255)] {
            assert_eq!(text.parse::<Repository>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_other_repositories_and_every_path_out_of_the_folder() {
        let long = "a".repeat(256);
        for text in
            ["", "A", "a//b", "/a", "a/", "..", "a/../b", "a..b", "a___b", "-a", "a-", "a b", "a%2fb", "é", &long]
        {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn takes_tags_of_the_grammar_and_refuses_others() {
        let (longest, too_long) = ("a".repeat(128), "a".repeat(129));
        for text in ["latest", "3.13", "_a", "A-b.c_", "3.13.5-20261123T140000Z", &longest] {
            assert_eq!(text.parse::<Tag>().unwrap().as_str(), text);
        }
        for text in ["", ".a", "-a", "..", "a/b", "a:b", "a+b", "é", "a\n", &too_long] {
            assert!(text.parse::<Tag>().is_err(), "{text}");
        }
    }

    #[test]
    fn json_is_checked_too() {
        assert!(serde_json::from_str::<Repository>(r#""../x""#).is_err());
        assert_eq!(serde_json::to_string(&"a/b".parse::<Repository>().unwrap()).unwrap(), r#""a/b""#);
    }
}
