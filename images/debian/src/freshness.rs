//! Whether a Release file is the newest one that we may believe.
//!
//! In: a verified `Release`, the date of the one used before, the time. Out: nothing, or why the file is refused.
//! A signature says who wrote a file, not when it was served: an old file replayed is still well signed.
//! Fields: <https://wiki.debian.org/DebianRepository/Format#Date.2C_Valid-Until>.

use jiff::{SignedDuration, Timestamp};

use crate::Release;

/// How far the archive's clock may be ahead of ours.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_hours(1);

/// Why a Release file must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreshnessError {
    /// `Valid-Until` has passed.
    #[error(
        "the Release file of `{suite}` expired at {valid_until}, it is {now} now: wait until the mirror has a newer one"
    )]
    Expired {
        /// The suite it names.
        suite: String,
        /// When it expired.
        valid_until: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// Older than one that was seen before.
    #[error(
        "the Release file of `{suite}` is of {date}, older than that of {previous} seen before: the mirror went back or lags"
    )]
    Rollback {
        /// The suite it names.
        suite: String,
        /// Its date.
        date: Timestamp,
        /// The date of the one seen before.
        previous: Timestamp,
    },
    /// `Date` lies ahead.
    #[error("the Release file of `{suite}` is of {date}, but it is {now} now: check the clock of this machine")]
    FromTheFuture {
        /// The suite it names.
        suite: String,
        /// Its date.
        date: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
}

/// Refuses a file that is expired, older than the `previous` one, or from the future. The same date again is fine.
pub fn check_freshness(release: &Release, previous: Option<Timestamp>, now: Timestamp) -> Result<(), FreshnessError> {
    let (suite, date) = (release.name().to_owned(), release.date);
    if date.duration_since(now) > CLOCK_DIFFERENCE {
        return Err(FreshnessError::FromTheFuture { suite, date, now });
    }
    if let Some(previous) = previous.filter(|previous| date < *previous) {
        return Err(FreshnessError::Rollback { suite, date, previous });
    }
    match release.valid_until {
        Some(valid_until) if release.is_expired(now) => Err(FreshnessError::Expired { suite, valid_until, now }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Suite: stable\nDate: Sat, 15 Nov 2025 10:00:00 UTC\nValid-Until: Sat, 22 Nov 2025 10:00:00 UTC\nSHA256:\n";

    fn check(previous: Option<&str>, now: &str) -> Result<(), FreshnessError> {
        let previous = previous.map(|time| time.parse().unwrap());
        check_freshness(&Release::parse(TEXT).unwrap(), previous, now.parse().unwrap())
    }

    #[test]
    fn takes_a_file_that_is_valid_and_not_older() {
        assert_eq!(check(None, "2025-11-16T00:00:00Z"), Ok(()));
        assert_eq!(check(Some("2025-11-15T10:00:00Z"), "2025-11-22T10:00:00Z"), Ok(()));
        assert_eq!(check(None, "2025-11-15T09:30:00Z"), Ok(()));
    }

    #[test]
    fn refuses_an_expired_file() {
        let error = check(None, "2025-11-22T10:00:01Z").unwrap_err();
        let expected = "the Release file of `stable` expired at 2025-11-22T10:00:00Z, it is 2025-11-22T10:00:01Z now";
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn refuses_to_go_back() {
        let error = check(Some("2025-11-15T10:00:01Z"), "2025-11-16T00:00:00Z").unwrap_err();
        assert!(matches!(error, FreshnessError::Rollback { .. }), "{error}");
    }

    #[test]
    fn refuses_a_file_from_the_future() {
        let error = check(None, "2025-11-15T08:59:59Z").unwrap_err();
        assert!(error.to_string().ends_with("check the clock of this machine"), "{error}");
    }
}
