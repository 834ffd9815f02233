//! What a verifier found, as a tree that says why.
//!
//! In: outcomes with their words. Out: a [`Finding`], as JSON or as a tree for people. Whoever walks further (tag, children, archive) hangs
//! its own findings under the same root.

use std::fmt;

use serde::Serialize;

/// How one thing turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was checked and is as it should be.
    Good,
    /// It is no proof of anything and harms nothing: as if it were not there.
    Ignored,
    /// Good, and a person should know more.
    Warning,
    /// It was wanted and is not there or not true: the image is refused.
    Bad,
}

/// One thing that was looked at, and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it turned out.
    pub outcome: Outcome,
    /// A name for programs that does not change with the words.
    pub code: &'static str,
    /// What it is, and why it turned out so.
    pub text: String,
    /// What stands behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Finding>,
}

impl Finding {
    /// A finding with nothing behind it.
    pub fn new(outcome: Outcome, code: &'static str, text: impl Into<String>) -> Self {
        Self { outcome, code, text: text.into(), because: Vec::new() }
    }

    /// The same finding with these behind it.
    #[must_use]
    pub fn because(mut self, findings: impl IntoIterator<Item = Self>) -> Self {
        self.because.extend(findings);
        self
    }

    /// Whether it, or anything behind it, is bad.
    pub fn is_bad(&self) -> bool {
        self.outcome == Outcome::Bad || self.because.iter().any(Self::is_bad)
    }

    /// The codes of it and of all behind it, from the root down.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes = vec![self.code];
        codes.extend(self.because.iter().flat_map(Self::codes));
        codes
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, first: &str, rest: &str) -> fmt::Result {
        writeln!(f, "{first}{} {}", self.outcome.mark(), self.text)?;
        for (at, finding) in self.because.iter().enumerate() {
            let (branch, trunk) = if at + 1 == self.because.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            finding.print(f, &format!("{rest}{branch}"), &format!("{rest}{trunk}"))?;
        }
        Ok(())
    }
}

impl Outcome {
    /// One letter for trees.
    pub fn mark(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Ignored => '·',
            Self::Warning => '!',
            Self::Bad => '✗',
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, "", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_bad_where_anything_in_it_is_and_prints_with_branches() {
        let leaf = |outcome, text: &str| Finding::new(outcome, "leaf", text);
        let middle = Finding::new(Outcome::Good, "middle", "b").because([leaf(Outcome::Bad, "c")]);
        let root = Finding::new(Outcome::Good, "root", "a").because([middle, leaf(Outcome::Ignored, "d")]);
        assert!(root.is_bad());
        assert_eq!(root.to_string(), "✓ a\n├─ ✓ b\n│  └─ ✗ c\n└─ · d\n");
        assert_eq!(root.codes(), ["root", "middle", "leaf", "leaf"]);
        assert!(!Finding::new(Outcome::Warning, "x", "").because([leaf(Outcome::Ignored, "")]).is_bad());
    }
}
