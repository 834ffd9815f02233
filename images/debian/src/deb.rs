//! A Debian package file: its control half as values, its data half as a stream.
//!
//! In: a reader of the `.deb`. Out: `ControlArchive` and `DataArchive`. Nothing is written and nothing is run.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>.

use std::io::{self, Read};

use jiff::Timestamp;

use crate::ar::{Ar, Member};
use crate::control_archive::read_control;
use crate::{Compression, CompressionError, ControlArchive, DataArchive, ParagraphError, TriggersError, VersionError};

/// Control archives are kilobytes; the largest in trixie is under 2 MiB compressed.
const COMPRESSED_CONTROL: u64 = 16 << 20;

/// An opened package: `debian-binary` was read and is of a known version.
#[derive(Debug)]
pub struct Deb<R> {
    ar: Ar<R>,
    newest: i64,
}

/// Why a package cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// Not the container that a package has.
    #[error("not a Debian package: {reason}")]
    NotADeb {
        /// What was expected.
        reason: String,
    },
    /// A member that ends too early, is damaged, or cannot be read; the source says which.
    #[error("cannot read `{member}` of the package")]
    Read {
        /// The member of the package, and the path inside it where one is known.
        member: String,
        /// What the reader said.
        #[source]
        source: io::Error,
    },
    /// A member that is compressed in an unknown way.
    #[error("cannot read `{member}` of the package")]
    Compression {
        /// The member.
        member: String,
        /// Which compression.
        #[source]
        source: CompressionError,
    },
    /// More than a package may hold.
    #[error("`{member}` is larger than {limit} bytes: expected less of a package")]
    TooLarge {
        /// The member, and the path inside it where one is known.
        member: String,
        /// The limit.
        limit: u64,
    },
    /// More entries than a package may hold.
    #[error("`{member}` has more than {limit} entries: expected fewer of a package")]
    TooManyEntries {
        /// The member.
        member: String,
        /// The limit.
        limit: u64,
    },
    /// An entry that no package has.
    #[error("the entry `{path}` of `{member}` {problem}")]
    BadEntry {
        /// The member.
        member: String,
        /// The path as in the archive.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No control file, or one that is not text.
    #[error("`{member}` has no file `control` in UTF-8")]
    NoControl {
        /// The member.
        member: String,
    },
    /// A control file of the wrong form.
    #[error("the control file of the package is wrong")]
    Control(#[from] ParagraphError),
    /// A field of the control file that is missing.
    #[error("the control file of the package has no field `{0}`")]
    MissingField(&'static str),
    /// A version that is none.
    #[error("the control file of the package has a bad version")]
    Version(#[from] VersionError),
    /// A triggers file of the wrong form.
    #[error("the triggers of the package are wrong")]
    Triggers(#[from] TriggersError),
}

impl<R: Read + Send> Deb<R> {
    /// Reads the first member, which names the format's version.
    pub fn open(reader: R) -> Result<Self, DebError> {
        let mut ar = Ar::open(reader)?;
        let first = ar.next()?.filter(|member| member.name == "debian-binary");
        let Some(first) = first else {
            return Err(DebError::NotADeb { reason: "expected `debian-binary` as its first member".into() });
        };
        let text = ar.read_small(&first, 64)?;
        if !text.starts_with(b"2.") {
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            return Err(DebError::NotADeb { reason: format!("it is of format `{text}`, expected 2.0") });
        }
        Ok(Self { ar, newest: first.mtime })
    }

    /// Reads the control half, and gives the data half to be streamed.
    pub fn into_parts<'a>(self) -> Result<(ControlArchive, DataArchive<'a>), DebError>
    where
        R: 'a,
    {
        self.open_with(1)
    }

    /// Like `into_parts`; data that is xz in several blocks is decompressed by `threads` threads.
    pub fn open_with<'a>(mut self, threads: u32) -> Result<(ControlArchive, DataArchive<'a>), DebError>
    where
        R: 'a,
    {
        let (control, compression) = self.member("control.tar")?;
        let mut parsed = {
            let limited = (&mut self.ar).take(COMPRESSED_CONTROL + 1);
            let plain = compression
                .reader(limited)
                .map_err(|source| DebError::Read { member: control.name.clone(), source })?;
            read_control(plain, &control.name)?
        };
        let (data, compression) = self.member("data.tar")?;
        parsed.timestamp = Timestamp::from_second(self.newest).unwrap_or(Timestamp::UNIX_EPOCH);
        let plain = compression.reader_with(threads, LastMember { ar: self.ar, name: data.name.clone() });
        let plain = plain.map_err(|source| DebError::Read { member: data.name.clone(), source })?;
        Ok((parsed, DataArchive::new(plain, data.name)))
    }

    /// The next member, which must have this name and a known compression. Names that start with `_` are skipped.
    fn member(&mut self, base: &str) -> Result<(Member, Compression), DebError> {
        while let Some(member) = self.ar.next()? {
            self.newest = self.newest.max(member.mtime);
            if member.name.starts_with('_') {
                continue;
            }
            let Some(extension) = member.name.strip_prefix(base) else {
                return Err(DebError::NotADeb {
                    reason: format!("expected `{base}` and its compression, found `{}`", member.name),
                });
            };
            let compression = Compression::from_extension(extension.strip_prefix('.').unwrap_or(extension));
            let compression =
                compression.map_err(|source| DebError::Compression { member: member.name.clone(), source })?;
            return Ok((member, compression));
        }
        Err(DebError::NotADeb { reason: format!("expected a member `{base}`, found the end of the file") })
    }
}

/// The data member, and at its end the rest of the file: so a reader underneath that checks a digest sees every byte.
struct LastMember<R> {
    ar: Ar<R>,
    name: String,
}

impl<R: Read> Read for LastMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ar.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        while let Some(member) = self.ar.next().map_err(io::Error::other)? {
            if !member.name.starts_with('_') {
                let text = format!("expected nothing after `{}`, found `{}`", self.name, member.name);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        Ok(0)
    }
}
