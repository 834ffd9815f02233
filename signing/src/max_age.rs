//! How old a statement may be.
//!
//! In: text such as `7d`, `36h`, `90m`. Out: a [`MaxAge`].

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// The greatest age that is still fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MaxAge(SignedDuration);

/// Why a text is no age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no age: expected a number and `d`, `h` or `m`, such as `7d`")]
pub struct MaxAgeError(String);

impl MaxAge {
    /// Whether something said at `time` is fresh at `now`.
    pub fn allows(self, time: Timestamp, now: Timestamp) -> bool {
        now.duration_since(time) <= self.0
    }
}

impl TryFrom<String> for MaxAge {
    type Error = MaxAgeError;

    fn try_from(text: String) -> Result<Self, MaxAgeError> {
        let minutes = |unit: char| match unit {
            'd' => Some(24 * 60),
            'h' => Some(60),
            'm' => Some(1),
            _ => None,
        };
        let age = || {
            let number: u32 = text.get(..text.len().checked_sub(1)?)?.parse().ok()?;
            Some(SignedDuration::from_mins(i64::from(number) * minutes(text.chars().last()?)?))
        };
        age().map(Self).ok_or_else(|| MaxAgeError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&age_text(self.0))
    }
}

impl Serialize for MaxAge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An age in its largest whole unit: enough for people, and read again where it is exact.
pub(crate) fn age_text(age: SignedDuration) -> String {
    match age.as_mins() {
        days if days != 0 && days % (24 * 60) == 0 || days >= 48 * 60 => format!("{}d", days / (24 * 60)),
        hours if hours != 0 && hours % 60 == 0 || hours >= 120 => format!("{}h", hours / 60),
        minutes => format!("{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_hours_and_minutes_and_nothing_else() {
        for text in ["7d", "36h", "90m", "0m"] {
            assert_eq!(MaxAge::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in ["", "d", "7", "-1d", "1.5d", "7 d", "9999999999d", "1é"] {
            assert!(MaxAge::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_as_old_as_allowed_is_fresh() {
        let (time, age) = (Timestamp::UNIX_EPOCH, MaxAge::try_from("1h".to_owned()).unwrap());
        let after = |seconds| time + SignedDuration::from_secs(seconds);
        assert!(age.allows(time, after(3600)) && !age.allows(time, after(3601)));
    }
}
