//! One package becomes its part of a layer: filtered, normalised, compressed, and described.
//!
//! In: a locked package, its rules, the .deb's bytes. Out: gzip members in `output`, and the [`Segment`] that says
//! what they hold. The bytes depend on the .deb and the rules only: not on the layer, the machine or the number of
//! threads. No maintainer script is run; the .deb is checked against the lock while it streams.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use blob::VerifyingReader;
use debian::{ControlArchive, DataEntry, Deb, DebError};

use crate::about::About;
use crate::chunk::write_members;
use crate::content;
use crate::copyright::{self, Copyright};
use crate::dpkg;
use crate::facts::{Entry, EntryKind, Segment};
use crate::lock::LockedPackage;
use crate::path::{IsDirectory, PathError, RootPath, usr_merged};
use crate::review::Scripts;
use crate::rules::PackageRules;
use crate::segment_error::{SegmentError, SegmentProblem};
use crate::tar_entry::{Attributes, EntryBody, padding, write_header};

/// Changes when the same .deb and rules would give other bytes or facts. Part of every cache key.
pub const SEGMENT_FORMAT: u32 = 2;

/// Makes a package's segment; `deb` must be exactly the .deb that the lock names.
pub fn build_segment<R: Read + Send, W: Write + Send>(
    package: &LockedPackage,
    rules: &PackageRules,
    deb: R,
    output: W,
) -> Result<Segment, SegmentError> {
    build(package, rules, deb, output)
        .map_err(|problem| SegmentError { package: format!("{} {}", package.name, package.version), problem })
}

fn build<R: Read + Send, W: Write + Send>(
    package: &LockedPackage,
    rules: &PackageRules,
    deb: R,
    output: W,
) -> Result<Segment, SegmentProblem> {
    let mut reader = VerifyingReader::new(deb, package.sha256.clone(), package.size);
    let (segment, members) = write_members(output, |writer| {
        let (control, data) = Deb::open(&mut reader)?.into_parts()?;
        let mut builder = Builder::new(rules, timestamp(&control), writer);
        data.for_each(|entry| builder.add(entry))?;
        builder.finish(package, &control)
    })?;
    reader.finish()?;
    Ok(Segment { members, ..segment })
}

fn timestamp(control: &ControlArchive) -> u64 {
    u64::try_from(control.timestamp.as_second()).unwrap_or_default()
}

struct Builder<'b, W> {
    rules: &'b PackageRules,
    timestamp: u64,
    output: &'b mut W,
    entries: Vec<Entry>,
    kept: BTreeSet<RootPath>,
    seen: BTreeSet<RootPath>,
    links: BTreeSet<RootPath>,
    directories: BTreeMap<RootPath, Entry>,
    captured: BTreeMap<RootPath, String>,
    copyright: BTreeMap<RootPath, Copyright>,
}

impl<'b, W: Write> Builder<'b, W> {
    fn new(rules: &'b PackageRules, timestamp: u64, output: &'b mut W) -> Self {
        Self {
            rules,
            timestamp,
            output,
            entries: Vec::new(),
            kept: BTreeSet::new(),
            seen: BTreeSet::new(),
            links: BTreeSet::new(),
            directories: BTreeMap::new(),
            captured: BTreeMap::new(),
            copyright: BTreeMap::new(),
        }
    }

    fn add(&mut self, mut entry: DataEntry<'_>) -> Result<(), SegmentProblem> {
        let is_directory = matches!(entry.kind, debian::EntryKind::Directory);
        let path = RootPath::of_member(&entry.path)?;
        let path = usr_merged(&path, if is_directory { IsDirectory::Yes } else { IsDirectory::No });
        if path.is_root() {
            return Ok(());
        }
        self.check_place(&path, is_directory)?;
        if entry.has_xattrs {
            return Err(SegmentProblem::Attributes(path));
        }
        match entry.kind.clone() {
            debian::EntryKind::Directory => {
                self.add_directory(path, &entry);
                Ok(())
            }
            debian::EntryKind::File => self.add_file(path, &mut entry),
            debian::EntryKind::Symlink(target) => self.add_symlink(path, &target, &entry),
            debian::EntryKind::Hardlink(target) => self.add_hardlink(path, &target, &entry),
            other => Err(SegmentProblem::Special { path, kind: special(&other) }),
        }
    }

    fn check_place(&mut self, path: &RootPath, is_directory: bool) -> Result<(), SegmentProblem> {
        if let Some(link) = path.ancestors().find(|ancestor| self.links.contains(ancestor)) {
            return Err(SegmentProblem::BelowLink { path: path.clone(), link });
        }
        let again = !self.seen.insert(path.clone());
        // A merged /usr makes one folder of `lib/` and `usr/lib/`: bookworm's packages have both.
        let merged = is_directory && self.directories.contains_key(path);
        if again && !merged { Err(SegmentProblem::Twice(path.clone())) } else { Ok(()) }
    }

    fn attributes(&self, entry: &DataEntry<'_>) -> Attributes {
        let number = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
        Attributes {
            mode: entry.mode & 0o7777,
            owner: number(entry.uid),
            group: number(entry.gid),
            mtime: entry.mtime.min(self.timestamp),
        }
    }

    fn add_directory(&mut self, path: RootPath, entry: &DataEntry<'_>) {
        let fact = fact(path.clone(), EntryKind::Directory, self.attributes(entry));
        self.directories.entry(path).or_insert(fact);
    }

