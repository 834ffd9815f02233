//! How often and how patiently a transfer is tried again: exponential backoff with full jitter, bounded.
//!
//! In: which attempt failed and what the server asked for. Out: how long to wait, or that it is time to give up.
//!
//! Jitter keeps many workers from coming back at the same instant. `Retry-After`:
//! <https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after>.

use std::time::Duration;

use registry::backoff;
pub(crate) use registry::parse_retry_after;

/// Bounds of the retries of one transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a transfer is tried in all, the first time included.
    pub attempts: u32,
    /// The longest wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait that we choose ourselves.
    pub longest_delay: Duration,
    /// The longest wait that a server may ask for; if it asks for more the transfer fails at once.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(30),
            longest_asked: Duration::from_mins(2),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after the attempt of this number (from one) failed; nothing if no other attempt is due.
    pub fn wait_after(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts || asked.is_some_and(|asked| asked > self.longest_asked) {
            return None;
        }
        let chosen = self.longest_wait(attempt).mul_f64(fastrand::f64());
        Some(chosen.max(asked.unwrap_or_default()))
    }

    fn longest_wait(&self, attempt: u32) -> Duration {
        backoff(attempt, self.first_delay, self.longest_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        first_delay: Duration::from_millis(100),
        longest_delay: Duration::from_millis(250),
        longest_asked: Duration::from_secs(10),
    };

    #[test]
    fn waits_longer_each_time_but_never_over_the_bound_and_gives_up_at_last() {
        let bounds: Vec<u128> = (1..4).map(|attempt| POLICY.longest_wait(attempt).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 250]);
        assert_eq!(POLICY.longest_wait(4_000_000), POLICY.longest_delay);
        assert!(POLICY.wait_after(1, None).unwrap() <= Duration::from_millis(100));
        assert_eq!(POLICY.wait_after(4, None), None);
    }

    #[test]
    fn jitter_spreads_the_waits() {
        let waits: std::collections::BTreeSet<_> = (0..20).map(|_| POLICY.wait_after(2, None)).collect();
        assert!(waits.len() > 10, "{waits:?}");
    }

    #[test]
    fn honours_what_the_server_asks_for_within_reason() {
        let asked = Some(Duration::from_secs(3));
        assert_eq!(POLICY.wait_after(1, asked), asked);
        assert_eq!(POLICY.wait_after(1, Some(Duration::from_hours(1))), None);
    }

    #[test]
    fn reads_seconds_and_dates() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let read = |value| parse_retry_after(value, now);
        assert_eq!(read("120"), Some(Duration::from_mins(2)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(read("Sun, 06 Nov 1994 08:48:37 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }
}
