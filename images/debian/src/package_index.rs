//! All packages of a component and architecture, compact enough that several indexes fit in memory at once.
//!
//! In: the plain text of a `Packages` file. Out: packages in order of the file, and by name.
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices>.

use std::io::{self, BufRead, Write};

use crate::IndexError;
use crate::binary_package::BinaryPackage;
use crate::index_field::IndexField;
use crate::index_reader::{IndexReader, Stanza};

/// One string holds all values; positions in it are 32 bits wide.
const LIMIT: usize = 1 << 31;

/// Where the values of a package are: they follow one another, each ends where the next one starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    start: u32,
    ends: [u32; IndexField::COUNT],
}

/// A package index. Two versions of one name are both kept.
#[derive(Debug, Clone, Default)]
pub struct PackageIndex {
    text: String,
    records: Vec<Record>,
    /// Positions in `records`, by name, then in order of the file.
    by_name: Vec<u32>,
}

impl PackageIndex {
    /// Reads an index; `file` names it in errors. Of the text no more than one stanza is held at a time.
    pub fn read(reader: impl BufRead, file: &str) -> Result<Self, IndexError> {
        let mut index = Self::default();
        let mut reader = IndexReader::new(reader, file);
        while let Some(stanza) = reader.next()? {
            index.push(stanza).ok_or_else(|| IndexError::TooLarge { file: file.to_owned(), limit: LIMIT })?;
        }
        index.finish();
        Ok(index)
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All packages in order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = BinaryPackage<'_>> {
        self.records.iter().map(|record| BinaryPackage::new(self, record))
    }

    /// All packages of this very name, in order of the file.
    pub fn find(&self, name: &str) -> impl ExactSizeIterator<Item = BinaryPackage<'_>> {
        let start = self.by_name.partition_point(|at| self.name_at(*at) < name);
        let count = self.by_name[start..].partition_point(|at| self.name_at(*at) == name);
        self.by_name[start..start + count].iter().map(|at| BinaryPackage::new(self, &self.records[*at as usize]))
    }

    /// Writes the kept fields as a package index that [`PackageIndex::read`] takes.
    pub fn write_compact(&self, mut out: impl Write) -> io::Result<()> {
        for record in &self.records {
            for field in IndexField::EVERY {
                let value = self.value(record, field);
                if !value.is_empty() {
                    writeln!(out, "{}: {value}", field.name())?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// The bytes of memory that it takes, about.
    pub fn memory(&self) -> usize {
        self.text.capacity() + size_of::<Record>() * self.records.capacity() + 4 * self.by_name.capacity()
    }

    pub(crate) fn value(&self, record: &Record, field: IndexField) -> &str {
        let at = field as usize;
        let start = if at == 0 { record.start } else { record.ends[at - 1] };
        &self.text[start as usize..record.ends[at] as usize]
    }

    fn name_at(&self, at: u32) -> &str {
        self.value(&self.records[at as usize], IndexField::Package)
    }

    /// `None` if the text would outgrow its positions.
    fn push(&mut self, stanza: &Stanza) -> Option<()> {
        let start = u32::try_from(self.text.len()).ok()?;
        let mut ends = [0; IndexField::COUNT];
        for field in IndexField::EVERY {
            self.text.push_str(stanza.get(field));
            ends[field as usize] = u32::try_from(self.text.len()).ok()?;
        }
        self.records.push(Record { start, ends });
        (self.text.len() <= LIMIT).then_some(())
    }

    fn finish(&mut self) {
        self.text.shrink_to_fit();
        self.records.shrink_to_fit();
        let mut by_name: Vec<u32> = (0..self.records.len()).filter_map(|at| u32::try_from(at).ok()).collect();
        by_name.sort_by(|left, right| self.name_at(*left).cmp(self.name_at(*right)));
        self.by_name = by_name;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A stanza as the archive writes it, with fields that are not kept.
    pub(crate) fn stanza(name: &str, version: &str) -> String {
        let sum = blob::Digest::of(name);
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\nDepends: libc6 (>= 2.41),\n libz1\nDescription: short\n long\n .\n\
             Filename: pool/t/{name}.deb\nSize: 1234\nMD5sum: 0\nSHA256: {}\n",
            sum.hex()
        )
    }

    /// A stanza in which one text stands for another.
    pub(crate) fn replaced(name: &str, from: &str, to: &str) -> String {
        let text = stanza(name, "1");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }

    pub(crate) fn read(text: &str) -> PackageIndex {
        PackageIndex::read(text.as_bytes(), "Packages").unwrap()
    }

    fn compact(index: &PackageIndex) -> String {
        let mut out = Vec::new();
        index.write_compact(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keeps_the_order_of_the_file_and_finds_by_name() {
        let stanzas = [
            ("zlib1g", "1"),
            ("bash", "2"),
            ("linux-libc-dev", "6.12-1"),
            ("linux-libc-dev", "6.12-2"),
            ("linux", "1"),
        ];
        let index = read(&stanzas.map(|(name, version)| stanza(name, version)).join("\n\n"));
        let all: Vec<_> = index.iter().map(|package| (package.name(), package.version_text())).collect();
        assert_eq!(all, stanzas);
        let found: Vec<_> = index.find("linux-libc-dev").map(|package| package.version_text()).collect();
        assert_eq!(found, ["6.12-1", "6.12-2"]);
        assert_eq!((index.find("linux").len(), index.find("linu").len(), index.find("zz").len()), (1, 0, 0));
    }

    #[test]
    fn an_empty_file_is_an_empty_index() {
        assert!(read("").is_empty() && read("\n \n\n").is_empty());
        assert_eq!(read("").find("a").len(), 0);
    }

    #[test]
    fn writes_what_it_reads() {
        let text = compact(&read(&format!("{}\n{}", stanza("a", "1"), stanza("b", "2:3"))));
        assert!(
            text.starts_with(
                "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: libc6 (>= 2.41), libz1\nFilename: "
            ),
            "{text}"
        );
        assert!(!text.contains("Description") && text.ends_with("\n\n"));
        assert_eq!(compact(&read(&text)), text);
    }

    #[test]
    fn takes_little_more_memory_than_the_kept_text() {
        let text: String = (0..1000).map(|number| stanza(&format!("package{number}"), "1") + "\n").collect();
        let index = read(&text);
        assert!(index.memory() < compact(&index).len() + 100 * index.len(), "{}", index.memory());
    }

    proptest! {
        #[test]
        fn never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
            let mut bytes = format!("{}\n{}", stanza("a", "1"), stanza("b", "2")).into_bytes();
            for (at, value) in changes {
                let index = at.index(bytes.len());
                bytes[index] = value;
            }
            if let Ok(index) = PackageIndex::read(&bytes[..], "Packages") {
                prop_assert_eq!(compact(&read(&compact(&index))), compact(&index));
            }
        }
    }
}
