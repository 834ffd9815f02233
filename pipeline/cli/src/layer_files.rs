//! What one layer adds and takes away: files with their digests, dpkg records, whiteouts.
//!
//! In: a layer's blob. Out: a [`LayerContent`]; nothing of a file's bytes is kept but size and digest. All that a
//! hostile layer can make us remember is counted against one [`Budget`].
//! Whiteouts: <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use assemble::{RootPath, STATUS_FOLDER};
use blob::{Algorithm, Digest, Hasher, VerifyingReader};
use debian::Compression;
use oci::{Descriptor, MEDIA_TYPE_DOCKER_LAYER_GZIP, MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_LAYER_ZSTD};
use serde::{Serialize, Serializer};
use tar::Archive;

use crate::dpkg_records::{self, Installed, RecordError};
use crate::layer_entries::{EntryError, EntryKind, LayerEntry, for_each};

/// dpkg's own list, which images with a package manager have.
const STATUS_FILE: &str = "/var/lib/dpkg/status";
/// The largest record of one package; Debian's have a few kilobytes.
const LARGEST_RECORD: u64 = 1 << 20;
/// The largest list of all packages.
const LARGEST_STATUS: u64 = 64 << 20;

/// How much all layers together may make us remember or read.
#[derive(Debug)]
pub(crate) struct Budget {
    entries: AtomicU64,
    names: AtomicU64,
    records: AtomicU64,
    plain: AtomicU64,
}

impl Default for Budget {
    /// Far above what images have, far below what a machine has.
    fn default() -> Self {
        Self::new([2_000_000, 512 << 20, 256 << 20, 1 << 40])
    }
}

impl Budget {
    /// So many entries, bytes of names, bytes of dpkg records, and plain bytes in all.
    pub(crate) fn new([entries, names, records, plain]: [u64; 4]) -> Self {
        Self { entries: entries.into(), names: names.into(), records: records.into(), plain: plain.into() }
    }

    fn spend(left: &AtomicU64, amount: u64, what: &'static str) -> Result<(), LayerProblem> {
        let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount));
        spent.map(drop).map_err(|_| LayerProblem::TooMuch(what))
    }
}

/// A file, folder or link, as far as two images can differ in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct FileFact {
    /// What it is.
    pub(crate) kind: EntryKind,
    /// Permissions.
    #[serde(serialize_with = "octal")]
    pub(crate) mode: u32,
    /// The owner by number.
    pub(crate) owner: u64,
    /// The group by number.
    pub(crate) group: u64,
    /// Bytes; 0 where it has none of its own.
    pub(crate) size: u64,
    /// Where a link leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    /// The digest of a file's bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
}

fn octal<S: Serializer>(mode: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{mode:04o}"))
}

/// A file, and the packages that it says are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The file.
    pub(crate) fact: FileFact,
    /// Packages, if it is a dpkg record.
    pub(crate) packages: Vec<Installed>,
}

/// One layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LayerContent {
    /// What it adds or replaces.
    pub(crate) entries: BTreeMap<RootPath, Placed>,
    /// Paths of lower layers that it hides, with what is below them.
    pub(crate) removed: BTreeSet<RootPath>,
    /// Folders whose content in lower layers it hides.
    pub(crate) emptied: BTreeSet<RootPath>,
    /// Bytes of the archive.
    pub(crate) plain: u64,
}

/// Why a layer cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("layer `{digest}`: {problem}")]
pub(crate) struct LayerError {
    digest: Digest,
    problem: LayerProblem,
}

/// What is wrong with a layer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LayerProblem {
    /// Its blob cannot be opened.
    #[error("`{0}` cannot be opened: {1}")]
    Open(String, io::Error),
    /// A media type that is no layer's.
    #[error("`{0}` is no media type of a layer that can be read: expected a tar archive, plain, gzip or zstd")]
    MediaType(String),
    /// Its archive is broken.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A dpkg record is broken.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It would take all memory or time.
    #[error("there are too many {0}: is it hostile?")]
    TooMuch(&'static str),
    /// Reading it failed in the end: it is damaged or not the blob that its manifest names.
    #[error("it is damaged: {0}; fetch or build it again")]
    Damaged(io::Error),
}

impl From<io::Error> for LayerProblem {
    fn from(error: io::Error) -> Self {
        EntryError::Read(error).into()
    }
}

/// Reads a layer from the path of the file that holds its blob.
pub(crate) fn read_layer(path: &Path, layer: &Descriptor, budget: &Budget) -> Result<LayerContent, LayerError> {
    let failed = |error| LayerProblem::Open(path.display().to_string(), error);
    let file =
        File::open(path).map_err(failed).map_err(|problem| LayerError { digest: layer.digest.clone(), problem })?;
    read_layer_file(file, layer, budget)
}

