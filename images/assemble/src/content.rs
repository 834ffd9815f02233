//! The content of one file on its way into a layer: copied, hashed, and looked at.
//!
//! In: a reader and the size that the archive announced. Out: the bytes in the layer and [`FileFacts`]. ELF files
//! are held in memory as a whole, since their names stand at both ends; everything else streams.

use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use blob::{Algorithm, Digest, Hasher};

use crate::busybox;
use crate::elf;
use crate::facts::FileFacts;
use crate::path::RootPath;
use crate::sha1_digest::{Sha1Digest, Sha1Hasher};

/// The largest ELF file that is read; the largest in Debian's runtimes (libnode) has 55 MB.
const LARGEST_ELF: u64 = 256 << 20;

/// ELF files above this size are held one at a time, whatever the number of cores: that bounds the memory of a build.
const LARGE_ELF: u64 = 16 << 20;

/// Held while a large ELF file is in memory.
static LARGE: Mutex<()> = Mutex::new(());

/// The largest file whose content an effect may read.
const LARGEST_CAPTURED: u64 = 4 << 20;

/// Bytes that tell what a file is: the ELF magic, or a script's first line.
const HEAD: usize = 256;

/// Why a file's content cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Too large to be held in memory.
    #[error("`{path}` has {size} bytes: expected at most {limit} for {what}")]
    TooLarge {
        /// The file.
        path: RootPath,
        /// Its size.
        size: u64,
        /// The bound.
        limit: u64,
        /// What the bound is for.
        what: &'static str,
    },
    /// A file that an effect reads is no text.
    #[error("`{0}` is not UTF-8 text, which the effect that reads it expects")]
    NotText(RootPath),
    /// Reading or writing failed.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: RootPath,
        /// What went wrong.
        source: io::Error,
    },
}

/// Copies `size` bytes and says what they are.
pub(crate) fn copy(
    path: &RootPath,
    size: u64,
    reader: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<FileFacts, ContentError> {
    let io = |source| ContentError::Io { path: path.clone(), source };
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    if head.starts_with(elf::MAGIC) {
        let _alone = (size > LARGE_ELF).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let bytes = read_rest(path, size, LARGEST_ELF, "an ELF file", head, reader)?;
        output.write_all(&bytes).map_err(io)?;
        return Ok(FileFacts { elf: elf::read(&bytes), ..facts_of(&bytes) });
    }
    let (digest, sha1) = copy_hashed(size, &head, reader, output).map_err(io)?;
    Ok(FileFacts { size, digest, sha1, elf: None, interpreter: interpreter(&head) })
}

/// Size and digests of content that is at hand.
pub(crate) fn facts_of(content: &[u8]) -> FileFacts {
    let (digest, sha1) = (Digest::of(content), Sha1Digest::of(content));
    FileFacts { size: content.len() as u64, digest, sha1, elf: None, interpreter: None }
}

fn copy_hashed(
    size: u64,
    head: &[u8],
    reader: &mut dyn Read,
    output: &mut dyn Write,
) -> io::Result<(Digest, Sha1Digest)> {
    let (mut hasher, mut sha1) = (Hasher::new(Algorithm::Sha256), Sha1Hasher::default());
    let mut buffer = vec![0; 64 << 10];
    let mut left = size.saturating_sub(head.len() as u64);
    hasher.update(head);
    sha1.update(head);
    output.write_all(head)?;
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = reader.read(&mut buffer[..want])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{left} bytes are missing at its end")));
        }
        hasher.update(&buffer[..count]);
        sha1.update(&buffer[..count]);
        output.write_all(&buffer[..count])?;
        left -= count as u64;
    }
    Ok((hasher.finish(), sha1.finish()))
}

fn read_rest(
    path: &RootPath,
    size: u64,
    limit: u64,
    what: &'static str,
    mut bytes: Vec<u8>,
    reader: &mut dyn Read,
) -> Result<Vec<u8>, ContentError> {
    if size > limit {
        return Err(ContentError::TooLarge { path: path.clone(), size, limit, what });
    }
    let left = size - bytes.len() as u64;
    bytes.reserve_exact(usize::try_from(left).unwrap_or_default());
    let io = |source| ContentError::Io { path: path.clone(), source };
    let got = reader.take(left).read_to_end(&mut bytes).map_err(io)?;
    if got as u64 == left { Ok(bytes) } else { Err(io(io::ErrorKind::UnexpectedEof.into())) }
}

/// Reads a file that an effect wants.
pub(crate) fn read_whole(path: &RootPath, size: u64, reader: &mut dyn Read) -> Result<Vec<u8>, ContentError> {
    read_rest(path, size, LARGEST_CAPTURED, "a file that an effect reads", Vec::new(), reader)
}

/// What is remembered of a captured file: its text, or of the static busybox the list of its applets.
pub(crate) fn captured_text(path: &RootPath, bytes: &[u8]) -> Result<String, ContentError> {
    if bytes.starts_with(elf::MAGIC) {
        return Ok(busybox::applets(bytes).join("\n"));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| ContentError::NotText(path.clone()))
}

/// The interpreter that a script's first line names, arguments included.
fn interpreter(head: &[u8]) -> Option<String> {
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
    Some(String::from_utf8_lossy(&line[..end]).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> RootPath {
        RootPath::parse("/x").unwrap()
    }

    #[test]
    fn finds_a_scripts_interpreter() {
        let script = b"#! /usr/bin/env python3\nprint()\n";
        let mut output = Vec::new();
        let facts = copy(&path(), script.len() as u64, &mut &script[..], &mut output).unwrap();
        assert_eq!(facts.interpreter.as_deref(), Some("/usr/bin/env python3"));
        assert_eq!((output.as_slice(), facts.digest), (&script[..], Digest::of(script)));
        assert_eq!(facts.sha1, Sha1Digest::of(script));
    }

    #[test]
    fn refuses_a_file_that_ends_early_or_is_too_large() {
        let error = copy(&path(), 10, &mut &b"short"[..], &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "`/x`: 5 bytes are missing at its end");
        let error = read_whole(&path(), 5 << 20, &mut io::empty()).unwrap_err();
        assert!(error.to_string().contains("expected at most 4194304"), "{error}");
    }
}
