//! The store: image layouts on disk, one per repository.
//!
//! In: a folder, names and digests. Out: manifests, blobs, tags and referrers, whole or not at all.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

mod blobs;
mod cache;
mod contents;
mod error;
pub(crate) mod files;
mod garbage;
mod health;
mod index_file;
mod opaque;
mod remove;
mod sound;
mod together;
mod uploads;
mod view;
mod write;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Bytes;
use blob::{Digest, Verdict};
use oci::{Descriptor, INDEX_FILE, LAYOUT_FILE, LayoutIndex, Repository, Tag, blob_path};

pub use blobs::StoredBlob;
use cache::Cache;
pub(crate) use contents::{Contents, Known, Size};
pub use error::StoreError;
use files::{at, present};
pub use garbage::{Collected, Collecting, Retention};
pub use health::Health;
pub(crate) use opaque::Document;
use sound::{Soundness, Soundnesses};
pub(crate) use uploads::Upload;
use view::Stamp;
pub(crate) use view::View;
pub use write::Blobs;
pub(crate) use write::{Condition, Push};

/// How much memory manifests may take.
const MANIFESTS_IN_MEMORY: usize = 64 * 1024 * 1024;
/// No manifest is larger.
pub(crate) const LARGEST_MANIFEST: u64 = oci::LARGEST_DOCUMENT as u64;

/// Image layouts in one folder. Several stores, in one process or many, may have the same folder.
#[derive(Debug)]
pub struct Store {
    pub(crate) root: PathBuf,
    /// The folder is one image layout, whatever the repository is called.
    is_layout: bool,
    views: RwLock<BTreeMap<Repository, Arc<View>>>,
    manifests: Cache,
    soundnesses: Soundnesses,
    turns: [Mutex<()>; 16],
}

/// A manifest with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// Media type, digest and size.
    pub descriptor: Descriptor,
    /// The bytes that have the digest.
    pub bytes: Bytes,
}

