//! How the vulnerability data stand at one moment, in words.
//!
//! In: the feeds' states. Out: [`DataState`]: nothing to say where the data are recent, and what is wrong where they are not.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use scan::{FeedKind, FeedUse, Standing};
use worker::{FeedProblem, FeedState};

/// The data that are there, and how they stand.
#[derive(Debug, Clone)]
pub(crate) struct DataState {
    /// Every feed of the settings.
    pub(crate) feeds: Vec<FeedState>,
    /// How they stand.
    pub(crate) standing: Standing,
    /// How old they may be.
    pub(crate) stale_after: Duration,
}

impl Default for DataState {
    fn default() -> Self {
        Self { feeds: Vec::new(), standing: Standing::Absent, stale_after: Duration::ZERO }
    }
}

impl DataState {
    /// What these feeds come to at `now`.
    pub(crate) fn of(feeds: Vec<FeedState>, stale_after: Duration, now: Timestamp) -> Self {
        let used: Vec<FeedUse> = feeds.iter().filter_map(FeedState::used).collect();
        Self { standing: Standing::of(&used, now, stale_after), feeds, stale_after }
    }

    /// The feed without which nothing is known.
    pub(crate) fn tracker(&self) -> Option<&FeedState> {
        self.feeds.iter().find(|feed| feed.kind == FeedKind::Tracker)
    }

    /// What could not be read or was refused.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &FeedProblem> {
        self.feeds.iter().filter_map(|feed| feed.problem.as_ref())
    }

    /// What is wrong; none where the data are recent.
    pub(crate) fn trouble(&self) -> Option<String> {
        let what = match self.standing {
            Standing::Current { .. } => return None,
            Standing::Stale { date } => format!(
                "The vulnerability data are of {}, older than {} hours: every grade is unknown until newer ones come.",
                minute(date),
                self.stale_after.as_secs() / 3600
            ),
            Standing::Absent => "There are no vulnerability data: every grade is unknown.".to_owned(),
        };
        Some(format!("{what} {}", self.why()))
    }

    fn why(&self) -> String {
        match self.tracker() {
            None => "No feed of Debian's security tracker is read: see the settings key `feeds`.".to_owned(),
            Some(FeedState { problem: Some(problem), .. }) => {
                format!("The tracker's feed [{}]: {}", problem.whose, problem.message)
            }
            Some(FeedState { checked: None, .. }) => "The feeds have not been read yet.".to_owned(),
            Some(FeedState { checked: Some(at), .. }) => {
                format!("The tracker's feed was read at {} and has nothing newer.", minute(*at))
            }
        }
    }

    /// One line for a terminal.
    pub(crate) fn line(&self) -> String {
        match (self.trouble(), self.standing, self.tracker().and_then(|feed| feed.kept.as_ref())) {
            (Some(trouble), ..) => trouble,
            (None, Standing::Current { date }, Some(kept)) => {
                format!("Vulnerability data of {} (sha256:{}).", minute(date), kept.digest.short())
            }
            (None, standing, _) => format!("{standing}."),
        }
    }
}

/// A time to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, feeds, problem};

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn recent_data_are_no_trouble() {
        let data = DataState::of(feeds("2026-11-23T12:00:00Z"), DAY, at(NOW));
        assert_eq!(data.trouble(), None);
        assert!(data.line().starts_with("Vulnerability data of 2026-11-23 12:00 UTC (sha256:"), "{}", data.line());
    }

    #[test]
    fn stale_and_absent_data_say_why() {
        let mut stale = DataState::of(feeds("2026-11-20T12:00:00Z"), DAY, at(NOW));
        let expected = "The vulnerability data are of 2026-11-20 12:00 UTC, older than 24 hours: every grade is unknown until newer ones \
                        come. The tracker's feed was read at 2026-11-23 13:55 UTC and has nothing newer.";
        assert_eq!(stale.trouble().unwrap(), expected);
        stale.feeds[0].problem = Some(problem());
        assert!(stale.line().ends_with("The tracker's feed [upstream]: no route to <b>host</b>"), "{}", stale.line());
        let absent = DataState::default().trouble().unwrap();
        assert!(absent.starts_with("There are no vulnerability data: every grade is unknown. No feed"), "{absent}");
    }
}
