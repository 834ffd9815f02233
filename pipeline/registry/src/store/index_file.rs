//! `index.json` as it changes: read, changed and written under a lock, so that nobody's change is lost.
//!
//! In: a repository and what to change. Out: the new `index.json`, whole, under its name.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file>.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::path::PathBuf;

use blob::Digest;
use oci::{BLOBS_FOLDER, INDEX_FILE, LAYOUT_FILE, LayoutIndex, Repository, layout_file};

use super::files::{self, Existing, at};
use super::read_index;
use crate::{Store, StoreError, fault};

/// File systems have no longer names.
const LONGEST_NAME: usize = 255;

impl Store {
    /// Makes an empty image layout where there is none; `oci-layout` first, because it is what writers lock.
    pub(crate) fn create(&self, repository: &Repository) -> Result<(), StoreError> {
        if self.exists(repository) {
            return Ok(());
        }
        let folder = self.new_layout_path(repository)?;
        files::create_folder(&folder.join(BLOBS_FOLDER))?;
        files::write(&folder.join(LAYOUT_FILE), &layout_file(), Existing::Keep)?;
        files::write(&folder.join(INDEX_FILE), &LayoutIndex::default().to_bytes(), Existing::Keep)
    }

    /// Where a repository can be made.
    pub(crate) fn new_layout_path(&self, repository: &Repository) -> Result<PathBuf, StoreError> {
        let folder = self.layout_path(repository);
        let length = folder.file_name().map_or(0, OsStr::len);
        if length > LONGEST_NAME { Err(StoreError::TooLong { repository: repository.clone() }) } else { Ok(folder) }
    }

    /// Reads `index.json`, changes it and writes it; no other writer comes between. What lost its last tag is young again:
    /// who pinned its digest has time to move on before it is collected.
    pub(crate) fn change_index(
        &self,
        repository: &Repository,
        change: impl FnOnce(&mut LayoutIndex) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        self.rewrite_index(repository, change)
    }

    /// The same for who holds the lock.
    pub(crate) fn rewrite_index(
        &self,
        repository: &Repository,
        change: impl FnOnce(&mut LayoutIndex) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = self.layout_path(repository).join(INDEX_FILE);
        let mut index = read_index(&path)?.map(|(_, index)| index).unwrap_or_default();
        let (before, tagged) = (index.to_bytes(), tagged(&index));
        change(&mut index)?;
        let after = index.to_bytes();
        if after == before {
            return Ok(());
        }
        tagged.difference(&self::tagged(&index)).for_each(|digest| self.refresh(&self.blob_path(repository, digest)));
        fault::point("index about to change");
        files::write(&path, &after, Existing::Replace)?;
        fault::point("index changed");
        Ok(())
    }

    /// Makes a repository where there is none, and locks it.
    pub(crate) fn lock_repository(&self, repository: &Repository) -> Result<File, StoreError> {
        self.create(repository)?;
        self.lock_index(repository)
    }

    /// Held by whoever changes what a repository lists, gives a file in it its name, or takes one away: collection looks at a file and
    /// removes it as one step.
    pub(crate) fn lock_index(&self, repository: &Repository) -> Result<File, StoreError> {
        let path = self.layout_path(repository).join(LAYOUT_FILE);
        let file = File::open(&path).map_err(at(&path, "locked"))?;
        file.lock().map_err(at(&path, "locked"))?;
        Ok(file)
    }

    /// Held while something is written, so that nobody takes a temporary file in use for one that a crash left.
    pub(crate) fn writing(&self) -> Result<File, StoreError> {
        let root = File::open(&self.root).map_err(at(&self.root, "locked"))?;
        root.lock_shared().map_err(at(&self.root, "locked"))?;
        Ok(root)
    }

    /// Removes temporary files, unless somebody is writing just now: then they may be in use, and the next opening does it.
    pub(crate) fn sweep(&self) -> Result<(), StoreError> {
        let root = File::open(&self.root).map_err(at(&self.root, "locked"))?;
        match root.try_lock() {
            Ok(()) => files::sweep(&self.root),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(reason)) => Err(at(&self.root, "locked")(reason)),
        }
    }
}

fn tagged(index: &LayoutIndex) -> BTreeSet<Digest> {
    index.tags().into_values().map(|descriptor| descriptor.digest).collect()
}

#[cfg(test)]
mod tests {
    use oci::{
        ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST,
    };
    use std::fs;

    use oci::{Descriptor, Tag};
    use tempfile::TempDir;

    use super::*;

