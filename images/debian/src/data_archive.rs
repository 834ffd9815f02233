//! The data half of a package as a stream of entries, with bounds on all that an archive can claim.
//!
//! In: a decompressed tar. Out: each entry in turn, to be read or passed over; at the end the rest is read, so that damage shows.
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.

use std::io::{self, Read};

use tar::Archive;

use crate::tar_header::{Description, Extensions, describe};
use crate::{DataEntry, DebError};

/// What may follow the last entry: tar fills its last record with zeros.
const TRAILER: u64 = 1 << 20;

/// What an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many entries.
    pub entries: u64,
    /// The size of one file.
    pub file_size: u64,
    /// The size of all files.
    pub total: u64,
}

impl Default for Limits {
    /// Above the largest packages of the archive, below what would fill a disk.
    fn default() -> Self {
        Self { entries: 250_000, file_size: 2 << 30, total: 8 << 30 }
    }
}

/// The entries of a data archive, not yet read.
pub struct DataArchive<'a> {
    archive: Archive<Box<dyn Read + Send + 'a>>,
    member: String,
    limits: Limits,
}

impl<'a> DataArchive<'a> {
    pub(crate) fn new(plain: Box<dyn Read + Send + 'a>, member: String) -> Self {
        Self { archive: Archive::new(plain), member, limits: Limits::default() }
    }

    /// With other bounds than the usual ones.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Gives every entry to `visit`, in order, then reads to the end of the package and checks that nothing else is there.
    pub fn for_each<E: From<DebError>>(self, mut visit: impl FnMut(DataEntry<'_>) -> Result<(), E>) -> Result<(), E> {
        let Self { mut archive, member, limits } = self;
        let unreadable = |source| DebError::Read { member: member.clone(), source };
        let mut budget = Budget { entries: 0, total: 0, limits, member: &member };
        let mut extensions = Extensions::default();
        for entry in archive.entries().map_err(unreadable)?.raw(true) {
            let mut entry = entry.map_err(unreadable)?;
            budget.take_entry()?;
            if !extensions.take(&mut entry, &member)? {
                let header = describe(&entry, &std::mem::take(&mut extensions), &member)?;
                budget.take_bytes(&header)?;
                let mut reader =
                    Named { inner: &mut entry, left: header.size, member: &member, path: &header.path.clone() };
                visit(header.with(&mut reader))?;
            }
        }
        Ok(finish(archive.into_inner(), &member)?)
    }
}

/// Counts what an archive claims, before any of it is read.
struct Budget<'m> {
    entries: u64,
    total: u64,
    limits: Limits,
    member: &'m str,
}

impl Budget<'_> {
    fn take_entry(&mut self) -> Result<(), DebError> {
        self.entries += 1;
        let fits = self.entries <= self.limits.entries;
        let error = || DebError::TooManyEntries { member: self.member.to_owned(), limit: self.limits.entries };
        if fits { Ok(()) } else { Err(error()) }
    }

    fn take_bytes(&mut self, entry: &Description) -> Result<(), DebError> {
        if entry.size > self.limits.file_size {
            let member = format!("{}/{}", self.member, entry.path.escape_ascii());
            return Err(DebError::TooLarge { member, limit: self.limits.file_size });
        }
        self.total = self.total.saturating_add(entry.size);
        let error = || DebError::TooLarge { member: self.member.to_owned(), limit: self.limits.total };
        if self.total <= self.limits.total { Ok(()) } else { Err(error()) }
    }
}

/// Says in an error where it happened, and makes one of bytes that are missing.
struct Named<'r, R> {
    inner: &'r mut R,
    left: u64,
    member: &'r str,
    path: &'r [u8],
}

