//! How often and how patiently something is tried again: exponential backoff with full jitter, bounded.
//!
//! In: the fault of an attempt. Out: nothing, after a wait, where another attempt is due; or the fault, where none is.
//! `Retry-After`: <https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after>.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::super::{ClientFault, ClientSettings, Patience};

/// Counts the attempts at one thing.
#[derive(Debug)]
pub(crate) struct Retry {
    patience: Patience,
    attempts: u32,
    failed: u32,
}

impl Retry {
    /// Begins to count.
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        Self { patience: settings.patience, attempts: settings.attempts.max(1), failed: 0 }
    }

    /// After a failed attempt: waits, or gives the fault back where no other attempt is due.
    pub(crate) async fn after(&mut self, fault: ClientFault) -> Result<(), ClientFault> {
        if !fault.is_transient() {
            return Err(fault);
        }
        self.again(fault).await
    }

    /// The same for a fault that is known to be worth another attempt.
    pub(crate) async fn again(&mut self, fault: ClientFault) -> Result<(), ClientFault> {
        self.failed += 1;
        if self.failed >= self.attempts {
            return Err(self.give_up(fault));
        }
        let wait = self.wait(fault.asked_delay());
        tracing::debug!(attempt = self.failed, wait = wait.as_secs_f32(), "tried again after: {fault}");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// What was reached is not lost: attempts are counted anew.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }

    fn give_up(&self, last: ClientFault) -> ClientFault {
        if self.failed > 1 { ClientFault::GaveUp { attempts: self.failed, last: Box::new(last) } } else { last }
    }

    fn wait(&self, asked: Option<Duration>) -> Duration {
        let chosen = self.longest_wait().mul_f64(fastrand::f64());
        chosen.max(asked.unwrap_or_default().min(self.patience.longest_asked))
    }

    fn longest_wait(&self) -> Duration {
        backoff(self.failed, self.patience.first_delay, self.patience.longest_delay)
    }
}

/// The longest wait after so many failures (from one): it doubles with each, up to the bound. The wait itself is some part of it, by
/// chance, so that many who failed together do not come back together.
pub fn backoff(failed: u32, first: Duration, longest: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1))).min(longest)
}

/// What a `Retry-After` header asks for: a number of seconds, or a date. `None` where it is neither.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(failed: u32) -> Retry {
        let patience = Patience {
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_millis(250),
            ..Patience::default()
        };
        Retry { patience, attempts: 4, failed }
    }

    #[test]
    fn waits_double_up_to_the_bound_and_are_spread() {
        let bounds: Vec<u128> = (1..4).map(|failed| retry(failed).longest_wait().as_millis()).collect();
        assert_eq!(bounds, [100, 200, 250]);
        assert_eq!(retry(4_000_000).longest_wait().as_millis(), 250);
        let waits: std::collections::BTreeSet<_> = (0..20).map(|_| retry(2).wait(None)).collect();
        assert!(waits.len() > 10 && waits.iter().all(|wait| wait.as_millis() <= 200), "{waits:?}");
    }

    #[test]
    fn what_the_registry_asks_for_is_granted_within_a_minute() {
        assert_eq!(retry(1).wait(Some(Duration::from_secs(3))), Duration::from_secs(3));
        assert_eq!(retry(1).wait(Some(Duration::from_hours(1))), Duration::from_mins(1));
    }

    #[test]
    fn reads_seconds_and_dates() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let read = |value| parse_retry_after(value, now);
        assert_eq!(read("120"), Some(Duration::from_mins(2)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(read("Sun, 06 Nov 1994 08:48:37 GMT"), Some(Duration::ZERO));
        assert_eq!((read("soon"), read("-1")), (None, None));
    }

    #[tokio::test]
    async fn the_last_fault_says_how_often_was_tried_and_vain_ones_are_not_repeated() {
        let fault = || ClientFault::Unreachable { url: "x".to_owned(), reason: "refused".to_owned() };
        let mut tried = retry(0);
        for _ in 0..3 {
            tried.after(fault()).await.unwrap();
        }
        let error = tried.after(fault()).await.unwrap_err().to_string();
        assert!(error.ends_with("(tried 4 times)"), "{error}");
        let vain = ClientFault::Host { host: "x".to_owned() };
        assert!(matches!(retry(0).after(vain).await, Err(ClientFault::Host { .. })));
    }
}
