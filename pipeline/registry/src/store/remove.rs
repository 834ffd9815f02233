//! What is deleted because somebody asks for it: tags, manifests, blobs. What a manifest needs is not.
//!
//! In: a repository and a tag or digest. Out: whether it was there.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management>.

use std::fs;

use blob::Digest;
use oci::{Repository, Tag};

use super::files::{self, at, present};
use crate::{Store, StoreError, fault};

impl Store {
    /// Removes a tag; what it pointed to stays, by its digest. `false` where there is no such tag.
    pub fn remove_tag(&self, repository: &Repository, tag: &Tag) -> Result<bool, StoreError> {
        let mut was_there = false;
        if self.exists(repository) {
            self.change_index(repository, |index| {
                was_there = index.remove(tag).is_some();
                Ok(())
            })?;
        }
        Ok(was_there)
    }

    /// Removes a manifest and all its tags. `false` where it is not there; an error where an index names it as its own.
    pub fn remove_manifest(&self, repository: &Repository, digest: &Digest) -> Result<bool, StoreError> {
        let mut was_there = false;
        if !self.exists(repository) {
            return Ok(false);
        }
        // The file goes under the same lock: whoever pushes the manifest again comes before or after.
        let (_writing, _lock) = (self.writing()?, self.lock_index(repository)?);
        self.rewrite_index(repository, |index| {
            let view = self.view(repository)?;
            let contents = view.map(|view| self.contents(repository, &view)).unwrap_or_default();
            if let Some(parent) = contents.manifest(digest).and_then(|_| contents.parent(digest)) {
                return Err(needed(repository, digest, &parent.descriptor.digest));
            }
            was_there = index.contains(digest);
            index.forget(digest);
            Ok(())
        })?;
        if was_there {
            self.remove_file(repository, digest)?;
        }
        Ok(was_there)
    }

    /// Removes a blob. `false` where it is not there; an error where a manifest names it as its own.
    pub fn remove_blob(&self, repository: &Repository, digest: &Digest) -> Result<bool, StoreError> {
        if !self.exists(repository) {
            return Ok(false);
        }
        let _lock = self.lock_index(repository)?;
        let Some(view) = self.view(repository)? else { return Ok(false) };
        let contents = self.contents(repository, &view);
        if let Some(owner) = contents.owner(digest).or_else(|| contents.manifest(digest)) {
            return Err(needed(repository, digest, &owner.descriptor.digest));
        }
        self.remove_file(repository, digest)
    }

    /// Takes the name away; other repositories that have the blob keep it.
    pub(crate) fn remove_file(&self, repository: &Repository, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.blob_path(repository, digest);
        fault::point("blob about to go");
        let removed = present(fs::remove_file(&path)).map_err(at(&path, "removed"))?;
        if removed.is_some() {
            files::sync_folder(files::folder_of(&path))?;
        }
        Ok(removed.is_some())
    }
}

fn needed(repository: &Repository, digest: &Digest, owner: &Digest) -> StoreError {
    StoreError::Needed { repository: repository.clone(), digest: digest.clone(), owner: owner.clone() }
}

#[cfg(test)]
mod tests {
    use oci::{Descriptor, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};
    use tempfile::TempDir;

    use super::*;

    /// An index with one image with one configuration, tagged `1`.
    fn store() -> (TempDir, Store, Repository, Descriptor, Descriptor) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("registry")).unwrap();
        let repository: Repository = "team/python".parse().unwrap();
        store.put_bytes(&repository, b"config").unwrap();
        let image = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), Vec::new());
        let child = store.put_manifest(&repository, &image.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
        let top = ImageIndex::new(vec![child.clone()]);
        let top = store.put_manifest(&repository, &top.to_bytes(), MEDIA_TYPE_INDEX).unwrap();
        store.tag(&repository, &"1".parse().unwrap(), &top).unwrap();
        (folder, store, repository, top, child)
    }

    #[test]
    fn a_tag_goes_and_what_it_pointed_to_stays() {
        let (_folder, store, repository, top, _) = store();
        let tag: Tag = "1".parse().unwrap();
        assert!(store.remove_tag(&repository, &tag).unwrap());
        assert!(!store.remove_tag(&repository, &tag).unwrap());
        assert!(!store.remove_tag(&"none".parse().unwrap(), &tag).unwrap());
        assert!(store.manifest(&repository, &top.digest).unwrap().is_some());
    }

    #[test]
    fn what_is_needed_stays_until_what_needs_it_is_gone() {
        let (_folder, store, repository, top, child) = store();
        let config = Digest::of("config");
        let refusal = store.remove_manifest(&repository, &child.digest).unwrap_err().to_string();
        assert!(refusal.contains(&format!("is needed by `{}`", top.digest)), "{refusal}");
        assert!(matches!(store.remove_blob(&repository, &config), Err(StoreError::Needed { .. })));
        assert!(matches!(store.remove_blob(&repository, &top.digest), Err(StoreError::Needed { .. })));
        assert!(store.remove_manifest(&repository, &top.digest).unwrap());
        assert_eq!(store.tags(&repository).unwrap(), []);
        assert!(store.manifest(&repository, &top.digest).unwrap().is_none());
        assert!(store.remove_manifest(&repository, &child.digest).unwrap());
        assert!(store.remove_blob(&repository, &config).unwrap());
        assert!(!store.remove_blob(&repository, &config).unwrap());
    }
}