impl<R: Read> Read for Named<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let place = || format!("`{}` of `{}`", self.path.escape_ascii(), self.member);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", place()));
        let count = self.inner.read(buffer).map_err(named)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            let text = format!("{}: the archive ends {} bytes before the end of the entry", place(), self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Reads what follows the last entry: only then does a cut or damaged archive show.
fn finish(mut plain: impl Read, member: &str) -> Result<(), DebError> {
    let unreadable = |source| DebError::Read { member: member.to_owned(), source };
    let count = io::copy(&mut (&mut plain).take(TRAILER + 1), &mut io::sink()).map_err(unreadable)?;
    let problem = "is followed by more than 1 MiB: expected only zeros after the end of a tar archive";
    let error = || DebError::BadEntry { member: member.to_owned(), path: "last entry".into(), problem };
    if count <= TRAILER { Ok(()) } else { Err(error()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tar::{EntryType, Header};

    use super::*;
    use crate::deb_fixture::{header, tar, tar_of};

    fn open(bytes: Vec<u8>) -> DataArchive<'static> {
        DataArchive::new(Box::new(io::Cursor::new(bytes)), "data.tar".into())
    }

    /// One line for each entry.
    fn list(archive: DataArchive<'_>) -> Result<Vec<String>, DebError> {
        let mut lines = Vec::new();
        archive.for_each(|mut entry| {
            let read = io::copy(&mut entry, &mut io::sink());
            lines.push(format!("{entry:?}"));
            read.map(drop).map_err(|source| DebError::Read { member: "reading".into(), source })
        })?;
        Ok(lines)
    }

    fn refusal(entries: &[(Header, &[u8])]) -> String {
        list(open(tar_of(entries))).unwrap_err().to_string()
    }

    fn link(path: &str, kind: EntryType, target: &str) -> Header {
        let mut header = header(path, kind, 0);
        header.set_link_name_literal(target).unwrap();
        header.set_cksum();
        header
    }

    #[test]
    fn gives_every_kind_of_entry() {
        let mut setuid = header("./bin/su", EntryType::Regular, 2);
        setuid.set_mode(0o4755);
        setuid.set_cksum();
        let entries: [(Header, &[u8]); 5] = [
            (header("./bin/", EntryType::Directory, 0), b""),
            (setuid, b"ab"),
            (link("./bin/sh", EntryType::Symlink, "../dash"), b""),
            (link("./bin/s", EntryType::Link, "./bin/su"), b""),
            (header("dev/null", EntryType::Char, 0), b""),
        ];
        let expected = [
            "Directory 755 0:0 0 bin",
            "File 4755 0:0 2 bin/su",
            "Symlink([46, 46, 47, 100, 97, 115, 104]) 644 0:0 0 bin/sh",
            "Hardlink([98, 105, 110, 47, 115, 117]) 644 0:0 0 bin/s",
            "CharDevice 644 0:0 0 dev/null",
        ];
        assert_eq!(list(open(tar_of(&entries))).unwrap(), expected);
    }

    #[test]
    fn bounds_the_number_and_size_of_entries() {
        let with = |entries, file_size, total| {
            let bytes = tar(&[("a", &[0; 1000]), ("b", &[0; 1000])]);
            list(open(bytes).with_limits(Limits { entries, file_size, total })).map_err(|error| error.to_string())
        };
        assert_eq!(with(2, 1000, 2000).unwrap().len(), 2);
        assert_eq!(with(1, 1000, 2000).unwrap_err(), "`data.tar` has more than 1 entries: expected fewer of a package");
        assert_eq!(
            with(2, 999, 2000).unwrap_err(),
            "`data.tar/a` is larger than 999 bytes: expected less of a package"
        );
        assert_eq!(
            with(2, 1000, 1999).unwrap_err(),
            "`data.tar` is larger than 1999 bytes: expected less of a package"
        );
    }

    #[test]
    fn names_the_entry_that_no_package_has() {
        let refused = |header: Header| refusal(&[(header, b"")]);
        assert!(
            refused(header("./x", EntryType::GNUSparse, 0))
                .starts_with("the entry `./x` of `data.tar` is sparse: expected")
        );
        assert!(refused(header("/etc/x", EntryType::Regular, 0)).contains("`/etc/x` of `data.tar` is absolute"));
        assert!(refused(header("a/../../x", EntryType::Regular, 0)).contains("leaves the root"));
        assert!(refused(link("x", EntryType::Link, "../../etc/shadow")).contains("leaves the root"));
        assert!(refused(header("x", EntryType::Symlink, 0)).contains("is a link without a target"));
        assert!(refusal(&[(header("x/", EntryType::Directory, 1), b"a")]).contains("has bytes of its own"));
    }

    #[test]
    fn names_the_entry_in_which_the_archive_ends() {
        let bytes = tar(&[("./usr/x", &[1; 1000])]);
        let mut text = String::new();
        let result = open(bytes[..900].to_vec()).for_each(|mut entry| {
            text = entry.read_to_end(&mut Vec::new()).unwrap_err().to_string();
            Ok::<(), DebError>(())
        });
        assert_eq!(text, "`usr/x` of `data.tar`: the archive ends 612 bytes before the end of the entry");
        assert_eq!(result.unwrap_err().to_string(), "cannot read `data.tar` of the package");
    }

    proptest! {
        #[test]
        fn never_panics(mut bytes in Just(tar(&[("a", b"x"), ("b/", b""), ("c", &[2; 600])])), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            for (at, value) in changes {
                let index = at.index(bytes.len());
                bytes[index] = value;
            }
            let _ = list(open(bytes));
        }
    }
}
