//! How long fixes took from the archive to the tag: percentiles and a histogram of them.
//!
//! In: rows of the ledger. Out: percentiles, counts by [`BUCKETS`]. Rows whose lag nobody knows are in none of them.

use jiff::{SignedDuration, Timestamp};
use scan::{FixRecord, FixState};
use store::Percentiles;

/// Upper bounds of the histogram in seconds, and how people read them: a quarter of an hour to 30 days.
pub(crate) const BUCKETS: [(i64, &str); 8] = [
    (900, "15 min"),
    (3_600, "1 h"),
    (14_400, "4 h"),
    (43_200, "12 h"),
    (86_400, "24 h"),
    (259_200, "3 d"),
    (604_800, "7 d"),
    (2_592_000, "30 d"),
];

/// Percentiles of all of these fixes.
pub(crate) fn lags<'f>(fixes: impl IntoIterator<Item = &'f FixRecord>) -> Percentiles {
    let is_fixed = |fix: &&FixRecord| fix.state == FixState::Fixed;
    Percentiles::of(fixes.into_iter().filter(is_fixed).map(|fix| fix.lag_seconds))
}

/// Percentiles of the fixes whose tags moved within the last `days` days.
pub(crate) fn lags_of_days(fixes: &[FixRecord], days: i64, now: Timestamp) -> Percentiles {
    let from = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
    lags(fixes.iter().filter(|fix| fix.tagged_at.is_some_and(|at| at >= from)))
}

/// How many lags are in each bucket and in none of those before; the last is what took longer than all bounds.
pub(crate) fn buckets<'f>(fixes: impl IntoIterator<Item = &'f FixRecord>) -> [usize; BUCKETS.len() + 1] {
    let mut counts = [0; BUCKETS.len() + 1];
    for lag in fixes.into_iter().filter_map(|fix| fix.lag_seconds) {
        counts[BUCKETS.iter().position(|(bound, _)| lag <= *bound).unwrap_or(BUCKETS.len())] += 1;
    }
    counts
}

/// A span of time as people read it: the two largest units.
pub(crate) fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |large: i64, unit: &str, small: i64, smaller: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {smaller}") }
    };
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => two(hours, "h", minutes % 60, "min"),
        86_400..864_000 => two(days, "d", hours % 24, "h"),
        _ => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use scan::Turn;

    use super::*;
    use crate::findings::fixtures::{at, fixed, open};

    #[test]
    fn only_the_last_days_count_and_what_is_not_known_counts_apart() {
        let fixes = [fixed("CVE-1", Some(7)), fixed("CVE-2", None), open("CVE-3", Turn::Ours)];
        let lags = lags_of_days(&fixes, 30, at("2026-12-20T00:00:00Z"));
        assert_eq!((lags.count, lags.unknown, lags.p95), (1, 1, Some(7)));
        assert_eq!(lags_of_days(&fixes, 30, at("2026-12-28T00:00:00Z")).count, 0);
    }

    #[test]
    fn a_lag_is_in_the_first_bucket_that_holds_it() {
        let fixes = [900, 901, 3_000_000].map(|lag| fixed("CVE-1", Some(lag)));
        assert_eq!(buckets(&fixes), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn spans_have_two_units() {
        let said = [5, 60, 12_000, 86_400, 100_000, 900_000].map(span);
        assert_eq!(said, ["5 s", "1 min", "3 h 20 min", "1 d", "1 d 3 h", "10 d"]);
    }
}
