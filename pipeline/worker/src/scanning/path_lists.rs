//! The paths of an image, kept beside it: a rule about a part that the image lacks must hold when it is scanned again without being built.
//!
//! In: a manifest's digest and the image's tree. Out: `STATE/paths/<hex>.zst`, one path a line, sorted. They are small, and made again with
//! the image; where one is missing, rules about paths say nothing.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assemble::Tree;
use blob::Digest;
use scan::PathList;

use crate::{Debs, DiskError, sweep_abandoned, write_atomically};

/// So many bytes of paths are read: the largest image has a hundredth of it.
const LARGEST: u64 = 64 << 20;
/// Fast, and small enough.
const LEVEL: i32 = 3;

/// All lists of a state folder.
#[derive(Debug, Clone)]
pub struct PathLists {
    folder: PathBuf,
}

impl PathLists {
    /// Those of the state folder `state`.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("paths");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// Those beside these .debs.
    pub(crate) fn beside(debs: &Debs) -> Self {
        let state = debs.folder().ancestors().nth(2).unwrap_or(debs.folder());
        Self { folder: state.join("paths") }
    }

    /// Keeps the paths of the image with this manifest.
    pub fn keep(&self, manifest: &Digest, tree: &Tree) -> Result<(), DiskError> {
        let path = self.path(manifest);
        if path.exists() {
            return Ok(());
        }
        let text: String = tree.iter().map(|node| format!("{}\n", node.entry.path)).collect();
        let packed = zstd::encode_all(text.as_bytes(), LEVEL).map_err(|error| DiskError::new("pack", &path, error))?;
        write_atomically(&path, &packed)
    }

    /// The paths of an image, where they are kept.
    pub fn load(&self, manifest: &Digest) -> Option<PathList> {
        let file = fs::File::open(self.path(manifest)).ok()?;
        let mut text = String::new();
        zstd::Decoder::new(file).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
        Some(PathList(text.lines().map(str::to_owned).collect()))
    }

    /// Where all lists are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a list is or would be.
    pub(crate) fn path(&self, manifest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.zst", manifest.hex()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_kept_and_torn_ones_are_none() {
        let state = tempfile::tempdir().unwrap();
        let lists = PathLists::of_state(state.path()).unwrap();
        let (kept, other) = (Digest::of("kept"), Digest::of("other"));
        lists.keep(&kept, &Tree::default()).unwrap();
        assert_eq!((lists.load(&kept), lists.load(&other)), (Some(PathList::default()), None));
        let beside = PathLists::beside(&Debs::of_state(state.path()).unwrap());
        assert_eq!(beside.path(&kept), lists.path(&kept));
        fs::write(lists.path(&kept), "torn").unwrap();
        assert_eq!(lists.load(&kept), None);
    }
}
