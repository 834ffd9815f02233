//! The paths of an image, kept beside it: a rule about a part that the image lacks must hold when it is scanned again without being built.
//!
//! In: a manifest's digest and the image's tree. Out: `STATE/paths/<hex>.zst`, one path a line, sorted. They are small, and made again with
//! the image; where one is missing, rules about paths say nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assemble::Tree;
use blob::Digest;
use scan::PathList;

use crate::{DiskError, list, sweep_abandoned, write_atomically};

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

    /// Removes the lists of images that are not among these.
    pub fn sweep(&self, kept: &BTreeSet<&Digest>) -> Result<(), DiskError> {
        let kept: BTreeSet<PathBuf> = kept.iter().map(|digest| self.path(digest)).collect();
        for path in list(&self.folder)?.into_iter().filter(|path| !kept.contains(path)) {
            fs::remove_file(&path).map_err(|error| DiskError::new("remove", &path, error))?;
        }
        Ok(())
    }

    fn path(&self, manifest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.zst", manifest.hex()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_kept_until_the_image_is_not() {
        let state = tempfile::tempdir().unwrap();
        let lists = PathLists::of_state(state.path()).unwrap();
        let (kept, gone) = (Digest::of("kept"), Digest::of("gone"));
        for digest in [&kept, &gone] {
            lists.keep(digest, &Tree::default()).unwrap();
        }
        assert_eq!(lists.load(&kept), Some(PathList::default()));
        lists.sweep(&BTreeSet::from([&kept])).unwrap();
        assert_eq!((lists.load(&kept), lists.load(&gone)), (Some(PathList::default()), None));
        fs::write(lists.path(&kept), "torn").unwrap();
        assert_eq!(lists.load(&kept), None);
    }
}
