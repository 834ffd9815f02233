//! Debian's own advisories (DSA, DLA): their ids and dates, which the tracker's JSON lacks.

use std::collections::BTreeMap;

use crate::finding::Notice;

/// Advisories, by the ids that they name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notices {
    pub(super) records: Vec<NoticeRecord>,
    pub(super) by_id: BTreeMap<String, Vec<usize>>,
    /// Those that name no id.
    without: Vec<usize>,
    pub(super) passed_over: usize,
}

/// One advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// Its id and date.
    pub notice: Notice,
    /// Source and subject, such as `openssl - security update`.
    pub title: String,
    /// The ids that it names, as written.
    pub ids: Vec<String>,
    /// Where it is fixed.
    pub fixed: Vec<NoticeFix>,
    /// The same with a word in place of a version: `<not-affected>`, `<unfixed>`, `<end-of-life>`.
    pub unfixed: Vec<NoticeFix>,
}

/// What an advisory says about a source in a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeFix {
    /// Codename of the release.
    pub release: String,
    /// Source package.
    pub source: String,
    /// First version with the fix, or a word.
    pub version: String,
}

impl Notices {
    /// Adds what another list says.
    pub fn extend(&mut self, other: Self) {
        self.passed_over += other.passed_over;
        for record in other.records {
            self.push(record);
        }
    }

    /// The advisories that name an id, the oldest first.
    pub fn of_id(&self, id: &str) -> impl Iterator<Item = &NoticeRecord> {
        let mut records: Vec<&NoticeRecord> =
            self.by_id.get(id).into_iter().flatten().map(|at| &self.records[*at]).collect();
        records.sort_by(|one, other| (one.notice.date, &one.notice.id).cmp(&(other.notice.date, &other.notice.id)));
        records.into_iter()
    }

    /// The advisories that name no id and fix a source in a release.
    pub fn without_ids<'a>(&'a self, source: &'a str, release: &'a str) -> impl Iterator<Item = &'a NoticeRecord> {
        let of = move |fix: &NoticeFix| fix.source == source && fix.release == release;
        self.without.iter().map(|at| &self.records[*at]).filter(move |record| record.fixed.iter().any(of))
    }

    /// All advisories, in the order of their lists.
    pub fn all(&self) -> impl Iterator<Item = &NoticeRecord> {
        self.records.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many lines inside records were passed over, because they say something that we do not know.
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    pub(super) fn push(&mut self, record: NoticeRecord) {
        if record.ids.is_empty() {
            self.without.push(self.records.len());
        }
        for id in &record.ids {
            let places = self.by_id.entry(id.clone()).or_default();
            if places.last() != Some(&self.records.len()) {
                places.push(self.records.len());
            }
        }
        self.records.push(record);
    }
}
