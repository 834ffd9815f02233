//! Everything that advisories say: rows go in through [`AdvisoriesBuilder`], and come out by source and release, or by id.
//!
//! All strings lie in one text and rows name them by number, so that the whole tracker takes some 20 MB and is stored as it lies.

mod builder;
mod changes;
mod fingerprint;
#[cfg(test)]
mod fixture;
mod index;
mod record;
mod strings;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

pub use builder::{AdvisoriesBuilder, AdvisoriesError};
pub use index::IndexError;
use record::{Group, Row, SEPARATOR};
use strings::{NONE, Strings};

use crate::row::{AdvisoryRow, NEVER, NoDsa, NoDsaKind, RowKey, RowStatus};

/// All rows, ordered by source, release and id.
#[derive(Debug, Clone, Default)]
pub struct Advisories {
    strings: Strings,
    rows: Vec<Row>,
    groups: Vec<Group>,
    /// Numbers of rows, ordered by id.
    by_id: Vec<u32>,
}

impl Advisories {
    /// What is said about a source in a release, ordered by id.
    pub fn rows<'a>(&'a self, source: &str, release: &str) -> impl Iterator<Item = AdvisoryRow<'a>> + use<'a> {
        self.records(source, release).iter().map(|row| self.row(row))
    }

    /// The same without rows that are resolved in a version that is had. Most are, and those cost no more than to compare that version.
    pub(crate) fn rows_but<'a, F: Fn(&str) -> bool>(
        &'a self,
        source: &str,
        release: &str,
        is_had: F,
    ) -> impl Iterator<Item = AdvisoryRow<'a>> + use<'a, F> {
        let is_resolved = |row: &Row| RowStatus::of(self.strings.get(row.status)) == RowStatus::Resolved;
        let is_left = move |row: &&Row| {
            let fixed = self.strings.get_some(row.fixed);
            !(is_resolved(row) && fixed.is_some_and(|fixed| fixed != NEVER && is_had(fixed)))
        };
        self.records(source, release).iter().filter(is_left).map(|row| self.row(row))
    }

    fn records(&self, source: &str, release: &str) -> &[Row] {
        let found = self.groups.binary_search_by(|group| self.compare(group, source, release));
        let rows = found.map_or(0..0, |at| self.range(at));
        self.rows.get(rows).unwrap_or_default()
    }

    /// Everything, ordered by source, release and id.
    pub fn all(&self) -> impl Iterator<Item = AdvisoryRow<'_>> {
        self.rows.iter().map(|row| self.row(row))
    }

    /// What is said about an id, ordered by source and release.
    pub fn by_id<'a>(&'a self, id: &str) -> impl Iterator<Item = AdvisoryRow<'a>> + use<'a> {
        let name = |number: &u32| self.record(*number).map_or("", |row| self.strings.get(row.id));
        let begin = self.by_id.partition_point(|number| name(number) < id);
        let behind = self.by_id.get(begin..).unwrap_or_default();
        let count = behind.partition_point(|number| name(number) == id);
        behind.iter().take(count).filter_map(|number| self.record(*number)).map(|row| self.row(row))
    }

    /// Codenames of the releases that anything is said about, sorted.
    pub fn releases(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.groups.iter().map(|group| self.strings.get(group.release)).collect();
        names.into_iter()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn record(&self, number: u32) -> Option<&Row> {
        self.rows.get(number as usize)
    }

    fn compare(&self, group: &Group, source: &str, release: &str) -> Ordering {
        let by_source = self.strings.get(group.source).cmp(source);
        by_source.then_with(|| self.strings.get(group.release).cmp(release))
    }

    /// The rows of a group.
    fn range(&self, group: usize) -> Range<usize> {
        let first = |at: usize| self.groups.get(at).map_or(self.rows.len(), |group| group.first as usize);
        first(group)..first(group + 1)
    }

    fn key(&self, row: &Row) -> RowKey {
        let [source, release, id] = [row.source, row.release, row.id].map(|number| self.strings.get(number).to_owned());
        RowKey { source, release, id }
    }

    fn row(&self, row: &Row) -> AdvisoryRow<'_> {
        let text = |number| self.strings.get(number);
        let some = |number| self.strings.get_some(number);
        AdvisoryRow {
            source: text(row.source),
            id: text(row.id),
            release: text(row.release),
            status: RowStatus::of(text(row.status)),
            urgency: text(row.urgency),
            fixed_version: some(row.fixed),
            no_dsa: self.no_dsa(row),
            next_point_update: row.next_point_update != 0,
            repositories: some(row.suites).map(suites).unwrap_or_default(),
            description: some(row.description),
            scope: some(row.scope),
            debian_bug: (row.bug != NONE).then_some(u64::from(row.bug)),
        }
    }

    fn no_dsa(&self, row: &Row) -> Option<NoDsa<'_>> {
        let (text, reason) = (self.strings.get_some(row.text), self.strings.get_some(row.reason));
        (text.is_some() || reason.is_some())
            .then(|| NoDsa { kind: NoDsaKind::of(reason.unwrap_or_default()), text: text.unwrap_or_default() })
    }
}

fn suites(text: &str) -> Vec<(&str, &str)> {
    let mut words = text.split(SEPARATOR);
    std::iter::from_fn(|| Some((words.next()?, words.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::fixture::{bare, built, full};
    use super::*;

    #[test]
    fn only_rows_that_are_resolved_in_a_version_that_is_had_are_left_out() {
        let left = |row: AdvisoryRow<'static>, had: &str| {
            let advisories = built(std::slice::from_ref(&row));
            advisories.rows_but(row.source, row.release, |fixed| fixed == had).count()
        };
        let with = |status, fixed_version| AdvisoryRow { status, fixed_version, ..full("CVE-2026-1") };
        assert_eq!(left(with(RowStatus::Resolved, Some("1-2")), "1-2"), 0);
        assert_eq!(left(with(RowStatus::Resolved, Some("1-2")), "1-1"), 1);
        assert_eq!(left(with(RowStatus::Resolved, Some("0")), "0"), 1, "it never had it: a verdict of its own");
        assert_eq!(left(with(RowStatus::Resolved, None), ""), 1);
        assert_eq!(left(with(RowStatus::Open, Some("1-2")), "1-2"), 1);
    }

    #[test]
    fn rows_are_found_by_source_and_release_and_by_id_with_every_field() {
        let (one, two, three) = (full("CVE-2026-2"), full("CVE-2026-1"), bare("CVE-2026-2"));
        let advisories = built(&[one.clone(), two.clone(), three.clone()]);
        assert!(advisories.rows("zlib", "trixie").eq([two.clone(), one.clone()]));
        assert_eq!(advisories.rows("zlib", "sid").count() + advisories.rows("zli", "trixie").count(), 0);
        assert!(advisories.by_id("CVE-2026-2").eq([three.clone(), one.clone()]));
        assert_eq!(advisories.by_id("CVE-2026").count(), 0);
        assert!(advisories.all().eq([three, two, one]));
        assert_eq!((advisories.len(), advisories.releases().collect()), (3, vec!["trixie"]));
    }
}