    fn store() -> (TempDir, Store, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("registry")).unwrap();
        (folder, store, "team/python".parse().unwrap())
    }

    /// An index without children: the smallest thing that can be tagged.
    fn index(store: &Store, repository: &Repository, text: &str) -> Descriptor {
        let mut index = ImageIndex::new(Vec::new());
        index.annotations.insert("text".to_owned(), text.to_owned());
        store.put_manifest(repository, &index.to_bytes(), MEDIA_TYPE_INDEX).unwrap()
    }

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_put_is_found_by_another_store_on_the_same_folder() {
        let (_folder, store, repository) = store();
        let top = index(&store, &repository, "a");
        store.tag(&repository, &tag("latest"), &top).unwrap();
        let other = Store::open(&store.root).unwrap();
        assert_eq!(other.repositories().unwrap(), std::slice::from_ref(&repository));
        assert_eq!(other.resolve(&repository, &tag("latest")).unwrap(), Some(top.clone()));
        assert_eq!(Digest::of(other.manifest(&repository, &top.digest).unwrap().unwrap().bytes), top.digest);
        let next = index(&store, &repository, "b");
        store.tag(&repository, &tag("latest"), &next).unwrap();
        assert_eq!(other.resolve(&repository, &tag("latest")).unwrap(), Some(next), "a moved tag is seen at once");
    }

    #[test]
    fn a_manifest_needs_its_blobs_and_a_tag_its_manifest() {
        let (_folder, store, repository) = store();
        let layer = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, b"layer");
        let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), vec![layer.clone()]).to_bytes();
        store.put_bytes(&repository, b"config").unwrap();
        let error = store.put_manifest(&repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`team/python` has no `{}` of 5 bytes", layer.digest)), "{error}");
        let top = Descriptor::of(MEDIA_TYPE_MANIFEST, &manifest);
        assert!(matches!(store.tag(&repository, &tag("1"), &top), Err(StoreError::Missing { .. })));
        store.put_bytes(&repository, b"layer").unwrap();
        store.put_manifest(&repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
        store.tag(&repository, &tag("1"), &top).unwrap();
    }

    #[test]
    fn what_is_no_manifest_is_refused_and_leaves_nothing() {
        let (_folder, store, repository) = store();
        assert!(matches!(store.put_manifest(&repository, b"{}", MEDIA_TYPE_INDEX), Err(StoreError::Document { .. })));
        assert_eq!(store.repositories().unwrap(), []);
    }

    #[test]
    fn two_writers_of_one_tag_end_with_one_of_both_and_lose_no_other_tag() {
        let (_folder, store, repository) = store();
        let tops = [index(&store, &repository, "a"), index(&store, &repository, "b")];
        std::thread::scope(|scope| {
            for (number, top) in tops.iter().enumerate() {
                let (root, repository) = (store.root.clone(), repository.clone());
                scope.spawn(move || {
                    let store = Store::open(root).unwrap();
                    for turn in 0..20 {
                        store.tag(&repository, &tag("latest"), top).unwrap();
                        store.tag(&repository, &tag(&format!("{number}.{turn}")), top).unwrap();
                    }
                });
            }
        });
        let latest = store.resolve(&repository, &tag("latest")).unwrap().unwrap();
        assert!(tops.contains(&latest));
        assert_eq!(store.tags(&repository).unwrap().len(), 41);
    }

    #[test]
    fn a_crash_leaves_what_was_there_and_the_next_opening_cleans_up() {
        let (_folder, store, repository) = store();
        let top = index(&store, &repository, "a");
        store.tag(&repository, &tag("latest"), &top).unwrap();
        let layout = store.layout_path(&repository);
        let halves = [layout.join(".bedplate-index"), layout.join("blobs/sha256/.bedplate-blob")];
        for half in &halves {
            fs::write(half, b"{\"schemaVers").unwrap();
        }
        let writing = store.writing().unwrap();
        Store::open(&store.root).unwrap();
        assert!(halves.iter().all(|half| half.exists()), "somebody is writing: the files may be in use");
        drop(writing);
        let after = Store::open(&store.root).unwrap();
        assert!(!halves.iter().any(|half| half.exists()));
        assert_eq!(after.resolve(&repository, &tag("latest")).unwrap(), Some(top));
    }

    #[test]
    fn a_crash_while_a_repository_is_made_shows_nothing_and_is_made_good() {
        let (_folder, store, repository) = store();
        fs::create_dir_all(store.layout_path(&repository).join("blobs")).unwrap();
        fs::write(store.layout_path(&repository).join("oci-layout"), layout_file()).unwrap();
        assert_eq!(store.repositories().unwrap(), []);
        index(&store, &repository, "a");
        assert_eq!(store.repositories().unwrap(), [repository]);
    }

    #[test]
    fn one_file_serves_several_repositories_and_a_damaged_one_is_replaced() {
        use std::os::unix::fs::MetadataExt;
        let (folder, store, one) = store();
        let two: Repository = "other".parse().unwrap();
        let (path, digest) = (folder.path().join("layer"), Digest::of("layer"));
        fs::write(&path, "layer").unwrap();
        let inode = |repository: &Repository| fs::metadata(store.blob_path(repository, &digest)).unwrap().ino();
        for repository in [&one, &two] {
            store.put_blob_from_path(repository, &digest, &path).unwrap();
        }
        assert_eq!(inode(&one), inode(&two));
        fs::remove_file(store.blob_path(&two, &digest)).unwrap();
        fs::write(store.blob_path(&two, &digest), "lay").unwrap();
        store.put_blob_from_path(&two, &digest, &path).unwrap();
        assert_eq!(inode(&one), inode(&two));
    }
}
