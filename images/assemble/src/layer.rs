//! Packages and effects become one layer: what it holds is planned first, then its bytes are written.
//!
//! In: the expanded chain, the parent's tree, the packages' segments. Out: [`LayerPlan`] (pure data: which folders,
//! which files of effects, the tree above), then the gzip stream of the layer with its two digests. The order is
//! fixed: folders by path, packages by name, effects in their order.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use blob::{Algorithm, Digest, Hasher};
use debian::Architecture;
use serde::{Deserialize, Serialize};

use crate::about::About;
use crate::chunk;
use crate::content;
use crate::definition::Definition;
use crate::effects::{self, EffectContext, EffectError, Made, MadeBody};
use crate::facts::{Entry, EntryKind, Segment};
use crate::path::RootPath;
use crate::tar_entry::{Attributes, END, EntryBody, padding, write_header};
use crate::tree::{Tree, TreeError};

/// Changes when the same segments and effects would give other bytes or facts. Part of every cache key.
pub const LAYER_FORMAT: u32 = 2;

/// Why a layer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Entries that do not fit together.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// An effect that cannot be carried out.
    #[error(transparent)]
    Effect(#[from] EffectError),
    /// Reading a segment or writing the layer failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The image below a layer.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// Its whole tree.
    pub tree: Tree,
    /// Contents that its packages captured for effects.
    pub captured: BTreeMap<RootPath, String>,
    /// What its packages say about themselves, by name.
    pub about: BTreeMap<String, About>,
    /// Newest package time of its layers, in seconds since 1970.
    pub timestamp: u64,
}

/// What a layer will hold.
#[derive(Debug, Clone)]
pub struct LayerPlan {
    /// Newest package time of the layer; the time of everything that effects make.
    pub timestamp: u64,
    /// Folders to write, by path.
    directories: Vec<Entry>,
    /// What effects made, in order.
    made: Vec<Made>,
    /// The image with this layer on top.
    pub result: Base,
}

/// A finished layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of the compressed bytes.
    pub digest: Digest,
    /// Digest of the plain bytes.
    pub diff_id: Digest,
    /// Compressed bytes.
    pub size: u64,
    /// Plain bytes.
    pub plain_size: u64,
    /// Newest package time of the layer, in seconds since 1970.
    pub timestamp: u64,
}

/// Plans the layer of the last definition of the chain. `segments` are in the order of their packages' names.
pub fn plan_layer(
    chain: &[Definition],
    base: &Base,
    segments: &[&Segment],
    architecture: Architecture,
) -> Result<LayerPlan, LayerError> {
    let newest = segments.iter().map(|segment| segment.timestamp).max();
    let mut planner =
        Planner { result: base.clone(), directories: BTreeMap::new(), timestamp: newest.unwrap_or(base.timestamp) };
    for segment in segments {
        planner.add_package(segment)?;
    }
    let made = effects::carry_out(EffectContext {
        chain,
        tree: &planner.result.tree,
        captured: &planner.result.captured,
        architecture,
    })?;
    let origin = format!("effects of {}", chain.last().map_or("", |definition| &definition.name));
    let made = made.into_iter().map(|one| planner.add_made(one, &origin)).filter_map(Result::transpose);
    let made = made.collect::<Result<Vec<_>, _>>()?;
    planner.result.timestamp = planner.timestamp.max(base.timestamp);
    Ok(LayerPlan {
        timestamp: planner.timestamp,
        directories: planner.directories.into_values().collect(),
        made,
        result: planner.result,
    })
}

struct Planner {
    result: Base,
    directories: BTreeMap<RootPath, Entry>,
    timestamp: u64,
}

impl Planner {
    fn add_package(&mut self, segment: &Segment) -> Result<(), TreeError> {
        for directory in &segment.directories {
            self.add_directory(directory, &segment.package)?;
        }
        for entry in &segment.entries {
            self.add_parents(&entry.path, &segment.package)?;
            self.result.tree.add(entry.clone(), &segment.package)?;
        }
        self.result.about.insert(segment.package.clone(), segment.about.clone());
        self.capture(segment)
    }

    /// What effects read must come from one package, or one could speak for another.
    fn capture(&mut self, segment: &Segment) -> Result<(), TreeError> {
        for (path, text) in &segment.captured {
            let known = self.result.captured.insert(path.clone(), text.clone());
            if known.is_some() {
                let first = "another package".to_owned();
                return Err(TreeError::Twice { path: path.clone(), first, second: segment.package.clone() });
            }
        }
        Ok(())
    }

    fn add_directory(&mut self, directory: &Entry, origin: &str) -> Result<(), TreeError> {
        self.add_parents(&directory.path, origin)?;
        if self.result.tree.get(&directory.path).is_none() {
            self.directories.insert(directory.path.clone(), directory.clone());
        }
        self.result.tree.add(directory.clone(), origin)
    }

    /// Folders that nobody declares are root's, with mode 0755.
    fn add_parents(&mut self, path: &RootPath, origin: &str) -> Result<(), TreeError> {
        let mut missing: Vec<RootPath> = path.ancestors().filter(|folder| !folder.is_root()).collect();
        missing.retain(|folder| self.result.tree.get(folder).is_none());
        for folder in missing.into_iter().rev() {
            let entry = self.entry(folder.clone(), EntryKind::Directory, 0o755, (0, 0));
            self.result.tree.add(entry.clone(), origin)?;
            self.directories.insert(folder, entry);
        }
        Ok(())
    }

