//! A Debian package file: its control half as values, its data half as a stream.
//!
//! In: a reader of the `.deb`. Out: `ControlArchive` and `DataArchive`. Nothing is written and nothing is run.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>.

use std::io::{self, Read};

use jiff::Timestamp;

use crate::ar::{Ar, Member};
use crate::control_archive::read_control;
use crate::last_member::LastMember;
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
        self.into_parts_with(1)
    }

    /// Like `into_parts`; data that is xz in several blocks is decompressed by `threads` threads.
    pub fn into_parts_with<'a>(mut self, threads: u32) -> Result<(ControlArchive, DataArchive<'a>), DebError>
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
        let plain = compression.reader_with(threads, LastMember::new(self.ar, &data.name));
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

#[cfg(test)]
mod tests {
    use std::error::Error;

    use blob::{Digest, VerifyingReader};
    use proptest::prelude::*;

    use super::*;
    use crate::ar::tests::archive;
    use crate::deb_fixture::{compress, control, tar};

    const COMPRESSIONS: [Compression; 4] = [Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd];

    fn members(compression: Compression) -> Vec<(String, Vec<u8>)> {
        let dot = if compression == Compression::None { "" } else { "." };
        let named = |base: &str, plain: &[u8]| {
            (format!("{base}{dot}{}", compression.extension()), compress(compression, plain))
        };
        let data = tar(&[("./", b""), ("./usr/", b""), ("./usr/x", &b"bedplate ".repeat(2000))]);
        vec![("debian-binary".into(), b"2.0\n".to_vec()), named("control.tar", &control()), named("data.tar", &data)]
    }

    fn pack(members: &[(String, Vec<u8>)]) -> Vec<u8> {
        archive(&members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>())
    }

    fn read(reader: impl Read + Send, threads: u32) -> Result<Vec<(String, usize)>, DebError> {
        let (_, data) = Deb::open(reader)?.into_parts_with(threads)?;
        let mut entries = Vec::new();
        data.for_each(|mut entry| {
            let mut bytes = Vec::new();
            let read = entry.read_to_end(&mut bytes);
            read.map_err(|source| DebError::Read { member: "data".into(), source })?;
            entries.push((String::from_utf8_lossy(&entry.path).into_owned(), bytes.len()));
            Ok::<(), DebError>(())
        })?;
        Ok(entries)
    }

    fn refusal(members: &[(String, Vec<u8>)]) -> String {
        let error = read(&pack(members)[..], 1).unwrap_err();
        let source = error.source().map_or(String::new(), |source| format!(": {source}"));
        format!("{error}{source}")
    }

    #[test]
    fn gives_both_halves_whatever_their_compression() {
        for compression in COMPRESSIONS {
            let bytes = pack(&members(compression));
            let (control, _) = Deb::open(&bytes[..]).unwrap().into_parts().unwrap();
            assert_eq!((control.field("Package").unwrap(), control.timestamp.as_second()), ("tiny", 1_700_000_000));
            for threads in [1, 2] {
                let expected = [(String::new(), 0), ("usr".into(), 0), ("usr/x".into(), 18_000)];
                assert_eq!(read(&bytes[..], threads).unwrap(), expected, "{compression:?}");
            }
        }
    }

    #[test]
    fn reads_the_file_to_its_end_so_that_a_digest_is_checked() {
        let mut members = members(Compression::Xz);
        members.push(("_gpgorigin".into(), b"signature".to_vec()));
        let bytes = pack(&members);
        let wrong = VerifyingReader::new(&bytes[..], Digest::of("other"), bytes.len() as u64);
        assert!(read(wrong, 1).unwrap_err().source().unwrap().to_string().contains("expected sha256:"));
        assert!(read(VerifyingReader::new(&bytes[..], Digest::of(&bytes), bytes.len() as u64), 1).is_ok());
    }

    #[test]
    fn refuses_members_that_are_missing_out_of_order_or_too_many() {
        let good = members(Compression::Gzip);
        let with = |change: fn(&mut Vec<(String, Vec<u8>)>)| {
            let mut members = good.clone();
            change(&mut members);
            refusal(&members)
        };
        assert!(with(|members| drop(members.remove(0))).ends_with("expected `debian-binary` as its first member"));
        assert!(
            with(|members| drop(members.pop())).ends_with("expected a member `data.tar`, found the end of the file")
        );
        assert!(
            with(|members| members.swap(1, 2))
                .ends_with("expected `control.tar` and its compression, found `data.tar.gz`")
        );
        assert!(
            with(|members| members.push(("x".into(), Vec::new())))
                .ends_with("expected nothing after `data.tar.gz`, found `x`")
        );
        assert!(with(|members| members[0].1 = b"3.0\n".to_vec()).ends_with("it is of format `3.0`, expected 2.0"));
        let error = with(|members| members[2].0 = "data.tar.bz2".into());
        assert!(
            error.starts_with("cannot read `data.tar.bz2` of the package: `bz2` has an unknown compression"),
            "{error}"
        );
    }

    #[test]
    fn refuses_a_file_that_is_cut_off_anywhere() {
        for compression in COMPRESSIONS {
            let bytes = pack(&members(compression));
            for length in (0..bytes.len() - 1).step_by(13) {
                assert!(read(&bytes[..length], 1).is_err(), "{compression:?} {length}");
            }
            let error = read(&bytes[..bytes.len() - 20], 1).unwrap_err().to_string();
            assert!(error.starts_with("cannot read `data"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_an_error_or_does_no_harm(at: prop::sample::Index, bit in 0u32..8, form in 1usize..3) {
            let mut bytes = pack(&members(COMPRESSIONS[form]));
            let index = at.index(bytes.len());
            bytes[index] ^= 1 << bit;
            if let Ok(entries) = read(&bytes[..], 1) {
                prop_assert_eq!(&entries[2], &("usr/x".to_owned(), 18_000));
            }
        }

        #[test]
        fn never_panics(mut bytes in Just(pack(&members(Compression::None))), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            for (at, value) in changes {
                let index = at.index(bytes.len());
                bytes[index] = value;
            }
            let _ = read(&bytes[..], 1);
        }
    }
}