impl Store {
    /// Opens the folder, makes it where it is not there, and removes what a crash left half written.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::of(root.into(), false).opened()
    }

    /// The same for a folder that is one image layout: whatever repository is asked for, it is that.
    pub(crate) fn open_layout(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::of(folder.into(), true).opened()
    }

    /// A folder that is one image layout, or is none; nothing is made and nothing is removed.
    pub(crate) fn look_at_layout(folder: impl Into<PathBuf>) -> Self {
        Self::of(folder.into(), true)
    }

    fn of(root: PathBuf, is_layout: bool) -> Self {
        Self {
            root,
            is_layout,
            views: RwLock::default(),
            manifests: Cache::new(MANIFESTS_IN_MEMORY),
            soundnesses: Soundnesses::default(),
            turns: Default::default(),
        }
    }

    fn opened(self) -> Result<Self, StoreError> {
        files::create_folder(&self.root)?;
        match self.sweep() {
            // What is only read is served nevertheless.
            Err(error) if !error.is_read_only() => Err(error),
            _ => Ok(self),
        }
    }

    /// The folder with the image layout of a repository, whether it is there or not.
    pub fn layout_path(&self, repository: &Repository) -> PathBuf {
        if self.is_layout { self.root.clone() } else { self.root.join(repository.as_str().replace('/', "%2F")) }
    }

    /// Where a blob of a repository is, or would be.
    pub fn blob_path(&self, repository: &Repository, digest: &Digest) -> PathBuf {
        self.layout_path(repository).join(blob_path(digest))
    }

    /// All repositories, sorted; none where the folder is one image layout.
    pub fn repositories(&self) -> Result<Vec<Repository>, StoreError> {
        let mut found = self.folders()?;
        found.retain(|repository| self.exists(repository));
        found.sort();
        Ok(found)
    }

    /// The repositories that have a folder, whether there is anything in it or not.
    pub(crate) fn folders(&self) -> Result<Vec<Repository>, StoreError> {
        if self.is_layout {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.root).map_err(at(&self.root, "listed"))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.replace("%2F", "/").parse().ok()).collect())
    }

    pub(crate) fn exists(&self, repository: &Repository) -> bool {
        let folder = self.layout_path(repository);
        folder.join(LAYOUT_FILE).is_file() && folder.join(INDEX_FILE).is_file()
    }

    /// What a tag points to; `None` also where that is not there or not whole.
    pub fn resolve(&self, repository: &Repository, tag: &Tag) -> Result<Option<Descriptor>, StoreError> {
        let Some(view) = self.view(repository)? else { return Ok(None) };
        let Some(descriptor) = view.tagged(tag) else { return Ok(None) };
        Ok(self.manifest_bytes(repository, descriptor)?.map(|_| descriptor.clone()))
    }

    /// All tags in ASCII order; none where there is no such repository.
    pub fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, StoreError> {
        Ok(self.view(repository)?.map(|view| view.tags().cloned().collect()).unwrap_or_default())
    }

    /// What speaks about a digest: descriptors with artifact type and annotations, ordered by digest.
    pub fn referrers(&self, repository: &Repository, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let view = self.view(repository)?;
        Ok(view.map(|view| self.contents(repository, &view).referrers(subject).to_vec()).unwrap_or_default())
    }

    /// A manifest or index that the repository's `index.json` leads to.
    pub fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<StoredManifest>, StoreError> {
        let Some(descriptor) = self.descriptor(repository, digest)? else { return Ok(None) };
        let bytes = self.manifest_bytes(repository, &descriptor)?;
        Ok(bytes.map(|bytes| StoredManifest { descriptor, bytes }))
    }

    /// What a digest is, if the repository has a manifest of it.
    pub(crate) fn descriptor(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Descriptor>, StoreError> {
        let Some(view) = self.view(repository)? else { return Ok(None) };
        let listed = view.entry(digest).cloned();
        let found = || Some(self.contents(repository, &view).manifest(digest)?.descriptor.clone());
        Ok(listed.or_else(found))
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
        let view = Arc::new(View::new(stamp, &index, former.as_deref()));
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        views.insert(repository.clone(), Arc::clone(&view));
        Ok(Some(view))
    }

    /// What the manifests that a view lists say; read where nobody asked before.
    pub(crate) fn contents(&self, repository: &Repository, view: &View) -> Arc<Contents> {
        Arc::clone(view.contents(|entry| self.load(repository, entry)))
    }

    fn remembered(&self, repository: &Repository) -> Option<Arc<View>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner).get(repository).cloned()
    }

    /// Forgets that a manifest could not be read: it was put again.
    pub(crate) fn read_again(&self, repository: &Repository, digest: &Digest) {
        let view = self.remembered(repository);
        let contents = view.as_ref().and_then(|view| view.loaded());
        if contents.is_some_and(|contents| contents.unreadable().contains(digest)) {
            self.views.write().unwrap_or_else(PoisonError::into_inner).remove(repository);
        }
    }

    /// Reads a manifest for the view. What is damaged is reported and left out: one bad file must not take the others away.
    fn load(&self, repository: &Repository, descriptor: &Descriptor) -> Option<Known> {
        let complain = |reason: &dyn std::fmt::Display| {
            tracing::warn!(%repository, digest = %descriptor.digest, "a manifest is not served: {reason}");
        };
        // What another repository has in memory is not this one's.
        let is_here = self.has_blob(repository, &descriptor.digest);
        let bytes = is_here.then(|| self.manifest_bytes(repository, descriptor));
        let bytes = bytes?.inspect_err(|reason| complain(reason)).ok()??;
        let document = Document::parse(&descriptor.media_type, &bytes);
        let document = document.inspect_err(|reason| complain(reason)).ok()?;
        Some(Known::of(descriptor, &document))
    }

    /// The manifest's bytes if they are in memory.
    pub(crate) fn cached_manifest(&self, digest: &Digest) -> Option<Bytes> {
        self.manifests.get(digest)
    }

    /// The manifest's bytes, from memory or, checked, from disk; `None` where the file is not there or damaged.
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
        if let Err(reason) = verdict.update(&bytes).and_then(|()| verdict.finish()) {
            tracing::error!(path = %path.display(), "a manifest is damaged and is not served: {reason}");
            return Ok(None);
        }
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
    let index = LayoutIndex::parse(&bytes).map_err(|reason| StoreError::Damaged { path: path.to_owned(), reason })?;
    Ok(Some((stamp, index)))
}
