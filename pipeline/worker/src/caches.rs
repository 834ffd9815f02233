//! Clears the caches of a state folder: packages, segments, layers and changelogs that nothing published is made of.
//!
//! In: what is published, and from which age on a file may go. Out: what stayed and what went, by cache. Whatever is thrown away by mistake
//! is fetched or made again. The state folder must be held: a wave must not find a file gone that it has just seen.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use assemble::LockedPackage;
use plan::Publication;
use serde::Serialize;

use crate::{Builder, ChangelogFiles, DiskError, PathLists, list};

/// What may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSweep {
    /// Only files that were made longer ago.
    pub older_than: Duration,
    /// Only count.
    pub dry_run: bool,
}

/// What became of one cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CacheUse {
    /// The name of its folder.
    pub cache: &'static str,
    /// How many files stay.
    pub kept: usize,
    /// Their bytes.
    pub kept_bytes: u64,
    /// How many files went.
    pub removed: usize,
    /// The bytes that this frees: none for a layer that the registry has too.
    pub freed_bytes: u64,
}

impl Builder {
    /// Removes what is old and is not needed to build any of these publications once more.
    pub fn sweep_caches(&self, published: &[Publication], sweep: CacheSweep) -> Result<Vec<CacheUse>, DiskError> {
        let needed = self.needed_files(published);
        let (changelogs, paths) = (ChangelogFiles::beside(&self.debs), PathLists::beside(&self.debs));
        let caches = [
            ("debs", self.debs.folder()),
            ("segments", self.segments.folder()),
            ("layers", self.layers.folder()),
            ("changelogs", changelogs.folder()),
            ("paths", paths.folder()),
        ];
        caches.into_iter().map(|(name, folder)| sweep_folder(name, folder, &needed, sweep)).collect()
    }

    fn needed_files(&self, published: &[Publication]) -> BTreeSet<PathBuf> {
        let (mut needed, changelogs) = (BTreeSet::new(), ChangelogFiles::beside(&self.debs));
        let paths = PathLists::beside(&self.debs);
        needed.extend(published.iter().flat_map(|it| it.platforms.values()).map(|it| paths.path(&it.manifest)));
        for lock in published.iter().map(|publication| &publication.lock) {
            needed.extend(lock.packages().map(|package| self.debs.path(&package.sha256)));
            let facts = |package: &LockedPackage| changelogs.path(&package.source, &package.source_version.to_string());
            needed.extend(lock.packages().filter_map(facts));
            // An image that the catalogue has forgotten is not built again.
            for layer in self.works(lock).into_iter().flatten().flat_map(|work| work.layers) {
                needed.extend(self.layers.files(&layer.key));
                needed.extend(layer.segments.iter().flat_map(|segment| self.segments.files(&segment.key)));
            }
        }
        needed
    }
}

fn sweep_folder(
    cache: &'static str,
    folder: &Path,
    needed: &BTreeSet<PathBuf>,
    sweep: CacheSweep,
) -> Result<CacheUse, DiskError> {
    let mut found = CacheUse { cache, kept: 0, kept_bytes: 0, removed: 0, freed_bytes: 0 };
    for path in list(folder)? {
        let metadata = fs::metadata(&path).map_err(|error| DiskError::new("read", &path, error))?;
        if needed.contains(&path) || !metadata.is_file() || !is_old(&metadata, sweep.older_than) {
            found.kept += 1;
            found.kept_bytes += metadata.len();
            continue;
        }
        if !sweep.dry_run {
            fs::remove_file(&path).map_err(|error| DiskError::new("remove", &path, error))?;
        }
        found.removed += 1;
        found.freed_bytes += if metadata.nlink() > 1 { 0 } else { metadata.len() };
    }
    Ok(found)
}

/// A file from the future is not old.
fn is_old(metadata: &Metadata, older_than: Duration) -> bool {
    let age = metadata.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age > older_than)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn made(path: &Path, age: Duration) {
        fs::write(path, "12345").unwrap();
        let time = SystemTime::now() - age;
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn only_what_is_old_and_not_needed_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, age) in [("needed", 2 * WEEK), ("old", 2 * WEEK), ("young", WEEK / 2)] {
            made(&path(name), age);
        }
        let needed = BTreeSet::from([path("needed")]);
        let run =
            |dry_run| sweep_folder("x", folder.path(), &needed, CacheSweep { older_than: WEEK, dry_run }).unwrap();
        let expected = CacheUse { cache: "x", kept: 2, kept_bytes: 10, removed: 1, freed_bytes: 5 };
        assert_eq!(run(true), expected);
        assert!(path("old").exists(), "a dry run removes nothing");
        assert_eq!(run(false), expected);
        assert!(!path("old").exists() && path("needed").exists() && path("young").exists());
        assert_eq!(run(false).removed, 0);
    }

    #[test]
    fn a_file_that_has_another_name_frees_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, other) = (folder.path().join("cache"), folder.path().join("other"));
        fs::create_dir(&cache).unwrap();
        made(&cache.join("layer"), 2 * WEEK);
        fs::hard_link(cache.join("layer"), &other).unwrap();
        let sweep = CacheSweep { older_than: WEEK, dry_run: false };
        let found = sweep_folder("x", &cache, &BTreeSet::new(), sweep).unwrap();
        assert_eq!((found.removed, found.freed_bytes), (1, 0));
        assert!(other.exists());
    }
}
