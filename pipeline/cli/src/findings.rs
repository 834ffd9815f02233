//! What is known of vulnerabilities at one moment: the one value that pages, API, badges, metrics and tables write down.
//!
//! In: reports, what the ledger remembers, how the feeds stand. Out: [`Known`]. Whether data are recent enough is judged at that moment,
//! not when an image was scanned; what is missing or stale is unknown, never clean. A `Known` of which nothing is known is its default.

mod data;
#[cfg(test)]
pub(crate) mod fixtures;
mod image;
mod lags;
mod source;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use scan::{FixRecord, FixState, Grade, Graded, Overridden, Turn};

pub(crate) use self::data::DataState;
pub(crate) use self::image::{FindingRow, ImageFindings, Judged, Scan};
pub(crate) use self::lags::{BUCKETS, buckets, lags, lags_of_days, span};
pub(crate) use self::source::Findings;

/// Everything that is known at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// How the data stand.
    pub(crate) data: DataState,
    /// Every published image.
    pub(crate) images: BTreeMap<String, ImageFindings>,
    /// The whole ledger: what is open first, then the newest.
    pub(crate) fixes: Vec<FixRecord>,
    /// Why the ledger cannot be read.
    pub(crate) unreadable: Option<String>,
}

impl Known {
    /// An image's grade; unknown where nothing is known of it.
    pub(crate) fn graded(&self, image: &str) -> Graded {
        self.images.get(image).map_or_else(|| unknown("the image was not scanned"), |it| it.graded.clone())
    }

    /// What the ledger has of an image.
    pub(crate) fn fixes_of<'k>(&'k self, image: &'k str) -> impl Iterator<Item = &'k FixRecord> {
        self.fixes.iter().filter(move |fix| fix.image == image)
    }

    /// Emergency overrides that something published stands on, with the image, as long as they hold.
    pub(crate) fn overrides(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Overridden)> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let all = self.images.iter().flat_map(|(name, image)| {
            let overridden = image.verdict.iter().flat_map(|verdict| &verdict.overridden);
            overridden.map(move |one| (name.as_str(), one))
        });
        all.filter(move |(_, one)| one.by.expires >= today)
    }

    /// How many fixes are open, by whose turn it is: ours, Debian's, blocked, upstream's.
    pub(crate) fn open_fixes(&self) -> [(&'static str, usize); 4] {
        let count = |is: fn(&Turn) -> bool| {
            self.fixes.iter().filter(|fix| fix.state == FixState::Open && fix.turn.as_ref().is_some_and(is)).count()
        };
        [
            ("ours", count(|turn| matches!(turn, Turn::Ours))),
            ("debian", count(|turn| matches!(turn, Turn::Debian))),
            ("blocked", count(|turn| matches!(turn, Turn::Blocked { .. }))),
            ("upstream", count(|turn| matches!(turn, Turn::Upstream { .. }))),
        ]
    }
}

/// The grade of what nobody can grade.
pub(crate) fn unknown(reason: &str) -> Graded {
    Graded { grade: Grade::Unknown, reason: format!("{}: {reason}", Grade::Unknown) }
}

/// A grade's reason without the grade that it begins with.
pub(crate) fn reason(graded: &Graded) -> &str {
    graded.reason.strip_prefix(&format!("{}: ", graded.grade)).unwrap_or(&graded.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known, override_of};

    #[test]
    fn of_what_nobody_scanned_nothing_is_known() {
        let known = Known::default();
        assert_eq!(known.graded("python").grade, Grade::Unknown);
        assert_eq!(reason(&known.graded("python")), "the image was not scanned");
        assert!(!known.data.standing.is_current());
    }

    #[test]
    fn an_override_is_told_through_its_last_day() {
        let mut known = known(NOW);
        let verdict = known.images.get_mut("python").unwrap().verdict.as_mut().unwrap();
        verdict.overridden.push(override_of("2026-11-24"));
        assert_eq!(known.overrides(at("2026-11-24T23:59:59Z")).count(), 1);
        assert_eq!(known.overrides(at("2026-11-25T00:00:00Z")).count(), 0);
    }

    #[test]
    fn open_fixes_are_counted_by_whose_turn_it_is() {
        assert_eq!(known(NOW).open_fixes(), [("ours", 1), ("debian", 1), ("blocked", 0), ("upstream", 0)]);
    }
}
