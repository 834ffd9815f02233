//! Percentiles of lags, by nearest rank.
//!
//! In: lags in seconds. Out: the smallest lag that at least 50, 95 and 99 of a hundred do not exceed: a lag that really was, never a mean of two.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use scan::FixState;
use serde::{Deserialize, Serialize};

use crate::value::millis;
use crate::{Ledger, StoreError};

/// How long fixes took, in seconds from the archive to the tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Percentiles {
    /// Fixes whose lag is known.
    pub count: usize,
    /// Fixes whose lag is not known; they are in no percentile.
    pub unknown: usize,
    /// Half of them took at most this; null where none is known.
    pub p50: Option<i64>,
    /// 95 of a hundred took at most this.
    pub p95: Option<i64>,
    /// 99 of a hundred took at most this.
    pub p99: Option<i64>,
}

/// A month of the calendar, in UTC: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Date,
}

/// A text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no month: expected one such as `2026-11`")]
pub struct MonthError(String);

impl Percentiles {
    /// Of these lags; `None` is one that is not known.
    pub fn of(lags: impl IntoIterator<Item = Option<i64>>) -> Self {
        let (mut known, mut unknown) = (Vec::new(), 0);
        for lag in lags {
            match lag {
                Some(lag) => known.push(lag),
                None => unknown += 1,
            }
        }
        known.sort_unstable();
        // Nearest rank: the ⌈P/100 · n⌉-th smallest.
        let rank = |percent: usize| known.get((known.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self { count: known.len(), unknown, p50: rank(50), p95: rank(95), p99: rank(99) }
    }
}

impl Month {
    /// The month of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self { first: TimeZone::UTC.to_datetime(at).date().first_of_month() }
    }

    /// Its first moment, and that of the next month.
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let next = self.first.last_of_month().tomorrow().unwrap_or(Date::MAX);
        let moment = |date: Date| date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |it| it.timestamp());
        (moment(self.first), moment(next))
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let is_month = text.len() == 7 && text.as_bytes()[4] == b'-';
        let date = is_month.then(|| format!("{text}-01").parse().ok()).flatten();
        date.map(|first| Self { first }).ok_or_else(|| MonthError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl Ledger {
    /// Of all fixes whose tags moved in this month.
    pub async fn percentiles(&self, month: Month) -> Result<Percentiles, StoreError> {
        let (start, end) = month.bounds();
        self.percentiles_between(start, end).await
    }

    /// Of all fixes whose tags moved at or after `start` and before `end`.
    pub async fn percentiles_between(&self, start: Timestamp, end: Timestamp) -> Result<Percentiles, StoreError> {
        let query = "SELECT lag_seconds FROM fixes WHERE tagged_at >= $1 AND tagged_at < $2 AND state = $3";
        let query = sqlx::query_scalar(query).bind(millis(start)).bind(millis(end)).bind(FixState::Fixed.to_string());
        let lags: Vec<Option<i64>> = query.fetch_all(self.readers()).await.map_err(self.failed("read the fixes"))?;
        Ok(Percentiles::of(lags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_lag_that_really_was() {
        let of = |lags: &[i64]| {
            let Percentiles { p50, p95, p99, .. } = Percentiles::of(lags.iter().copied().map(Some));
            (p50, p95, p99)
        };
        assert_eq!(of(&[]), (None, None, None));
        assert_eq!(of(&[7]), (Some(7), Some(7), Some(7)));
        assert_eq!(of(&[50, 15, 20, 40, 35]), (Some(35), Some(50), Some(50)));
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(of(&hundred), (Some(50), Some(95), Some(99)));
        let unknown = Percentiles::of([None, Some(3), None]);
        assert_eq!((unknown.count, unknown.unknown, unknown.p50), (1, 2, Some(3)));
    }

    #[test]
    fn a_month_has_a_name_and_two_ends() {
        let month: Month = "2026-12".parse().unwrap();
        let ends = ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"].map(|text| text.parse::<Timestamp>().unwrap());
        assert_eq!((month.bounds(), month.to_string()), ((ends[0], ends[1]), "2026-12".to_owned()));
        assert_eq!(Month::of(ends[1]).to_string(), "2027-01");
        for text in ["2026-13", "2026-1", "", "x", "2026-11-01", "２０26-1"] {
            assert_eq!(
                text.parse::<Month>().unwrap_err().to_string(),
                format!("`{text}` is no month: expected one such as `2026-11`")
            );
        }
    }
}
