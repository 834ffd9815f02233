//! What one layer adds and takes away: files with their digests, dpkg records, whiteouts.
//!
//! In: a layer's blob. Out: a [`LayerContent`]; nothing of a file's bytes is kept but what a [`Reading`] asks for. All that a
//! hostile layer can make us remember is counted against one [`Budget`].
//! Whiteouts: <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use assemble::RootPath;
use blob::{Algorithm, Digest, Hasher, VerifyingReader};
use debian::Compression;
use oci::{Descriptor, MEDIA_TYPE_DOCKER_LAYER_GZIP, MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_LAYER_ZSTD};
use serde::{Serialize, Serializer};
use tar::Archive;

use crate::dpkg_records::{self, Installed, RecordError};
use crate::layer_budget::{Budget, Counted, TooMuch};
use crate::layer_entries::{EntryError, EntryKind, LayerEntry, for_each};
use crate::layer_records;

/// What is wanted of a layer's files beside their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Every file's digest, and the packages that dpkg's records name: to compare.
    Digests,
    /// The bytes of dpkg's records and of `os-release`: to scan.
    Records,
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
    /// Packages, if it is a dpkg record and digests were wanted.
    pub(crate) packages: Vec<Installed>,
    /// Its bytes, if records were wanted and it may be one.
    pub(crate) kept: Option<Vec<u8>>,
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
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// A dpkg record is larger than any can be.
    #[error("the dpkg record `{0}` has more bytes than the {1} that it may have: is it hostile?")]
    TooLarge(String, u64),
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
    read_layer_as(Reading::Digests, file, layer, budget)
}

/// The same for what is wanted of it, from any reader of the blob.
pub(crate) fn read_layer_as(
    reading: Reading,
    blob: impl Read + Send,
    layer: &Descriptor,
    budget: &Budget,
) -> Result<LayerContent, LayerError> {
    read(reading, blob, layer, budget).map_err(|problem| LayerError { digest: layer.digest.clone(), problem })
}

fn read(
    reading: Reading,
    blob: impl Read + Send,
    layer: &Descriptor,
    budget: &Budget,
) -> Result<LayerContent, LayerProblem> {
    let compression = match layer.media_type.as_str() {
        MEDIA_TYPE_LAYER => Compression::None,
        MEDIA_TYPE_LAYER_GZIP | MEDIA_TYPE_DOCKER_LAYER_GZIP => Compression::Gzip,
        MEDIA_TYPE_LAYER_ZSTD => Compression::Zstd,
        other => return Err(LayerProblem::MediaType(other.chars().take(140).collect())),
    };
    let mut verified = VerifyingReader::new(blob, layer.digest.clone(), layer.size);
    let plain = compression.reader(&mut verified)?;
    let read = read_archive(reading, Counted::new(plain, budget), budget);
    // A blob that is not the one named is damage first of all, whatever its archive says.
    verified.finish().map_err(LayerProblem::Damaged)?;
    read
}

fn read_archive(
    reading: Reading,
    plain: Counted<'_, impl Read>,
    budget: &Budget,
) -> Result<LayerContent, LayerProblem> {
    let mut content = LayerContent::default();
    let mut archive = Archive::new(plain);
    for_each(&mut archive, |entry| take(reading, &mut content, entry, budget))?;
    let mut plain = archive.into_inner();
    io::copy(&mut plain, &mut io::sink())?;
    content.plain = plain.count();
    Ok(content)
}

fn take(
    reading: Reading,
    content: &mut LayerContent,
    entry: LayerEntry<'_>,
    budget: &Budget,
) -> Result<(), LayerProblem> {
    let names = entry.path.as_str().len() + entry.target.as_ref().map_or(0, String::len);
    budget.entry(names as u64)?;
    let folder = entry.path.parent();
    match (entry.path.file_name(), folder) {
        (".wh..wh..opq", Some(folder)) => drop(content.emptied.insert(folder)),
        (name, Some(folder)) if name.starts_with(".wh.") => {
            content.removed.insert(folder.join(name.trim_start_matches(".wh.")));
        }
        _ => {
            let path = entry.path.clone();
            let placed = place(reading, entry, budget)?;
            content.entries.insert(path, placed);
        }
    }
    Ok(())
}

fn place(reading: Reading, entry: LayerEntry<'_>, budget: &Budget) -> Result<Placed, LayerProblem> {
    let LayerEntry { path, kind, mode, owner, group, size, target, reader, .. } = entry;
    let fact = FileFact { kind, mode, owner, group, size: 0, target, digest: None };
    let mut placed = Placed { fact, packages: Vec::new(), kept: None };
    if kind == EntryKind::File {
        placed.fact.size = size;
        match reading {
            Reading::Digests => compare(&mut placed, &path, reader, budget)?,
            Reading::Records => placed.kept = layer_records::keep(&path, size, reader, budget)?,
        }
    }
    Ok(placed)
}

fn compare(placed: &mut Placed, path: &RootPath, reader: &mut dyn Read, budget: &Budget) -> Result<(), LayerProblem> {
    let largest = layer_records::largest_status(path);
    if let Some(largest) = largest.filter(|largest| placed.fact.size > *largest) {
        return Err(LayerProblem::TooLarge(path.to_string(), largest));
    }
    let mut record = largest.map(|_| Vec::new());
    if record.is_some() {
        budget.record(placed.fact.size)?;
    }
    placed.fact.digest = Some(digest(reader, record.as_mut())?);
    placed.packages = record.map_or(Ok(Vec::new()), |record| dpkg_records::parse(path.as_str(), &record))?;
    Ok(())
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
