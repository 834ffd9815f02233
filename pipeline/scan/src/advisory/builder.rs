//! Rows in, one after another, in any order; [`Advisories`] out.

use super::Advisories;
use super::fingerprint;
use super::record::{Group, Row, SEPARATOR};
use super::strings::{Interner, NONE, Strings};
use crate::row::{AdvisoryRow, NoDsa, RowKey};

/// Gathers rows.
#[derive(Debug, Default)]
pub struct AdvisoriesBuilder {
    strings: Interner,
    rows: Vec<Row>,
    /// The suites of the row that is being added.
    suites: String,
}

/// Why rows could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvisoriesError {
    /// Their strings take more than 4 GiB, or they are more than 2^32.
    #[error("keeping advisories: more than 4 GiB of text; this is no list of Debian's")]
    TooLarge,
    /// A row came twice.
    #[error("keeping advisories: {} has two rows for {} in {}; one is expected", .0.source, .0.id, .0.release)]
    Twice(RowKey),
    /// A suite or its version has a control character.
    #[error("keeping advisories: `{0}` is neither a suite nor a version: it has a control character")]
    Control(String),
    /// The number of a bug report is larger than any.
    #[error("keeping advisories: {0} is no number of a bug report: less than 4294967295 is expected")]
    Bug(u64),
}

impl AdvisoriesBuilder {
    /// Adds a row.
    pub fn add(&mut self, row: &AdvisoryRow<'_>) -> Result<(), AdvisoriesError> {
        let mut suites = std::mem::take(&mut self.suites);
        suites.clear();
        join(&mut suites, &row.repositories)?;
        let bug = row.debian_bug.map(bug).transpose()?.unwrap_or(NONE);
        let packed = self.pack(row, &suites, bug).ok_or(AdvisoriesError::TooLarge)?;
        self.rows.push(packed);
        self.suites = suites;
        Ok(())
    }

    /// How many rows came.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, ordered and ready to be asked.
    pub fn finish(self) -> Result<Advisories, AdvisoriesError> {
        let ranks = ranks(self.strings.strings(), &self.rows);
        let rank = |number: u32| ranks.get(number as usize).copied().unwrap_or(0);
        let key = |row: &Row| [row.source, row.release, row.id].map(|it| u128::from(rank(it)));
        let rows = sorted(&self.rows, |row| key(row).into_iter().fold(0, |before, next| before << 32 | next));
        let by_id = order(rows.iter().map(|row| rank(row.id))).ok_or(AdvisoriesError::TooLarge)?;
        let groups = groups(&self.strings, &rows, |row| (rank(row.source), rank(row.release)));
        let twice = rows.array_windows().find(|[one, other]| key(one) == key(other)).map(|[row, _]| *row);
        let advisories = Advisories { strings: self.strings.into_strings(), rows, groups, by_id };
        twice.map_or(Ok(()), |row| Err(AdvisoriesError::Twice(advisories.key(&row))))?;
        Ok(advisories)
    }

    /// Strings often are those of the row before.
    fn pack(&mut self, row: &AdvisoryRow<'_>, suites: &str, bug: u32) -> Option<Row> {
        let last = self.rows.last().map_or([NONE; 11], Row::strings);
        let texts = [
            Some(row.source),
            Some(row.release),
            Some(row.id),
            Some(row.status.as_str()),
            Some(row.urgency),
            row.fixed_version,
            row.no_dsa.map(|it| it.text),
            row.no_dsa.map(|NoDsa { kind, .. }| kind.as_str()),
            (!suites.is_empty()).then_some(suites),
            row.description,
            row.scope,
        ];
        let mut numbers = [NONE; 11];
        for ((number, text), like) in numbers.iter_mut().zip(texts).zip(last) {
            if let Some(text) = text {
                *number = self.strings.number(text, like)?;
            }
        }
        Some(Row::with(numbers, bug, row.next_point_update))
    }
}

fn bug(number: u64) -> Result<u32, AdvisoriesError> {
    u32::try_from(number).ok().filter(|number| *number != NONE).ok_or(AdvisoriesError::Bug(number))
}

/// Suites and versions in turn, sorted: the order in a file says nothing.
fn join(into: &mut String, repositories: &[(&str, &str)]) -> Result<(), AdvisoriesError> {
    if !repositories.is_sorted() {
        let mut sorted = repositories.to_vec();
        sorted.sort_unstable();
        return join(into, &sorted);
    }
    for word in repositories.iter().flat_map(|(suite, version)| [suite, version]) {
        if word.contains(SEPARATOR) {
            return Err(AdvisoriesError::Control((*word).to_owned()));
        }
        if !into.is_empty() {
            into.push(SEPARATOR);
        }
        into.push_str(word);
    }
    Ok(())
}

