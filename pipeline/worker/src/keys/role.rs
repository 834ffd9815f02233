//! The two things that keys are for.
//!
//! In: `release` or `statement`. Out: a [`KeyRole`].

use std::fmt;
use std::str::FromStr;

/// What a key signs. They are never one key: cosign 3 takes any statement by a key for a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRole {
    /// Images: "this is released".
    Release,
    /// Statements: what is in an image, where it comes from, "I built the same".
    Statement,
}

impl KeyRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Release, Self::Statement];

    /// Its word, which is also the name of its folder and of its settings key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Statement => "statement",
        }
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for KeyRole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no use of a key: expected `release` or `statement`");
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or_else(wrong)
    }
}