    /// Folders join the others; everything else is written after the packages.
    fn add_made(&mut self, made: Made, origin: &str) -> Result<Option<Made>, TreeError> {
        self.add_parents(&made.path, origin)?;
        let kind = match &made.body {
            MadeBody::Directory => EntryKind::Directory,
            MadeBody::File(content) => EntryKind::File(content::facts_of(content)),
            MadeBody::Symlink(target) => EntryKind::Symlink { target: target.clone() },
            MadeBody::Hardlink(target) => EntryKind::Hardlink { target: target.clone() },
        };
        let entry = self.entry(made.path.clone(), kind, made.mode, (made.owner, made.group));
        if made.body == MadeBody::Directory {
            if let Some(there) = self.result.tree.get(&made.path).filter(|there| !there.entry.is_directory()) {
                return Err(TreeError::Twice {
                    path: made.path,
                    first: there.origin.clone(),
                    second: origin.to_owned(),
                });
            }
            self.result.tree.replace(entry.clone(), origin)?;
            self.directories.insert(made.path, entry);
            return Ok(None);
        }
        self.check_replaced(&made.path, origin)?;
        self.result.tree.replace(entry, origin)?;
        Ok(Some(made))
    }

    /// An effect may replace what a parent has, or what rules took from a package, but not what this layer writes.
    fn check_replaced(&self, path: &RootPath, origin: &str) -> Result<(), TreeError> {
        let twice =
            |first: &str| TreeError::Twice { path: path.clone(), first: first.to_owned(), second: origin.to_owned() };
        match self.result.tree.get(path) {
            Some(there) if there.entry.is_directory() || there.origin == origin => Err(twice(&there.origin)),
            _ => Ok(()),
        }
    }

    fn entry(&self, path: RootPath, kind: EntryKind, mode: u32, (owner, group): (u32, u32)) -> Entry {
        Entry { path, kind, mode, owner, group, mtime: self.timestamp }
    }
}

/// Writes the layer: `segments` gives, in the order of the plan, each segment and a reader of its compressed bytes.
pub fn write_layer<'s, R: Read>(
    plan: &LayerPlan,
    segments: impl IntoIterator<Item = io::Result<(&'s Segment, R)>>,
    output: impl Write,
) -> Result<Layer, LayerError> {
    let mut writer = LayerWriter::new(output);
    writer.write_plain(&directory_bytes(plan)?)?;
    for item in segments {
        let (segment, mut reader) = item?;
        for member in &segment.members {
            writer.copy_member(&mut reader, member)?;
        }
    }
    writer.write_plain(&made_bytes(plan)?)?;
    Ok(writer.finish(plan.timestamp))
}

fn directory_bytes(plan: &LayerPlan) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in &plan.directories {
        let attributes = Attributes { mode: entry.mode, owner: entry.owner, group: entry.group, mtime: entry.mtime };
        write_header(&mut bytes, &entry.path, EntryBody::Directory, attributes)?;
    }
    Ok(bytes)
}

fn made_bytes(plan: &LayerPlan) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for made in &plan.made {
        let attributes = Attributes { mode: made.mode, owner: made.owner, group: made.group, mtime: plan.timestamp };
        match &made.body {
            MadeBody::Directory => {}
            MadeBody::Symlink(target) => write_header(&mut bytes, &made.path, EntryBody::Symlink(target), attributes)?,
            MadeBody::Hardlink(target) => {
                write_header(&mut bytes, &made.path, EntryBody::Hardlink(target), attributes)?;
            }
            MadeBody::File(content) => {
                let size = content.len() as u64;
                write_header(&mut bytes, &made.path, EntryBody::File(size), attributes)?;
                bytes.extend_from_slice(content);
                bytes.extend_from_slice(padding(size));
            }
        }
    }
    bytes.extend_from_slice(&END);
    Ok(bytes)
}

/// Counts and hashes both forms of the layer while its members pass.
struct LayerWriter<W> {
    output: W,
    compressed: Hasher,
    plain: Hasher,
    size: u64,
    plain_size: u64,
}

impl<W: Write> LayerWriter<W> {
    fn new(output: W) -> Self {
        let hasher = || Hasher::new(Algorithm::Sha256);
        Self { output, compressed: hasher(), plain: hasher(), size: 0, plain_size: 0 }
    }

    fn write_plain(&mut self, plain: &[u8]) -> io::Result<()> {
        for part in plain.chunks(chunk::MEMBER_SIZE) {
            self.write_member(&chunk::compress(part)?, part)?;
        }
        Ok(())
    }

    fn copy_member(&mut self, reader: &mut impl Read, member: &chunk::Member) -> io::Result<()> {
        let mut bytes = Vec::new();
        reader.take(member.compressed).read_to_end(&mut bytes)?;
        let plain = chunk::inflate(&bytes, member.plain)?;
        self.write_member(&bytes, &plain)
    }

    fn write_member(&mut self, member: &[u8], plain: &[u8]) -> io::Result<()> {
        self.compressed.update(member);
        self.plain.update(plain);
        self.size += member.len() as u64;
        self.plain_size += plain.len() as u64;
        self.output.write_all(member)
    }

    fn finish(self, timestamp: u64) -> Layer {
        let Self { compressed, plain, size, plain_size, .. } = self;
        Layer { digest: compressed.finish(), diff_id: plain.finish(), size, plain_size, timestamp }
    }
}
