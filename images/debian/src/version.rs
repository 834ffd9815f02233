//! A package version, ordered as dpkg orders it.
//!
//! In: the text of a `Version` field. Out: a value that compares; two spellings of one version (`1.0` and `1.0-0`) are equal.
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::version_order::compare_part;

/// A version such as `1:2.3.4-5+deb13u1`. Equality and order are those of `dpkg --compare-versions`, not of the text.
#[derive(Clone)]
pub struct Version {
    text: Box<str>,
    epoch: u32,
    upstream: usize,
    revision: Option<usize>,
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no version: {problem}")]
pub struct VersionError {
    /// The text as given, cut short.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Version {
    /// From a text that [`check_version`] took.
    pub(crate) fn from_checked(text: &str) -> Self {
        let (epoch, upstream, revision) = split(text).unwrap_or((0, 0, None));
        Self { text: text.into(), epoch, upstream, revision }
    }

    /// The number before the colon; 0 where there is none.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What the program's authors call the version: without epoch and revision.
    pub fn upstream(&self) -> &str {
        let end = self.revision.map_or(self.text.len(), |start| start - 1);
        &self.text[self.upstream..end]
    }

    /// What follows the last hyphen; `None` for a native package.
    pub fn revision(&self) -> Option<&str> {
        self.revision.map(|start| &self.text[start..])
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its order to a version in text, without keeping that: for those who compare one with thousands.
    pub fn cmp_text(&self, text: &str) -> Result<Ordering, VersionError> {
        let text = text.trim_ascii();
        let (epoch, upstream, revision) = split(text).map_err(|problem| refused(text, problem))?;
        let end = revision.map_or(text.len(), |start| start - 1);
        let theirs = (epoch, &text[upstream..end], revision.map_or("", |start| &text[start..]));
        Ok(compare(self.parts(), theirs))
    }

    fn parts(&self) -> (u32, &str, &str) {
        (self.epoch, self.upstream(), self.revision().unwrap_or_default())
    }

    /// The text without the epoch, as file names have it.
    pub fn without_epoch(&self) -> &str {
        &self.text[self.upstream..]
    }
}

/// Where upstream part and revision start, and the epoch.
fn split(text: &str) -> Result<(u32, usize, Option<usize>), &'static str> {
    let (epoch, upstream) = match text.find(':') {
        Some(colon) => (parse_epoch(&text[..colon])?, colon + 1),
        None => (0, 0),
    };
    let revision = text[upstream..].rfind('-').map(|hyphen| upstream + hyphen + 1);
    check_upstream(&text[upstream..revision.map_or(text.len(), |start| start - 1)])?;
    revision.map_or(Ok(()), |start| check_revision(&text[start..]))?;
    Ok((epoch, upstream, revision))
}

fn parse_epoch(text: &str) -> Result<u32, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected digits before the colon");
    }
    // dpkg keeps the epoch in a C int.
    let epoch = text.parse().ok().filter(|epoch| *epoch <= u32::MAX / 2);
    epoch.ok_or("the epoch is greater than 2147483647")
}

fn check_upstream(text: &str) -> Result<(), &'static str> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err("expected a digit at the start of the upstream version");
    }
    let good = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte));
    if good { Ok(()) } else { Err("expected only letters, digits and `.+-~:` in the upstream version") }
}

fn check_revision(text: &str) -> Result<(), &'static str> {
    let good = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+~".contains(&byte));
    match (text.is_empty(), good) {
        (true, _) => Err("expected a revision after the last hyphen"),
        (false, true) => Ok(()),
        (false, false) => Err("expected only letters, digits and `.+~` in the revision"),
    }
}

/// Says whether `text` is a version without keeping anything.
pub(crate) fn check_version(text: &str) -> Result<(), VersionError> {
    split(text).map(drop).map_err(|problem| refused(text, problem))
}

fn refused(text: &str, problem: &'static str) -> VersionError {
    VersionError { text: text.chars().take(80).collect(), problem }
}

/// Orders epoch, upstream part and revision, as Policy 5.6.12 says.
fn compare(left: (u32, &str, &str), right: (u32, &str, &str)) -> Ordering {
    let upstream = || compare_part(left.1, right.1);
    left.0.cmp(&right.0).then_with(upstream).then_with(|| compare_part(left.2, right.2))
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let text = text.trim_ascii();
        let parts = split(text).map_err(|problem| refused(text, problem));
        parts.map(|(epoch, upstream, revision)| Self { text: text.into(), epoch, upstream, revision })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.parts(), other.parts())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn gives_its_parts() {
        let full = version("1:2.3-4-5+b1");
        assert_eq!((full.epoch(), full.upstream(), full.revision()), (1, "2.3-4", Some("5+b1")));
        assert_eq!((version("7").upstream(), version("7").revision()), ("7", None));
        assert_eq!(full.without_epoch(), "2.3-4-5+b1");
    }

    #[test]
    fn refuses_what_dpkg_refuses() {
        for text in ["", "1.2.3-", ":1", "1:", "a1", "1 2", "1_2", "2147483648:1", "1-:", "1-1:2-", "1\n2", "1ä"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert_eq!(
            "1.2-".parse::<Version>().unwrap_err().to_string(),
            "`1.2-` is no version: expected a revision after the last hyphen"
        );
        assert_eq!(version("2147483647:1:2").upstream(), "1:2");
    }

    #[test]
    fn is_a_string_in_json() {
        let json = serde_json::to_string(&version("1:2-3")).unwrap();
        assert_eq!(json, "\"1:2-3\"");
        assert_eq!(serde_json::from_str::<Version>(&json).unwrap().as_str(), "1:2-3");
        assert!(serde_json::from_str::<Version>("\"x\"").is_err());
    }

    proptest! {
        #[test]
        fn orders_itself_to_a_text_as_to_a_version(one in "([0-9]:)?[0-9][0-9a.~+-]{0,6}", other in "([0-9]:)?[0-9][0-9a.~+-]{0,6}") {
            if let Ok(one) = one.parse::<Version>() {
                let expected = other.parse::<Version>().map(|other| one.cmp(&other));
                prop_assert_eq!(one.cmp_text(&other), expected);
            }
        }

        #[test]
        fn parses_or_refuses_and_round_trips(text in ".{0,20}") {
            if let Ok(parsed) = text.parse::<Version>() {
                prop_assert_eq!(parsed.to_string(), text.trim_ascii());
                check_version(text.trim_ascii()).unwrap();
            }
        }
    }
}
