//! A package index in the form that is fastest to load, with a checksum of its own.
//!
//! In: an index that was parsed from verified bytes. Out: a file that starts with one line, format, digest of the index it
//! was made from, digest and size of the rest, and goes on with what `PackageIndex::write_compact` writes. Whoever finds
//! it damaged, of another version or another index's goes back to the original.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::Path;

use blob::{Algorithm, Digest, Hasher, VerifyingReader};
use debian::PackageIndex;

use crate::{DiskError, NewFile};

/// Changes whenever what `write_compact` writes, or what is kept of a package, changes.
const FORMAT: &str = "bedplate-package-index-1";

/// Why there is no compact form to load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompactError {
    #[error("the first line is not this index's")]
    OtherIndex,
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    #[error("the index cannot be read")]
    Index(#[from] debian::IndexError),
}

/// Loads the compact form of the index with this digest.
pub(crate) fn read_compact(path: &Path, digest: &Digest) -> Result<PackageIndex, CompactError> {
    let mut file = BufReader::with_capacity(256 << 10, File::open(path)?);
    let mut header = String::new();
    io::Read::take(&mut file, 400).read_line(&mut header)?;
    let (content, size) = parse_header(&header, digest).ok_or(CompactError::OtherIndex)?;
    let verified = VerifyingReader::new(file, content, size);
    Ok(PackageIndex::read(BufReader::with_capacity(256 << 10, verified), &path.display().to_string())?)
}

/// Keeps the compact form of the index with this digest.
pub(crate) fn write_compact(path: &Path, digest: &Digest, index: &PackageIndex) -> Result<(), DiskError> {
    let failed = |error| DiskError::new("write", path, error);
    let mut file = NewFile::create(path)?;
    let placeholder = header(digest, &Digest::of(""), 0);
    file.write(placeholder.as_bytes())?;
    let mut writer = BufWriter::new(HashingWriter::new(file.as_file()));
    index.write_compact(&mut writer).map_err(failed)?;
    let written = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    let header = header(digest, &written.hasher.finish(), written.size);
    file.as_file().rewind().map_err(failed)?;
    file.write(header.as_bytes())?;
    file.commit()
}

/// One line of a length that does not depend on its values, so that it can be written over.
fn header(digest: &Digest, content: &Digest, size: u64) -> String {
    format!("{FORMAT} {digest} {content} {size:020}\n")
}

fn parse_header(line: &str, digest: &Digest) -> Option<(Digest, u64)> {
    let rest = line.strip_prefix(FORMAT)?.strip_prefix(' ')?.strip_prefix(&digest.to_string())?;
    let (content, size) = rest.trim().split_once(' ')?;
    Some((content.parse().ok()?, size.parse().ok()?))
}

/// Passes bytes on, and knows their digest and number.
struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
    size: u64,
}

impl<W> HashingWriter<W> {
    fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new(Algorithm::Sha256), size: 0 }
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::test_server::PACKAGES;

    fn kept() -> (tempfile::TempDir, std::path::PathBuf, Digest) {
        let folder = tempfile::tempdir().unwrap();
        let (path, digest) = (folder.path().join("x.compact"), Digest::of(PACKAGES));
        let index = PackageIndex::read(PACKAGES.as_bytes(), "Packages").unwrap();
        write_compact(&path, &digest, &index).unwrap();
        (folder, path, digest)
    }

    #[test]
    fn loads_what_was_kept() {
        let (_folder, path, digest) = kept();
        let index = read_compact(&path, &digest).unwrap();
        assert_eq!(index.iter().map(|package| package.name().to_owned()).collect::<Vec<_>>(), ["libc6", "zlib1g"]);
    }

    #[test]
    fn refuses_another_index_another_format_and_any_damage() {
        let (_folder, path, digest) = kept();
        assert!(matches!(read_compact(&path, &Digest::of("other")), Err(CompactError::OtherIndex)));
        let good = fs::read_to_string(&path).unwrap();
        for bad in [
            good.replace("libc6", "libc7"),
            good.replace("-index-1 ", "-index-0 "),
            good[..good.len() - 1].to_owned(),
            format!("{good}\n"),
            String::new(),
        ] {
            fs::write(&path, bad).unwrap();
            assert!(read_compact(&path, &digest).is_err());
        }
    }
}