    fn add_file(&mut self, path: RootPath, entry: &mut DataEntry<'_>) -> Result<(), SegmentProblem> {
        let fate = self.rules.fate(&path);
        let (attributes, size) = (self.attributes(entry), entry.size);
        let is_copyright = copyright::is_copyright(&path) && size <= copyright::LARGEST;
        if !fate.captured && !is_copyright {
            return if fate.kept { self.write_file(path, size, attributes, entry) } else { Ok(()) };
        }
        let bytes = content::read_whole(&path, size, entry)?;
        if is_copyright {
            self.copyright.insert(path.clone(), Copyright::read(&bytes));
        }
        if fate.captured {
            self.captured.insert(path.clone(), content::captured_text(&path, &bytes)?);
        }
        if fate.kept { self.write_file(path, size, attributes, &mut bytes.as_slice()) } else { Ok(()) }
    }

    fn write_file(
        &mut self,
        path: RootPath,
        size: u64,
        attributes: Attributes,
        reader: &mut dyn Read,
    ) -> Result<(), SegmentProblem> {
        if attributes.mode & 0o6000 != 0 {
            return Err(SegmentProblem::SetId { path, mode: attributes.mode });
        }
        write_header(self.output, &path, EntryBody::File(size), attributes)?;
        let facts = content::copy(&path, size, reader, self.output)?;
        self.output.write_all(padding(size))?;
        self.keep(path, EntryKind::File(facts), attributes);
        Ok(())
    }

    fn add_symlink(&mut self, path: RootPath, target: &[u8], entry: &DataEntry<'_>) -> Result<(), SegmentProblem> {
        let target =
            std::str::from_utf8(target).map_err(|_| PathError::NotUtf8(String::from_utf8_lossy(target).into()))?;
        self.links.insert(path.clone());
        if self.rules.fate(&path).kept {
            let attributes = Attributes { mode: 0o777, ..self.attributes(entry) };
            write_header(self.output, &path, EntryBody::Symlink(target), attributes)?;
            self.keep(path, EntryKind::Symlink { target: target.to_owned() }, attributes);
        }
        Ok(())
    }

    fn add_hardlink(&mut self, path: RootPath, target: &[u8], entry: &DataEntry<'_>) -> Result<(), SegmentProblem> {
        let target = usr_merged(&RootPath::of_member(target)?, IsDirectory::No);
        if !self.rules.fate(&path).kept {
            return Ok(());
        }
        if !self.kept.contains(&target) {
            return Err(SegmentProblem::LostTarget { path, target });
        }
        let attributes = self.attributes(entry);
        write_header(self.output, &path, EntryBody::Hardlink(&target), attributes)?;
        self.keep(path, EntryKind::Hardlink { target }, attributes);
        Ok(())
    }

    fn keep(&mut self, path: RootPath, kind: EntryKind, attributes: Attributes) {
        self.kept.insert(path.clone());
        self.entries.push(fact(path, kind, attributes));
    }

    /// Adds the package's records, and sorts out which folders stay.
    fn finish(mut self, package: &LockedPackage, control: &ControlArchive) -> Result<Segment, SegmentProblem> {
        for (path, text) in dpkg::records(&package.name, control, &self.kept) {
            let attributes = Attributes { mode: 0o644, owner: 0, group: 0, mtime: self.timestamp };
            self.write_file(path, text.len() as u64, attributes, &mut text.as_bytes())?;
        }
        Ok(Segment {
            package: package.name.clone(),
            version: package.version.to_string(),
            timestamp: self.timestamp,
            members: Vec::new(),
            directories: self.kept_directories(),
            entries: self.entries,
            captured: self.captured,
            scripts: scripts(control)?,
            about: About::new(control, self.copyright)?,
        })
    }

    /// Folders above something kept, and folders that the package ships empty.
    fn kept_directories(&self) -> Vec<Entry> {
        let parents = |paths: &BTreeSet<RootPath>| paths.iter().flat_map(RootPath::ancestors).collect::<BTreeSet<_>>();
        let (needed, not_empty) = (parents(&self.kept), parents(&self.seen));
        let empty = |path: &RootPath| !not_empty.contains(path) && self.rules.keeps(path);
        let empties: BTreeSet<RootPath> = self.directories.keys().filter(|path| empty(path)).cloned().collect();
        let above_empties = parents(&empties);
        let keep =
            |path: &&RootPath| needed.contains(*path) || empties.contains(*path) || above_empties.contains(*path);
        self.directories.keys().filter(keep).filter_map(|path| self.directories.get(path).cloned()).collect()
    }
}

fn fact(path: RootPath, kind: EntryKind, attributes: Attributes) -> Entry {
    let Attributes { mode, owner, group, mtime } = attributes;
    Entry { path, kind, mode, owner, group, mtime }
}

fn scripts(control: &ControlArchive) -> Result<Scripts, DebError> {
    let triggers = control.triggers()?;
    Ok(Scripts {
        digest: debian::script_digest(control),
        texts: debian::script_texts(control),
        triggers: triggers.interest.into_iter().chain(triggers.activate).collect(),
    })
}

fn special(kind: &debian::EntryKind) -> String {
    match kind {
        debian::EntryKind::CharDevice => "character device".into(),
        debian::EntryKind::BlockDevice => "block device".into(),
        debian::EntryKind::Fifo => "named pipe".into(),
        other => format!("{other:?}").to_lowercase(),
    }
}
