//! A file of unknown kind, or standard input: unpacked where it is compressed, and bounded.
//!
//! In: a path, or `-`. Out: an [`Input`]: a plain file that can be read from anywhere in it.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use anyhow::{Context as _, ensure};
use debian::Compression;

/// The largest archive that is taken from standard input or unpacked: larger images than anybody has.
const LARGEST_SPOOLED: u64 = 64 << 30;
/// The largest text: an SBOM with every file of a large image has some 100 MB.
const LARGEST_TEXT: u64 = 256 << 20;
/// Where a tar archive says what it is: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");
/// The size of a header in a tar archive.
const TAR_BLOCK: usize = 512;

/// A plain file.
#[derive(Debug)]
pub(crate) struct Input {
    /// What it is called in messages.
    pub(crate) name: String,
    /// At its beginning.
    pub(crate) file: File,
    /// Whether it is a tar archive.
    pub(crate) is_archive: bool,
}

impl Input {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read `{name}`"))?;
        Self::of(name.clone(), file).with_context(|| format!("cannot read `{name}`"))
    }

    /// Takes all of standard input.
    pub(crate) fn stdin() -> anyhow::Result<Self> {
        let spooled = spool(io::stdin().lock()).context("cannot read standard input")?;
        Self::of("standard input".to_owned(), spooled).context("cannot read standard input")
    }

    fn of(name: String, mut file: File) -> anyhow::Result<Self> {
        let head = head(&mut file)?;
        let (file, head) = match compression(&head) {
            Compression::None => (file, head),
            compressed => {
                let mut plain = spool(compressed.reader(file)?)?;
                let head = self::head(&mut plain)?;
                (plain, head)
            }
        };
        let is_archive = head.get(TAR_MARK.0..).is_some_and(|rest| rest.starts_with(TAR_MARK.1));
        Ok(Self { name, file, is_archive })
    }

    /// All of it as text.
    pub(crate) fn into_text(self) -> anyhow::Result<String> {
        let Self { name, file, .. } = self;
        let mut bytes = Vec::new();
        file.take(LARGEST_TEXT + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read `{name}`"))?;
        ensure!(
            bytes.len() as u64 <= LARGEST_TEXT,
            "`{name}` has more than the {LARGEST_TEXT} bytes that an SBOM or a list of packages may have"
        );
        String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("`{name}` is neither text in UTF-8 nor a tar archive"))
    }
}

fn spool(from: impl Read) -> anyhow::Result<File> {
    let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
    let count = io::copy(&mut from.take(LARGEST_SPOOLED + 1), &mut file)?;
    ensure!(count <= LARGEST_SPOOLED, "there are more than the {LARGEST_SPOOLED} bytes that may be unpacked");
    file.flush()?;
    file.rewind()?;
    Ok(file)
}

fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    (&mut *file).take(TAR_BLOCK as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

/// By the first bytes: RFC 1952 2.3.1, RFC 8878 3.1.1, <https://tukaani.org/xz/xz-file-format.txt> 2.1.1.1.
pub(crate) fn compression(head: &[u8]) -> Compression {
    match head {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
        _ => Compression::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_fixtures::{Layer, gzip};

    fn open(bytes: &[u8]) -> anyhow::Result<Input> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x");
        std::fs::write(&path, bytes)?;
        Input::open(&path)
    }

    #[test]
    fn what_is_compressed_is_unpacked_and_an_archive_is_known_as_one() {
        let archive = Layer::default().file("a", b"x").bytes();
        assert!(open(&archive).unwrap().is_archive && open(&gzip(&archive)).unwrap().is_archive);
        let text = open(&gzip(b"Package: a\n")).unwrap();
        assert!(!text.is_archive);
        assert_eq!(text.into_text().unwrap(), "Package: a\n");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let gone = format!("{:#}", Input::open(Path::new("/nowhere/x")).unwrap_err());
        assert!(gone.starts_with("cannot read `/nowhere/x`"), "{gone}");
        let mut cut = gzip(b"Package: a\n");
        cut.truncate(12);
        let cut = format!("{:#}", open(&cut).unwrap_err());
        assert!(cut.starts_with("cannot read `"), "{cut}");
        let binary = open(b"\x7fELF\xff\xfe").unwrap().into_text().unwrap_err().to_string();
        assert!(binary.ends_with("is neither text in UTF-8 nor a tar archive"), "{binary}");
    }
}
