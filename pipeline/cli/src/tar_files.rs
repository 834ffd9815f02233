//! The files of a tar archive by name, each read where it lies: an image as `docker save` or `skopeo copy` writes it, without unpacking it.
//!
//! In: a plain tar file. Out: a [`TarFiles`], which gives any of its files again and again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use assemble::RootPath;
use tar::Archive;

use crate::layer_entries::{EntryError, EntryKind, for_each};
use crate::scan_input::Input;

/// An archive of images has some files a layer.
const MOST_ENTRIES: usize = 100_000;

/// The files of one archive.
#[derive(Debug)]
pub(crate) struct TarFiles {
    /// What the archive is called in messages.
    pub(crate) name: String,
    file: Arc<File>,
    sections: BTreeMap<RootPath, Section>,
    links: BTreeMap<RootPath, RootPath>,
}

/// Where a file lies.
#[derive(Debug, Clone, Copy)]
struct Section {
    offset: u64,
    size: u64,
}

/// Why its list cannot be made.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Entry(#[from] EntryError),
    #[error("it has more than {MOST_ENTRIES} entries")]
    TooMany,
}

impl TarFiles {
    /// Reads the list of files.
    pub(crate) fn open(input: Input) -> anyhow::Result<Self> {
        let Input { name, mut file, .. } = input;
        let (mut sections, mut links) = (BTreeMap::new(), BTreeMap::new());
        let listed = for_each(&mut Archive::new(&mut file), |entry| {
            match (entry.kind, &entry.target) {
                (EntryKind::File, _) => {
                    sections.insert(entry.path, Section { offset: entry.offset, size: entry.size });
                }
                (EntryKind::Symlink, Some(target)) => {
                    drop(links.insert(entry.path.clone(), entry.path.link_target(target)));
                }
                (EntryKind::Hardlink, Some(target)) => drop(
                    links.insert(
                        entry.path,
                        RootPath::parse(target)
                            .map_err(|error| EntryError::Bad { path: target.clone(), problem: error.to_string() })?,
                    ),
                ),
                _ => {}
            }
            if sections.len() + links.len() > MOST_ENTRIES { Err(ListError::TooMany) } else { Ok(()) }
        });
        listed.with_context(|| format!("`{name}` cannot be read as an archive of images"))?;
        file.rewind()?;
        Ok(Self { name, file: Arc::new(file), sections, links })
    }

    /// Size and bytes of a file; none where it is not there.
    pub(crate) fn open_file(&self, path: &str) -> Option<(u64, SectionReader)> {
        let path = RootPath::of_member(path.as_bytes()).ok()?;
        let found = self.sections.get(&path).or_else(|| self.sections.get(self.links.get(&path)?))?;
        Some((found.size, SectionReader { file: Arc::clone(&self.file), offset: found.offset, left: found.size }))
    }

    /// A whole small file; none where it is not there.
    pub(crate) fn read(&self, path: &str, largest: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let Some((size, mut reader)) = self.open_file(path) else { return Ok(None) };
        ensure!(size <= largest, "`{path}` in `{}` has more than the {largest} bytes that it may have", self.name);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).with_context(|| format!("cannot read `{path}` in `{}`", self.name))?;
        if (bytes.len() as u64) < size {
            bail!("`{path}` in `{}` is cut: expected {size} bytes and found {}", self.name, bytes.len());
        }
        Ok(Some(bytes))
    }
}

/// Reads one file of the archive.
#[derive(Debug)]
pub(crate) struct SectionReader {
    file: Arc<File>,
    offset: u64,
    left: u64,
}

impl Read for SectionReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read_at(&mut buffer[..most], self.offset)?;
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use tar::EntryType;

    use super::*;
    use crate::layer_fixtures::{Layer, raw_entry};

    fn open(bytes: &[u8]) -> anyhow::Result<TarFiles> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x.tar");
        std::fs::write(&path, bytes)?;
        TarFiles::open(Input::open(&path)?)
    }

    #[test]
    fn files_are_read_by_name_in_any_order_and_through_links() {
        let bytes = Layer::default()
            .file("one/layer.tar", b"first")
            .file("manifest.json", b"[]")
            .link(EntryType::Symlink, "two/layer.tar", "../one/layer.tar")
            .bytes();
        let files = open(&bytes).unwrap();
        for (path, expected) in [("manifest.json", "[]"), ("two/layer.tar", "first"), ("one/layer.tar", "first")] {
            assert_eq!(files.read(path, 100).unwrap().unwrap(), expected.as_bytes(), "{path}");
        }
        assert!(files.read("three", 100).unwrap().is_none());
        assert!(files.read("one/layer.tar", 4).unwrap_err().to_string().contains("more than the 4 bytes"));
    }

    #[test]
    fn a_hostile_or_cut_archive_is_named() {
        let error = |bytes: &[u8]| format!("{:#}", open(bytes).unwrap_err());
        let escapes = error(&raw_entry(b'0', "../x", b""));
        assert!(
            escapes.contains("cannot be read as an archive of images") && escapes.contains("leaves the root"),
            "{escapes}"
        );
        let mut cut = Layer::default().file("a", &[b'x'; 5000]).bytes();
        cut.truncate(2000);
        let cut = error(&cut);
        assert!(cut.contains("cannot be read as an archive of images"), "{cut}");
    }
}