/// Reads a layer from the file that holds its blob, and checks size and digest of the blob on the way.
pub(crate) fn read_layer_file(file: File, layer: &Descriptor, budget: &Budget) -> Result<LayerContent, LayerError> {
    read(file, layer, budget).map_err(|problem| LayerError { digest: layer.digest.clone(), problem })
}

fn read(file: File, layer: &Descriptor, budget: &Budget) -> Result<LayerContent, LayerProblem> {
    let compression = match layer.media_type.as_str() {
        MEDIA_TYPE_LAYER => Compression::None,
        MEDIA_TYPE_LAYER_GZIP | MEDIA_TYPE_DOCKER_LAYER_GZIP => Compression::Gzip,
        MEDIA_TYPE_LAYER_ZSTD => Compression::Zstd,
        other => return Err(LayerProblem::MediaType(other.chars().take(140).collect())),
    };
    let mut verified = VerifyingReader::new(file, layer.digest.clone(), layer.size);
    let plain = compression.reader(&mut verified)?;
    let read = read_archive(Counted { inner: plain, count: 0, budget }, budget);
    // A blob that is not the one named is damage first of all, whatever its archive says.
    verified.finish().map_err(LayerProblem::Damaged)?;
    read
}

fn read_archive(plain: Counted<'_, impl Read>, budget: &Budget) -> Result<LayerContent, LayerProblem> {
    let mut content = LayerContent::default();
    let mut archive = Archive::new(plain);
    for_each(&mut archive, |entry| take(&mut content, entry, budget))?;
    let mut plain = archive.into_inner();
    io::copy(&mut plain, &mut io::sink())?;
    content.plain = plain.count;
    Ok(content)
}

fn take(content: &mut LayerContent, entry: LayerEntry<'_>, budget: &Budget) -> Result<(), LayerProblem> {
    let names = entry.path.as_str().len() + entry.target.as_ref().map_or(0, String::len);
    Budget::spend(&budget.entries, 1, "entries")?;
    Budget::spend(&budget.names, names as u64, "bytes of names")?;
    let folder = entry.path.parent();
    match (entry.path.file_name(), folder) {
        (".wh..wh..opq", Some(folder)) => drop(content.emptied.insert(folder)),
        (name, Some(folder)) if name.starts_with(".wh.") => {
            content.removed.insert(folder.join(name.trim_start_matches(".wh.")));
        }
        _ => {
            let path = entry.path.clone();
            let placed = place(entry, budget)?;
            content.entries.insert(path, placed);
        }
    }
    Ok(())
}

fn place(entry: LayerEntry<'_>, budget: &Budget) -> Result<Placed, LayerProblem> {
    let LayerEntry { path, kind, mode, owner, group, size, target, reader } = entry;
    let mut fact = FileFact { kind, mode, owner, group, size: 0, target, digest: None };
    let mut packages = Vec::new();
    if kind == EntryKind::File {
        let largest = largest_record(&path);
        if largest.is_some_and(|largest| size > largest) {
            return Err(LayerProblem::TooMuch("bytes in a dpkg record"));
        }
        let mut record = largest.map(|_| Vec::new());
        if record.is_some() {
            Budget::spend(&budget.records, size, "bytes of dpkg records")?;
        }
        fact.size = size;
        fact.digest = Some(digest(reader, record.as_mut())?);
        packages = record.map_or(Ok(Vec::new()), |record| dpkg_records::parse(path.as_str(), &record))?;
    }
    Ok(Placed { fact, packages })
}

/// How large a dpkg record may be at this path; none where none is looked for.
fn largest_record(path: &RootPath) -> Option<u64> {
    let in_folder = path.as_str().strip_prefix(STATUS_FOLDER).is_some_and(|name| name.starts_with('/'));
    match path.as_str() {
        STATUS_FILE => Some(LARGEST_STATUS),
        text if in_folder && !text.ends_with(".md5sums") => Some(LARGEST_RECORD),
        _ => None,
    }
}

fn digest(reader: &mut dyn Read, mut kept: Option<&mut Vec<u8>>) -> io::Result<Digest> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&buffer[..count]);
        }
    }
}

/// Counts plain bytes, and stops a bomb.
struct Counted<'b, R> {
    inner: R,
    count: u64,
    budget: &'b Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Budget::spend(&self.budget.plain, count as u64, "plain bytes").map_err(io::Error::other)?;
        Ok(count)
    }
}
