//! The store: image layouts on disk, one per repository, as they are read.
//!
//! In: a folder, names and digests. Out: manifests, blobs, tags and referrers, whole or not at all.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use blob::{Digest, Verdict, VerifyError};
use oci::{
    Descriptor, DocumentError, INDEX_FILE, LAYOUT_FILE, LayoutIndex, ManifestDocument, Repository, Tag, blob_path,
};

mod cache;
pub(crate) mod files;
mod view;
mod write;

use cache::Cache;
use files::{at, present};
pub(crate) use view::View;
use view::{Known, Size, Stamp};

/// How much memory manifests may take.
const MANIFESTS_IN_MEMORY: usize = 64 * 1024 * 1024;
/// Registries and clients refuse larger manifests.
const LARGEST_MANIFEST: u64 = 4 * 1024 * 1024;

/// Image layouts in one folder. Several stores, in one process or many, may have the same folder.
#[derive(Debug)]
pub struct Store {
    pub(crate) root: PathBuf,
    views: RwLock<BTreeMap<Repository, Arc<View>>>,
    manifests: Cache,
}

/// A manifest with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// Media type, digest and size.
    pub descriptor: Descriptor,
    /// The bytes that have the digest.
    pub bytes: Bytes,
}

/// A blob, opened.
#[derive(Debug)]
pub struct StoredBlob {
    /// The file, at its start.
    pub file: File,
    /// How many bytes it has.
    pub size: u64,
}

/// Why the store cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refuses.
    #[error("`{}` cannot be {action}: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A document in the store, or one to be put there, is none.
    #[error("`{place}`: {reason}")]
    Document {
        /// The file or digest.
        place: String,
        /// What is wrong with it.
        reason: DocumentError,
    },
    /// Bytes to be stored are not those of the digest.
    #[error("`{digest}` is not stored: {reason}; build or fetch it again")]
    Wrong {
        /// The digest promised.
        digest: Digest,
        /// What came.
        reason: VerifyError,
    },
    /// Something names a blob that is not in the repository, or has another size there.
    #[error("`{repository}` has no `{digest}` of {size} bytes: expected it to be put before what names it")]
    Missing {
        /// The repository.
        repository: Repository,
        /// The blob that is named.
        digest: Digest,
        /// The size by which it is named.
        size: u64,
    },
}

