//! Reads a registry's folder without any code of the product: image layouts, followed from `index.json` to every byte.
//!
//! In: the folder, while nobody writes. Out: what it holds, or a test that stops because something visible is not whole.
//! Format: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::Hash;

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Repository and tag, with the digest.
    pub(crate) tags: BTreeMap<(String, String), String>,
    /// Repository and digest of every file that is named as a blob.
    blobs: BTreeSet<(String, String)>,
}

impl Found {
    pub(crate) fn read(root: &Path) -> Self {
        let mut found = Self::default();
        for folder in files(root).iter().filter(|folder| folder.join("index.json").exists()) {
            let layout = Layout::read(folder);
            for (tag, digest) in layout.tags() {
                let other = found.tags.insert((layout.repository.clone(), tag.clone()), digest);
                assert_eq!(other, None, "`{}:{tag}` is there twice", layout.repository);
            }
            found.blobs.extend(layout.sizes.into_keys().map(|digest| (layout.repository.clone(), digest)));
        }
        found
    }

    pub(crate) fn tag(&self, repository: &str, tag: &str) -> Option<&str> {
        self.tags.get(&(repository.to_owned(), tag.to_owned())).map(String::as_str)
    }

    pub(crate) fn has_blob(&self, repository: &str, digest: &str) -> bool {
        self.blobs.contains(&(repository.to_owned(), digest.to_owned()))
    }
}

/// One repository.
struct Layout {
    repository: String,
    folder: PathBuf,
    index: Value,
    /// Every file that is named as a blob, with its size.
    sizes: BTreeMap<String, u64>,
}

impl Layout {
    fn read(folder: &Path) -> Self {
        let repository = folder.file_name().unwrap().to_str().unwrap().replace("%2F", "/");
        assert_eq!(json(&folder.join("oci-layout"))["imageLayoutVersion"], "1.0.0", "{repository}");
        let index = json(&folder.join("index.json"));
        Self { repository, folder: folder.to_owned(), index, sizes: sizes(folder) }
    }

    /// The tags, after everything that `index.json` leads to was found whole.
    fn tags(&self) -> Vec<(String, String)> {
        let entries = self.index["manifests"].as_array().unwrap();
        let mut seen = BTreeSet::new();
        for entry in entries {
            self.follow(entry, &mut seen);
        }
        let tag = |entry: &Value| Some((text(&entry["annotations"][REF_NAME])?, text(&entry["digest"])?));
        entries.iter().filter_map(tag).collect()
    }

    /// What a descriptor names is there with the size that it says, and so is what that names.
    fn follow(&self, descriptor: &Value, seen: &mut BTreeSet<String>) {
        let digest = text(&descriptor["digest"]).unwrap();
        let size = self.sizes.get(&digest).unwrap_or_else(|| panic!("`{}` lacks {digest}", self.repository));
        assert_eq!(descriptor["size"], *size, "`{}`: {digest}", self.repository);
        let media_type = text(&descriptor["mediaType"]).unwrap_or_default();
        let is_document = media_type.contains(".manifest.") || media_type.contains(".index.");
        if is_document && seen.insert(digest.clone()) {
            let document = json(&self.folder.join("blobs").join(digest.replace(':', "/")));
            let lists = ["layers", "manifests"].into_iter().filter_map(|key| document[key].as_array()).flatten();
            let config = Some(&document["config"]).filter(|config| config.is_object());
            for one in config.into_iter().chain(lists) {
                self.follow(one, seen);
            }
        }
    }
}

/// Every file with a digest as its name, with its size; each has the bytes of that digest, whether anything names it or not.
fn sizes(folder: &Path) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for (name, hash) in [("sha256", Hash::Sha256), ("sha512", Hash::Sha512)] {
        for path in files(&folder.join("blobs").join(name)) {
            let hex = path.file_name().unwrap().to_str().unwrap();
            if hex.starts_with('.') {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let digest = hash.digest(&bytes);
            assert_eq!(digest, format!("{name}:{hex}"), "`{}` has other bytes", path.display());
            sizes.insert(digest, bytes.len() as u64);
        }
    }
    sizes
}

fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The entries of a folder, in any order; none where it is not there.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}
