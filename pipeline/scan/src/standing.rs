//! Whether what we know is recent enough to be believed: missing or stale data are unknown, never clean.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::feed::{FeedKind, FeedUse};

/// How a report stands on its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum Standing {
    /// The tracker's data are recent.
    Current {
        /// Their date.
        date: Timestamp,
    },
    /// They are older than is allowed.
    Stale {
        /// Their date.
        date: Timestamp,
    },
    /// There are none.
    Absent,
}

impl Standing {
    /// How data stand at `now`, if they may be `stale_after` old. Only the tracker counts: the other feeds add to findings, and make none.
    pub fn of(feeds: &[FeedUse], now: Timestamp, stale_after: Duration) -> Self {
        let Some(date) = feeds.iter().find(|feed| feed.kind == FeedKind::Tracker).map(|feed| feed.date) else {
            return Self::Absent;
        };
        let old = now.duration_since(date).unsigned_abs() > stale_after && date < now;
        if old { Self::Stale { date } } else { Self::Current { date } }
    }

    /// Whether findings may be called complete.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Current { .. })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current { date } => write!(f, "vulnerability data of {date}"),
            Self::Stale { date } => write!(f, "vulnerability data are stale: of {date}"),
            Self::Absent => f.write_str("there are no vulnerability data"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blob::Digest;

    fn feed(kind: FeedKind, date: &str) -> FeedUse {
        FeedUse { kind, name: "x".into(), digest: Digest::of("x"), date: date.parse().unwrap() }
    }

    #[test]
    fn only_a_recent_tracker_makes_findings_complete() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let day = Duration::from_hours(24);
        let of = |feeds: &[FeedUse]| Standing::of(feeds, now, day);
        assert_eq!(of(&[feed(FeedKind::Kev, "2026-11-23T12:00:00Z")]), Standing::Absent);
        assert!(of(&[feed(FeedKind::Tracker, "2026-11-22T12:00:00Z")]).is_current());
        assert!(!of(&[feed(FeedKind::Tracker, "2026-11-22T11:59:59Z")]).is_current());
        assert!(
            of(&[feed(FeedKind::Tracker, "2026-11-25T00:00:00Z")]).is_current(),
            "a clock that is slow is no reason"
        );
    }
}
