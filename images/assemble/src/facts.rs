//! What is remembered of a package or a layer beside its bytes: enough for audits, effects, differences and SBOMs.
//!
//! These values are kept as JSON next to the compressed bytes, so that a layer that was made before needs no .deb.

use std::collections::BTreeMap;

use blob::Digest;
use serde::{Deserialize, Serialize};

use crate::about::About;
use crate::chunk::Member;
use crate::elf::Elf;
use crate::path::RootPath;
use crate::review::Scripts;
use crate::sha1_digest::Sha1Digest;

/// A package's part of a layer: what its compressed members hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The binary package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// When it was made, in seconds since 1970: the newest time in the .deb's outer archive.
    pub timestamp: u64,
    /// The gzip members, in order.
    pub members: Vec<Member>,
    /// Files and links, in the order of the archive.
    pub entries: Vec<Entry>,
    /// Folders that the kept entries need, or that are empty in the package.
    pub directories: Vec<Entry>,
    /// Content of files that effects read, at most 1 MiB each.
    pub captured: BTreeMap<RootPath, String>,
    /// Its maintainer scripts.
    pub scripts: Scripts,
    /// What it says about itself.
    pub about: About,
}

/// One path of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it lies.
    pub path: RootPath,
    /// What it is.
    #[serde(flatten)]
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner's number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub owner: u32,
    /// Group's number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub group: u32,
    /// Modification time in seconds since 1970.
    pub mtime: u64,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EntryKind {
    /// A folder.
    Directory,
    /// A regular file.
    File(FileFacts),
    /// A symbolic link and what it says.
    Symlink {
        /// What the link says.
        target: String,
    },
    /// Another name of a file of the same package.
    Hardlink {
        /// The file.
        target: RootPath,
    },
}

/// What is known of a regular file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Bytes.
    pub size: u64,
    /// Digest of the content.
    pub digest: Digest,
    /// Its SHA-1, for SBOMs.
    pub sha1: Sha1Digest,
    /// Its names, if it is an ELF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elf: Option<Elf>,
    /// The first line after `#!`, if it is a script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
}

impl Entry {
    /// What is known of it as a file.
    pub fn file(&self) -> Option<&FileFacts> {
        match &self.kind {
            EntryKind::File(facts) => Some(facts),
            _ => None,
        }
    }

    /// Whether it is a folder.
    pub fn is_directory(&self) -> bool {
        self.kind == EntryKind::Directory
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
