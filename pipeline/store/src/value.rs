//! Values as columns: times as milliseconds since 1970, digests and versions as text, everything else as JSON.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Milliseconds since 1970-01-01 UTC; what is finer is cut off.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// The same, where there may be no time.
pub(crate) fn maybe_millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(millis)
}

/// A time out of a column.
pub(crate) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::bad("time", &millis))
}

/// The same, where there may be none.
pub(crate) fn maybe_time(millis: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    millis.map(time).transpose()
}

/// A value with a text form out of a column.
pub(crate) fn parsed<T: FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::bad(what, text))
}

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::bad("value", &error))
}

/// A value out of JSON.
pub(crate) fn of_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::bad(what, &format!("{error}: {text}")))
}

/// A number as a column takes it; no count of ours comes near the limit.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
