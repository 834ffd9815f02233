//! How one look at a suite changes what is known of its versions. Pure.
//!
//! In: what is known, the dates of all files seen before, and what one file holds. Out: the rows that differ.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of one version in a suite; all times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Date of the first file that had it; none where it was there before anybody watched.
    pub(crate) first: Option<i64>,
    /// Date of the last file before that.
    pub(crate) after: Option<i64>,
    /// When we received the first file that had it.
    pub(crate) observed: i64,
    /// Date of the last file that had it; none while the newest has it.
    pub(crate) last: Option<i64>,
}

/// One look at a suite.
pub(crate) struct Observed<'s> {
    /// The file's date.
    pub(crate) date: i64,
    /// When we received it.
    pub(crate) received: i64,
    /// Every (source, version) in it.
    pub(crate) sources: BTreeSet<(&'s str, &'s str)>,
}

/// A row that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) source: String,
    pub(crate) version: String,
    pub(crate) value: Known,
    /// This file is the first that had it.
    pub(crate) is_first: bool,
}

/// The rows that differ once `observed` is known too. `dates` are those of all files seen before.
pub(crate) fn changes(
    known: &BTreeMap<(String, String), Known>,
    dates: &BTreeSet<i64>,
    observed: &Observed<'_>,
) -> Vec<Change> {
    let date = observed.date;
    let before = dates.range(..date).next_back().copied();
    let after = dates.range(date..).next().copied();
    let mut changes = Vec::new();
    for ((source, version), row) in known {
        let there = observed.sources.contains(&(source.as_str(), version.as_str()));
        let value = if there { seen(*row, observed, before, after) } else { unseen(*row, date, before, after) };
        if value != *row {
            let is_first = there && value.first != row.first;
            changes.push(Change { source: source.clone(), version: version.clone(), value, is_first });
        }
    }
    let known: BTreeSet<(&str, &str)> =
        known.keys().map(|(source, version)| (source.as_str(), version.as_str())).collect();
    for (source, version) in observed.sources.difference(&known) {
        // A version that a later file lacks is gone again.
        let last = after.map(|_| date);
        let value = Known { first: before.map(|_| date), after: before, observed: observed.received, last };
        let (source, version) = ((*source).to_owned(), (*version).to_owned());
        changes.push(Change { source, version, value, is_first: true });
    }
    changes
}

/// A version that this file has.
fn seen(row: Known, observed: &Observed<'_>, before: Option<i64>, after: Option<i64>) -> Known {
    let date = observed.date;
    let mut value = row;
    if row.first.is_some_and(|first| date < first) {
        // With nothing before it nobody knows since when.
        value.first = before.map(|_| date);
        value.after = before;
        value.observed = row.observed.min(observed.received);
    }
    match (row.last, after) {
        (Some(_), None) => value.last = None,
        (Some(last), Some(_)) if last < date => value.last = Some(date),
        _ => {}
    }
    value
}

/// A version that this file lacks.
fn unseen(row: Known, date: i64, before: Option<i64>, after: Option<i64>) -> Known {
    let mut value = row;
    match (row.first, row.after) {
        // It was in the oldest file; this one is older still, and lacks it.
        (None, _) if before.is_none() => {
            value.first = after;
            value.after = Some(date);
        }
        (Some(first), bound) if date < first && bound.is_none_or(|bound| bound < date) => value.after = Some(date),
        _ => {}
    }
    if row.last.is_none() && after.is_none() {
        value.last = before;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (String, Option<i64>, Option<i64>, Option<i64>);

    /// Files as (date, versions of `a`), seen in this order; what is known then, as (version, first, after, last).
    fn known(files: &[(i64, &[&'static str])]) -> Vec<Row> {
        let (mut known, mut dates) = (BTreeMap::new(), BTreeSet::new());
        for (date, versions) in files {
            let sources = versions.iter().map(|version| ("a", *version)).collect();
            let observed = Observed { date: *date, received: *date + 1, sources };
            for change in changes(&known, &dates, &observed) {
                known.insert((change.source, change.version), change.value);
            }
            dates.insert(*date);
            assert!(changes(&known, &dates, &Observed { date: *date, received: 99, ..observed }).is_empty(), "twice");
        }
        known.into_iter().map(|((_, version), it)| (version, it.first, it.after, it.last)).collect()
    }

    #[test]
    fn what_was_there_first_is_older_than_anybody_knows_and_the_rest_has_a_date() {
        let found = known(&[(10, &["1"]), (20, &["1"]), (30, &["1", "2"]), (40, &["2"])]);
        assert_eq!(found, [("1".into(), None, None, Some(30)), ("2".into(), Some(30), Some(20), None)]);
    }

    #[test]
    fn a_version_that_went_and_came_back_keeps_its_first_time() {
        let found = known(&[(10, &[]), (20, &["1"]), (30, &[]), (40, &["1"])]);
        assert_eq!(found, [("1".into(), Some(20), Some(10), None)]);
    }

    #[test]
    fn an_older_file_that_comes_late_makes_times_earlier_and_bounds_tighter() {
        let late = known(&[(10, &["1"]), (40, &["1", "2", "3"]), (20, &["1", "2"]), (30, &["1", "2"])]);
        let wanted = [("1", None, None), ("2", Some(20), Some(10)), ("3", Some(40), Some(30))];
        assert_eq!(late, wanted.map(|(version, first, after)| (version.to_owned(), first, after, None)));
    }

    #[test]
    fn a_file_older_than_all_says_what_came_later() {
        let found = known(&[(20, &["1", "2"]), (30, &["2"]), (10, &["1"])]);
        assert_eq!(found, [("1".into(), None, None, Some(20)), ("2".into(), Some(20), Some(10), None)]);
    }

    #[test]
    fn a_version_that_only_a_late_file_has_is_gone_again() {
        let found = known(&[(10, &["1"]), (30, &["3"]), (20, &["2"])]);
        assert_eq!(found[1], ("2".into(), Some(20), Some(10), Some(20)));
    }

    #[test]
    fn the_order_in_which_files_come_makes_no_difference() {
        let files: [(i64, &[&str]); 4] = [(10, &["1"]), (20, &["1", "2"]), (30, &["2", "3"]), (40, &["3", "4"])];
        let wanted = known(&files);
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [0, 2, 1, 3]] {
            assert_eq!(known(&order.map(|at: usize| files[at])), wanted, "{order:?}");
        }
    }
}
