//! Ages on the command line and in the settings file: `30d`, `12h`, `2w`.
//!
//! In: text. Out: a duration, with days of 24 hours; or what was expected.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer};

/// Reads an age; a day has 24 hours. What is no age is an error that says what was expected.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no age: expected one such as `30d`, `12h` or `2w`");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| wrong())
}

/// Reads an age out of the settings file: for `serde(deserialize_with)`.
pub fn deserialize_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_age(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_refuses_what_has_no_length() {
        for (text, hours) in [("30d", 720), ("12h", 12), ("2w", 336), ("1 day", 24), ("0s", 0)] {
            assert_eq!(parse_age(text), Ok(Duration::from_hours(hours)), "{text}");
        }
        for text in ["", "30", "-1d", "1 month", "soon"] {
            let error = parse_age(text).unwrap_err();
            assert_eq!(error, format!("`{text}` is no age: expected one such as `30d`, `12h` or `2w`"));
        }
    }
}
