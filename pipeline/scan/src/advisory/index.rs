//! [`Advisories`] as bytes and back: tables of little-endian words and the text, as they lie in memory.
//!
//! ```text
//! magic (8) | version | CRC-32 of all that follows | strings | rows | groups | bytes of text | tables | text
//! ```
//!
//! It is a cache of ours, so it has one version; bytes of another one are an error, and the feed is read again.

use flate2::Crc;

use super::Advisories;
use super::record::{GROUP_WORDS, Group, ROW_WORDS, Record};
use super::strings::{NONE, Strings};

const MAGIC: &[u8; 8] = b"BPadvise";
/// Raise it with every change of the tables, the strings' order or the fingerprint.
const VERSION: u32 = 1;
const HEADER: usize = 32;
/// Where the checked part begins.
const CHECKED: usize = 16;

/// Why a stored index is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It begins otherwise.
    #[error("reading stored advisories: this is no index of them; make it again from the feed")]
    Magic,
    /// Another version wrote it.
    #[error(
        "reading stored advisories: an index of version {0}, and {VERSION} is expected; make it again from the feed"
    )]
    Version(u32),
    /// Its length is not what its header says.
    #[error("reading stored advisories: {found} bytes, and {expected} are expected; make it again from the feed")]
    Length {
        /// What its header comes to.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// Its bytes are not those that were written.
    #[error("reading stored advisories: the checksum is another; make it again from the feed")]
    Checksum,
    /// A table names what is not there.
    #[error("reading stored advisories: {0}; make it again from the feed")]
    Unsound(&'static str),
}

/// The four counts of the header.
struct Counts {
    strings: u32,
    rows: u32,
    groups: u32,
    text: u32,
}

impl Advisories {
    /// The stored form; the same rows added in the same order give the same bytes.
    pub fn to_index(&self) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).unwrap_or(NONE);
        let Self { strings, rows, groups, by_id } = self;
        let mut bytes = Vec::with_capacity(HEADER + strings.text.len() + 4 * strings.ends.len() + 60 * rows.len());
        bytes.extend_from_slice(MAGIC);
        let counts = [count(strings.ends.len()), count(rows.len()), count(groups.len()), count(strings.text.len())];
        let header = [VERSION, 0].into_iter().chain(counts);
        bytes.extend(header.flat_map(u32::to_le_bytes));
        write(&mut bytes, &strings.ends);
        write(&mut bytes, rows);
        write(&mut bytes, groups);
        write(&mut bytes, by_id);
        bytes.extend_from_slice(strings.text.as_bytes());
        let sum = checksum(&bytes);
        bytes.iter_mut().skip(CHECKED - 4).zip(sum.to_le_bytes()).for_each(|(byte, sum)| *byte = sum);
        bytes
    }

    /// Reads the stored form. Whatever the bytes are, the answer is advisories or an error.
    pub fn from_index(mut bytes: Vec<u8>) -> Result<Self, IndexError> {
        let counts = header(&bytes)?;
        let text = bytes.split_off(bytes.len() - counts.text as usize);
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let ends = read(&mut rest, counts.strings);
        let (rows, groups) = (read(&mut rest, counts.rows), read(&mut rest, counts.groups));
        let by_id = read(&mut rest, counts.rows);
        let text = String::from_utf8(text).map_err(|_| IndexError::Unsound("its text is not UTF-8"))?;
        let advisories = Self { strings: Strings { text, ends }, rows, groups, by_id };
        advisories.sound()?;
        Ok(advisories)
    }

    fn sound(&self) -> Result<(), IndexError> {
        let named = |number: &u32| *number == NONE || (*number as usize) < self.strings.ends.len();
        let name = |group: &Group| (self.strings.get(group.source), self.strings.get(group.release));
        let begins = self.groups.first().map_or(self.rows.is_empty(), |group| group.first == 0);
        let ends = self.groups.last().is_none_or(|group| (group.first as usize) < self.rows.len());
        let mut pairs = self.groups.array_windows();
        let checks = [
            (self.strings.are_sound(), "its strings overlap or leave gaps"),
            (self.rows.iter().all(|row| row.strings().iter().all(named)), "a row names a string that is not there"),
            (self.groups.iter().all(|it| named(&it.source) && named(&it.release)), "a group names no string"),
            (begins && ends, "its groups leave rows out"),
            (pairs.all(|[one, two]| one.first < two.first && name(one) < name(two)), "its groups are not in order"),
            (self.by_id.iter().all(|row| (*row as usize) < self.rows.len()), "an id names a row that is not there"),
        ];
        checks.into_iter().find(|(right, _)| !right).map_or(Ok(()), |(_, wrong)| Err(IndexError::Unsound(wrong)))
    }
}

