//! Patterns for names: of images and of signers.
//!
//! In: text such as `images.example.com/**`. Out: a [`NamePattern`] that says whether a name fits. `*` stays between two `/`; `**` does not.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize, Serializer};

/// A pattern for names.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct NamePattern(GlobMatcher);

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern: {reason}; `*` stands for anything but `/`, `**` for anything")]
pub struct PatternError {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl NamePattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let refused = |reason: String| PatternError { pattern: text.to_owned(), reason };
        if text.is_empty() {
            return Err(refused("it is empty and fits nothing".to_owned()));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
        glob.map(|glob| Self(glob.compile_matcher())).map_err(|reason| refused(reason.kind().to_string()))
    }

    /// Fits every name below this one, which is taken letter for letter: `HOST` or `HOST/PREFIX`.
    pub fn below(name: &str) -> Result<Self, PatternError> {
        Self::new(&format!("{}/**", globset::escape(name)))
    }

    /// Whether a name fits.
    pub fn fits(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// Whether it fits every name, and so the missing one too.
    pub fn fits_all(&self) -> bool {
        self.0.glob().glob() == "**"
    }
}

impl TryFrom<String> for NamePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::new(&text)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.glob().glob())
    }
}

impl fmt::Debug for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.glob() == other.0.glob()
    }
}

impl Eq for NamePattern {}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stays_between_two_slashes() {
        let fits = |pattern: &str, name: &str| NamePattern::new(pattern).unwrap().fits(name);
        assert!(fits("h.example/*", "h.example/a") && !fits("h.example/*", "h.example/a/b"));
        assert!(fits("h.example/**", "h.example/a/b") && !fits("h.example/**", "h.example.evil/a"));
        assert!(fits("h.example:5000/a", "h.example:5000/a") && !fits("h.example/a", "hXexample/a"));
        assert!(
            fits("**", "")
                && fits("https://g.example/me/*/x.yaml@refs/tags/*", "https://g.example/me/r/x.yaml@refs/tags/v1")
        );
    }

    #[test]
    fn below_a_name_nothing_in_it_is_special() {
        let fits = |name: &str, other: &str| NamePattern::below(name).unwrap().fits(other);
        assert!(fits("[::1]:5000/team", "[::1]:5000/team/a/b") && !fits("[::1]:5000/team", "[::1]:5000/teams/a"));
        assert!(fits("*.example", "*.example/a") && !fits("*.example", "h.example/a"));
        assert!(!fits("h.example", "h.example") && !fits("h.example", "h.example.evil/a"));
    }

    #[test]
    fn a_pattern_that_is_none_says_why() {
        for text in ["", "[", "{a"] {
            assert!(NamePattern::new(text).unwrap_err().to_string().contains("is no pattern"), "{text}");
        }
    }
}