impl Store {
    /// Opens the folder, makes it where it is not there, and removes what a crash left half written.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        files::create_folder(&root)?;
        let store = Self { root, views: RwLock::default(), manifests: Cache::new(MANIFESTS_IN_MEMORY) };
        store.sweep()?;
        Ok(store)
    }

    /// The folder with the image layout of a repository, whether it is there or not.
    pub fn layout_path(&self, repository: &Repository) -> PathBuf {
        self.root.join(repository.as_str().replace('/', "%2F"))
    }

    /// Where a blob of a repository is, or would be.
    pub fn blob_path(&self, repository: &Repository, digest: &Digest) -> PathBuf {
        self.layout_path(repository).join(blob_path(digest))
    }

    /// All repositories, sorted.
    pub fn repositories(&self) -> Result<Vec<Repository>, StoreError> {
        let entries = fs::read_dir(&self.root).map_err(at(&self.root, "listed"))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut found: Vec<Repository> =
            names.filter_map(|name| name.replace("%2F", "/").parse().ok()).filter(|name| self.exists(name)).collect();
        found.sort();
        Ok(found)
    }

    pub(crate) fn exists(&self, repository: &Repository) -> bool {
        let folder = self.layout_path(repository);
        folder.join(LAYOUT_FILE).is_file() && folder.join(INDEX_FILE).is_file()
    }

    /// What a tag points to; `None` also where that is not there or not whole.
    pub fn resolve(&self, repository: &Repository, tag: &Tag) -> Result<Option<Descriptor>, StoreError> {
        let view = self.view(repository)?;
        Ok(view.and_then(|view| view.tagged(tag).map(|known| known.descriptor.clone())))
    }

    /// All tags in ASCII order; none where there is no such repository.
    pub fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, StoreError> {
        Ok(self.view(repository)?.map(|view| view.tags().cloned().collect()).unwrap_or_default())
    }

    /// What speaks about a digest: descriptors with artifact type and annotations, ordered by digest.
    pub fn referrers(&self, repository: &Repository, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        Ok(self.view(repository)?.map(|view| view.referrers(subject).to_vec()).unwrap_or_default())
    }

    /// A manifest or index that the repository's `index.json` leads to.
    pub fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<StoredManifest>, StoreError> {
        let Some(view) = self.view(repository)? else { return Ok(None) };
        let Some(known) = view.manifest(digest) else { return Ok(None) };
        let bytes = self.manifest_bytes(repository, &known.descriptor)?;
        Ok(bytes.map(|bytes| StoredManifest { descriptor: known.descriptor.clone(), bytes }))
    }

    /// Whether the blob is there, of whatever size.
    pub fn has_blob(&self, repository: &Repository, digest: &Digest) -> bool {
        self.blob_path(repository, digest).is_file()
    }

    /// How large the blob is, if it is there.
    pub fn blob_size(&self, repository: &Repository, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let path = self.blob_path(repository, digest);
        let metadata = present(fs::metadata(&path)).map_err(at(&path, "read"))?;
        Ok(metadata.filter(fs::Metadata::is_file).map(|metadata| metadata.len()))
    }

    /// Opens a blob. `None` where it is not there, or has another size than the manifests say.
    pub fn open_blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<StoredBlob>, StoreError> {
        let path = self.blob_path(repository, digest);
        let Some(view) = self.view(repository)? else { return Ok(None) };
        let Some(file) = present(File::open(&path)).map_err(at(&path, "read"))? else { return Ok(None) };
        let metadata = file.metadata().map_err(at(&path, "read"))?;
        let size = metadata.len();
        if let Size::Expected(expected) = view.judge(digest, size) {
            tracing::error!(path = %path.display(), size, expected, "a blob has the wrong size and is not served");
            return Ok(None);
        }
        Ok(metadata.is_file().then_some(StoredBlob { file, size }))
    }

    /// The view in memory, if it is what the disk says: one look at a file's metadata.
    pub(crate) fn cached_view(&self, repository: &Repository) -> Option<Arc<View>> {
        let view = self.remembered(repository)?;
        let metadata = fs::metadata(self.layout_path(repository).join(INDEX_FILE)).ok()?;
        view.is_of(&Stamp::of(&metadata)).then_some(view)
    }

    /// What the repository holds now; `None` where there is no such repository.
    pub(crate) fn view(&self, repository: &Repository) -> Result<Option<Arc<View>>, StoreError> {
        if let Some(view) = self.cached_view(repository) {
            return Ok(Some(view));
        }
        let path = self.layout_path(repository).join(INDEX_FILE);
        let Some((stamp, index)) = read_index(&path)? else { return Ok(None) };
        let former = self.remembered(repository);
        let view = Arc::new(View::new(stamp, &index, former.as_deref(), |entry| self.load(repository, entry)));
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        views.insert(repository.clone(), Arc::clone(&view));
        Ok(Some(view))
    }

    fn remembered(&self, repository: &Repository) -> Option<Arc<View>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner).get(repository).cloned()
    }

    /// Reads a manifest for the view. What is damaged is reported and left out: one bad file must not take the others away.
    fn load(&self, repository: &Repository, descriptor: &Descriptor) -> Option<Known> {
        let complain = |reason: &dyn std::fmt::Display| {
            tracing::warn!(%repository, digest = %descriptor.digest, "a manifest is not served: {reason}");
        };
        let bytes = self.manifest_bytes(repository, descriptor).inspect_err(|reason| complain(reason)).ok()??;
        let document = ManifestDocument::parse(&descriptor.media_type, &bytes);
        let document = document.inspect_err(|reason| complain(reason)).ok()?;
        Some(Known::of(descriptor, &document))
    }

    /// The manifest's bytes if they are in memory.
    pub(crate) fn cached_manifest(&self, digest: &Digest) -> Option<Bytes> {
        self.manifests.get(digest)
    }

    /// The manifest's bytes, from memory or, checked, from disk; `None` where the file is not there.
    pub(crate) fn manifest_bytes(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Option<Bytes>, StoreError> {
        if let Some(bytes) = self.cached_manifest(&descriptor.digest) {
            return Ok(Some(bytes));
        }
        let path = self.blob_path(repository, &descriptor.digest);
        let Some(file) = present(File::open(&path)).map_err(at(&path, "read"))? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(at(&path, "read"))?;
        let mut verdict = Verdict::new(descriptor.digest.clone(), descriptor.size.min(LARGEST_MANIFEST));
        let checked = verdict.update(&bytes).and_then(|()| verdict.finish());
        checked.map_err(|reason| StoreError::Wrong { digest: descriptor.digest.clone(), reason })?;
        let bytes = Bytes::from(bytes);
        self.manifests.put(&descriptor.digest, bytes.clone());
        Ok(Some(bytes))
    }
}

/// Reads `index.json` together with what tells it from the next.
pub(crate) fn read_index(path: &Path) -> Result<Option<(Stamp, LayoutIndex)>, StoreError> {
    let Some(mut file) = present(File::open(path)).map_err(at(path, "read"))? else { return Ok(None) };
    let stamp = Stamp::of(&file.metadata().map_err(at(path, "read"))?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(at(path, "read"))?;
    let index = LayoutIndex::parse(&bytes)
        .map_err(|reason| StoreError::Document { place: path.display().to_string(), reason })?;
    Ok(Some((stamp, index)))
}