/// By number of a string, its place among all sources, releases and ids. Equal strings have equal places.
fn ranks(strings: &Strings, rows: &[Row]) -> Vec<u32> {
    let mut used = vec![false; strings.ends.len()];
    for number in rows.iter().flat_map(|row| [row.source, row.release, row.id]) {
        if let Some(used) = used.get_mut(number as usize) {
            *used = true;
        }
    }
    let numbers = (0..).zip(&used).filter(|(_, used)| **used).map(|(number, _)| number);
    let mut keyed: Vec<(u128, u32)> = numbers.map(|number| (beginning(strings.get(number)), number)).collect();
    keyed.sort_unstable_by(|(one, first), (other, second)| {
        one.cmp(other).then_with(|| strings.get(*first).cmp(strings.get(*second)))
    });
    let mut ranks = vec![0; used.len()];
    let (mut rank, mut before) = (0, NONE);
    for (_, number) in keyed {
        rank += u32::from(before == NONE || strings.get(before) != strings.get(number));
        before = number;
        if let Some(place) = ranks.get_mut(number as usize) {
            *place = rank;
        }
    }
    ranks
}

/// Sixteen bytes as a number that orders as they do: whole ids, mostly, and no look at the text.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(text.bytes()).for_each(|(into, byte)| *into = byte);
    u128::from_be_bytes(bytes)
}

fn sorted(rows: &[Row], key: impl Fn(&Row) -> u128) -> Vec<Row> {
    let mut keyed: Vec<(u128, usize)> = rows.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
    keyed.sort_unstable();
    keyed.iter().filter_map(|(_, at)| rows.get(*at).copied()).collect()
}

/// The numbers of rows, ordered by what they are ordered by.
fn order(keys: impl Iterator<Item = u32>) -> Option<Vec<u32>> {
    let mut keyed: Vec<(u32, u32)> = keys.zip(0..).collect();
    keyed.sort_unstable();
    u32::try_from(keyed.len()).ok()?;
    Some(keyed.into_iter().map(|(_, number)| number).collect())
}

fn groups(strings: &Interner, rows: &[Row], key: impl Fn(&Row) -> (u32, u32)) -> Vec<Group> {
    let mut first = 0;
    let chunks = rows.chunk_by(|one, other| key(one) == key(other));
    let group = |rows: &[Row]| {
        let begin = first;
        first += u32::try_from(rows.len()).unwrap_or(NONE);
        let row = rows.first()?;
        let hash = rows.iter().fold(0, |hash, row| fingerprint_of(strings, hash, row));
        let fingerprint = [hash & u64::from(NONE), hash >> 32].map(|half| u32::try_from(half).unwrap_or(0));
        Some(Group { source: row.source, release: row.release, first: begin, fingerprint })
    };
    chunks.filter_map(group).collect()
}

/// Of the strings' contents: their numbers differ from one file to the next.
fn fingerprint_of(strings: &Interner, before: u64, row: &Row) -> u64 {
    let strings = row.strings().map(|number| if number == NONE { 0 } else { strings.fingerprint(number) });
    let numbers = [u64::from(row.bug), u64::from(row.next_point_update)];
    strings.into_iter().chain(numbers).fold(before, fingerprint::join)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::fixture::{bare, built, full};

    #[test]
    fn a_row_that_comes_twice_is_an_error_with_its_name() {
        let mut builder = AdvisoriesBuilder::default();
        for row in [full("CVE-2026-1"), bare("CVE-2026-1"), full("CVE-2026-1")] {
            builder.add(&row).unwrap();
        }
        let error = builder.finish().unwrap_err().to_string();
        assert!(error.contains("zlib has two rows for CVE-2026-1 in trixie"), "{error}");
    }

    #[test]
    fn suites_with_control_characters_and_endless_bug_numbers_are_errors() {
        let mut builder = AdvisoriesBuilder::default();
        let row = AdvisoryRow { repositories: vec![("trixie", "1\u{1f}2")], ..full("CVE-2026-1") };
        assert_eq!(builder.add(&row), Err(AdvisoriesError::Control("1\u{1f}2".into())));
        let row = AdvisoryRow { debian_bug: Some(u64::from(u32::MAX)), ..full("CVE-2026-1") };
        assert_eq!(builder.add(&row), Err(AdvisoriesError::Bug(4_294_967_295)));
        assert!(builder.is_empty());
    }

    #[test]
    fn suites_come_out_sorted_whatever_their_order() {
        let mut turned = full("CVE-2026-1");
        turned.repositories.reverse();
        assert!(built(&[turned]).all().eq([full("CVE-2026-1")]));
    }
}
