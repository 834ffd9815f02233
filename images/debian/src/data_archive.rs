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
                let header = describe(&entry, std::mem::take(&mut extensions), &member)?;
                budget.take_bytes(&header)?;
                let mut reader = Named { inner: &mut entry, member: &member, path: &header.path.clone() };
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

/// Says in an error where it happened.
struct Named<'r, R> {
    inner: &'r mut R,
    member: &'r str,
    path: &'r [u8],
}

impl<R: Read> Read for Named<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let text = |error: io::Error| format!("`{}` of `{}`: {error}", self.path.escape_ascii(), self.member);
        self.inner.read(buffer).map_err(|error| io::Error::new(error.kind(), text(error)))
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
