//! What of a repository is missing or cut, as far as that can be told without reading blobs.
//!
//! In: a repository. Out: how many manifests it has, and a sentence for each thing that is wrong, with the file to look at. An index may
//! be sparse, and layers may be kept elsewhere: that is no harm.

use std::collections::BTreeSet;

use blob::Digest;
use oci::Repository;

use super::Document;
use crate::{Store, StoreError};

/// How it stands with a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// How many manifests can be read, indexes among them.
    pub manifests: usize,
    /// What is wrong.
    pub problems: Vec<String>,
}

impl Store {
    /// Looks at every manifest, and at the size of every blob that one needs.
    pub fn health(&self, repository: &Repository) -> Result<Health, StoreError> {
        let Some(view) = self.view(repository)? else { return Ok(Health::default()) };
        let contents = self.contents(repository, &view);
        let mut health = Health { manifests: contents.manifests().count(), problems: Vec::new() };
        let is_damaged = |digest: &&Digest| contents.manifest(digest).is_none() && self.has_blob(repository, digest);
        let children = contents.manifests().flat_map(|known| &known.children).map(|child| &child.digest);
        let damaged: BTreeSet<&Digest> = children.filter(is_damaged).chain(contents.unreadable()).collect();
        for digest in damaged {
            let path = self.blob_path(repository, digest);
            health.problems.push(format!("manifest {digest} is missing or damaged: `{}`", path.display()));
        }
        for known in contents.manifests() {
            let Some(bytes) = self.manifest_bytes(repository, &known.descriptor)? else { continue };
            let Ok(document) = Document::parse(&known.descriptor.media_type, &bytes) else { continue };
            for blob in document.required() {
                let found = match self.blob_size(repository, &blob.digest)? {
                    Some(size) if size == blob.size => continue,
                    Some(size) => format!("has {size} bytes"),
                    None => "is missing".to_owned(),
                };
                let path = self.blob_path(repository, &blob.digest);
                health.problems.push(format!(
                    "blob {} {found}, {} needs it with {} bytes: `{}`",
                    blob.digest,
                    known.descriptor.digest,
                    blob.size,
                    path.display()
                ));
            }
        }
        Ok(health)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci::{
        Descriptor, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP,
        MEDIA_TYPE_MANIFEST,
    };

    use super::*;

    #[test]
    fn names_what_is_missing_cut_or_damaged_and_lets_an_index_be_sparse() {
        let folder = tempfile::tempdir().unwrap();
        let (store, repository) = (Store::open(folder.path()).unwrap(), "x".parse().unwrap());
        for blob in [&b"config"[..], b"layer"] {
            store.put_bytes(&repository, blob).unwrap();
        }
        let layer = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, b"layer");
        let image = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), vec![layer.clone()]).to_bytes();
        let image = store.put_manifest(&repository, &image, MEDIA_TYPE_MANIFEST).unwrap();
        let elsewhere = Descriptor::of(MEDIA_TYPE_MANIFEST, b"elsewhere");
        let index = ImageIndex::new(vec![image.clone(), elsewhere]).to_bytes();
        store.put_manifest(&repository, &index, MEDIA_TYPE_INDEX).unwrap();
        assert_eq!(store.health(&repository).unwrap(), Health { manifests: 2, problems: Vec::new() });
        fs::write(store.blob_path(&repository, &layer.digest), "lay").unwrap();
        let cut = store.health(&repository).unwrap().problems;
        assert!(cut.len() == 1 && cut[0].starts_with(&format!("blob {} has 3 bytes", layer.digest)), "{cut:?}");
        fs::write(store.blob_path(&repository, &image.digest), "{}").unwrap();
        let damaged = Store::open(folder.path()).unwrap().health(&repository).unwrap().problems;
        assert!(damaged[0].starts_with(&format!("manifest {} is missing or damaged", image.digest)), "{damaged:?}");
    }
}