/// The counts of a header whose length and checksum are right.
fn header(bytes: &[u8]) -> Result<Counts, IndexError> {
    let words = bytes.strip_prefix(MAGIC).ok_or(IndexError::Magic)?;
    let word = |at: usize| words.as_chunks::<4>().0.get(at).map(|word| u32::from_le_bytes(*word));
    let found = bytes.len() as u64;
    let length = |expected| IndexError::Length { expected, found };
    let version = word(0).ok_or_else(|| length(HEADER as u64))?;
    if version != VERSION {
        return Err(IndexError::Version(version));
    }
    let counts = [word(2), word(3), word(4), word(5)];
    let [Some(strings), Some(rows), Some(groups), Some(text)] = counts else { return Err(length(HEADER as u64)) };
    let words = u64::from(strings) + u64::from(rows) * (ROW_WORDS as u64 + 1) + u64::from(groups) * GROUP_WORDS as u64;
    let expected = HEADER as u64 + 4 * words + u64::from(text);
    if expected != found {
        return Err(length(expected));
    }
    let right = word(1) == Some(checksum(bytes));
    right.then_some(Counts { strings, rows, groups, text }).ok_or(IndexError::Checksum)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes.get(CHECKED..).unwrap_or_default());
    crc.sum()
}

fn write<const WORDS: usize, T: Record<WORDS>>(bytes: &mut Vec<u8>, table: &[T]) {
    for record in table {
        bytes.extend_from_slice(record.words().map(u32::to_le_bytes).as_flattened());
    }
}

/// A table of so many records off the front.
fn read<const WORDS: usize, T: Record<WORDS>>(bytes: &mut &[u8], count: u32) -> Vec<T> {
    let (table, rest) = bytes.split_at_checked(count as usize * WORDS * 4).unwrap_or((bytes, &[]));
    *bytes = rest;
    let records = table.as_chunks::<4>().0.as_chunks::<WORDS>().0;
    records.iter().map(|words| T::of(words.map(u32::from_le_bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::fixture::two_rows;

    /// The index with one byte or more changed, and its checksum right again.
    fn forged(change: impl Fn(&mut Vec<u8>)) -> IndexError {
        let mut bytes = two_rows().to_index();
        change(&mut bytes);
        let sum = checksum(&bytes);
        bytes[CHECKED - 4..CHECKED].copy_from_slice(&sum.to_le_bytes());
        Advisories::from_index(bytes).unwrap_err()
    }

    #[test]
    fn the_stored_form_says_the_same() {
        let advisories = two_rows();
        let read = Advisories::from_index(advisories.to_index()).unwrap();
        assert!(read.all().eq(advisories.all()));
        assert!(Advisories::from_index(Advisories::default().to_index()).unwrap().is_empty());
    }

    #[test]
    fn torn_and_foreign_bytes_are_errors() {
        let whole = two_rows().to_index();
        for length in 0..whole.len() {
            assert!(Advisories::from_index(whole[..length].to_vec()).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            assert!(Advisories::from_index(bytes).is_err(), "byte {at}");
        }
        assert_eq!(Advisories::from_index(b"{}".to_vec()).unwrap_err(), IndexError::Magic);
        assert_eq!(forged(|bytes| bytes[8] = 9), IndexError::Version(9));
        assert!(matches!(forged(|bytes| bytes.push(0)), IndexError::Length { .. }));
    }

    #[test]
    fn tables_that_name_what_is_not_there_are_errors_though_the_checksum_is_right() {
        let strings = two_rows().strings.ends.len();
        let rows = HEADER + 4 * strings;
        let groups = rows + 2 * 4 * ROW_WORDS;
        let unsound = |change: &dyn Fn(&mut Vec<u8>), words: &str| {
            let error = forged(change).to_string();
            assert!(error.contains(words), "{error}");
        };
        unsound(&|bytes| bytes[HEADER] = 200, "overlap");
        unsound(&|bytes| bytes[rows] = 200, "a row names a string");
        unsound(&|bytes| bytes[groups + 8] = 1, "leave rows out");
        unsound(&|bytes| bytes[groups + 4 * GROUP_WORDS + 8] = 0, "not in order");
        unsound(&|bytes| bytes[groups + 8 * GROUP_WORDS] = 2, "an id names a row");
        unsound(&|bytes| *bytes.last_mut().unwrap() = 0xff, "not UTF-8");
    }

    #[test]
    fn whatever_the_tables_say_no_question_panics() {
        let whole = two_rows().to_index();
        for at in CHECKED..whole.len() {
            for bits in [1, 2, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= bits;
                let sum = checksum(&bytes);
                bytes[CHECKED - 4..CHECKED].copy_from_slice(&sum.to_le_bytes());
                let Ok(read) = Advisories::from_index(bytes) else { continue };
                let asked =
                    read.all().count() + read.rows("zlib", "trixie").count() + read.by_id("CVE-2026-85091").count();
                assert!(asked + read.changes_since(&two_rows()).len() >= read.len());
            }
        }
    }
}
