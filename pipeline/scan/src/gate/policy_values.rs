//! The small values of a gate's policy: what follows from a rule, how long something is tolerated.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What follows where a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// The image is not published.
    Block,
    /// It is published, and the verdict says so.
    Warn,
    /// It is published until the finding is so old: since its fix is in the archive, or since it was first seen.
    TolerateFor(Tolerance),
}

/// What follows where no finding is the cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The image is not published.
    #[default]
    Block,
    /// It is published, and the verdict says so.
    Warn,
    /// It is published.
    Allow,
}

/// What follows from data that are stale or absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownData {
    /// The image is published with the grade unknown, and the verdict says so.
    #[default]
    Allow,
    /// It is not published.
    Block,
}

/// A span such as `36h`, `14d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tolerance {
    hours: i64,
}

/// Why a text is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no span: expected a whole number and `h`, `d` or `w`, such as `14d`, at most ten years")]
pub struct ToleranceError(String);

/// Longer is a mistake.
const TEN_YEARS_IN_HOURS: i64 = 10 * 366 * 24;

impl Tolerance {
    /// A span of days.
    pub fn days(days: u16) -> Self {
        Self { hours: i64::from(days) * 24 }
    }

    /// How long it is.
    pub fn span(self) -> SignedDuration {
        SignedDuration::from_hours(self.hours)
    }
}

impl FromStr for Tolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let refused = || ToleranceError(text.chars().take(40).collect());
        let unit = text.chars().last().ok_or_else(refused)?;
        let number = &text[..text.len() - unit.len_utf8()];
        let factor = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 168,
            _ => return Err(refused()),
        };
        let count: u32 = number.parse().map_err(|_| refused())?;
        let hours = i64::from(count) * factor;
        if hours > TEN_YEARS_IN_HOURS { Err(refused()) } else { Ok(Self { hours }) }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hours % 24 == 0 { write!(f, "{}d", self.hours / 24) } else { write!(f, "{}h", self.hours) }
    }
}

impl Serialize for Tolerance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tolerance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for (text, hours, written) in [("36h", 36, "36h"), ("14d", 336, "14d"), ("2w", 336, "14d"), ("0d", 0, "0d")] {
            let read: Tolerance = text.parse().unwrap();
            assert_eq!((read.span().as_hours(), read.to_string().as_str()), (hours, written));
        }
        for text in ["", "d", "14", "14 d", "-1d", "1.5d", "4000000000w", "9999999999d", "1é"] {
            assert!(text.parse::<Tolerance>().unwrap_err().to_string().contains("is no span"), "{text}");
        }
    }
}
