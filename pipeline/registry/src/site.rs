//! The registry as files: a tree that a plain web server or an object store can serve for pulling.
//!
//! In: a [`Store`], and what of it is wanted. Out: a folder with `v2/…` as clients ask for it, `keys/…` to verify with, and beside them what a server must be told:
//! `nginx.conf`, `_headers` and `headers.json`. It may be served while it is written: tags move after everything that they lead to.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull>.

mod files;
mod gather;
mod headers;
mod listing;
mod nginx;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use blob::Digest;
use oci::{Repository, Tag};
use serde::Serialize;

use crate::{Store, StoreError};

/// What of a repository is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePart {
    /// The repository.
    pub repository: Repository,
    /// Only these tags, what they lead to and what speaks about it; `None`: everything that the repository has.
    pub tags: Option<BTreeSet<Tag>>,
}

/// A page beside the registry, such as a key to verify images with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePage {
    /// Its name: it is served as `/keys/NAME`, and `index.html` as `/keys/` too.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What one repository of a site has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteRepository {
    /// Its name.
    pub repository: Repository,
    /// How many tags.
    pub tags: usize,
    /// How many manifests, indexes among them.
    pub manifests: usize,
    /// How many blobs.
    pub blobs: usize,
    /// The sum of the blobs' sizes.
    pub bytes: u64,
}

/// What an export did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SiteReport {
    /// What is there now.
    pub repositories: Vec<SiteRepository>,
    /// How many files were written or linked.
    pub written: usize,
    /// How many files were right already, and were not touched.
    pub unchanged: usize,
    /// How many files were removed.
    pub removed: usize,
}

/// Why a site cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The store cannot be read, or a file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A tag or repository was asked for that is not there.
    #[error("`{0}` is not in the registry: expected one that `bedplate up` published or a client pushed")]
    Absent(String),
    /// A tag or digest leads to a manifest that is not there, or not whole.
    #[error("the manifest of `{0}` is damaged: see `bedplate doctor --deep`")]
    Damaged(String),
    /// A manifest names a blob that is not there, or is cut.
    #[error("`{repository}` lacks `{digest}` of {size} bytes, which `{manifest}` needs: see `bedplate doctor --deep`")]
    Missing {
        /// The repository.
        repository: Repository,
        /// The blob.
        digest: Digest,
        /// Its size.
        size: u64,
        /// What names it.
        manifest: Digest,
    },
    /// Two repositories whose names need one path to be a file and a folder.
    #[error(
        "`{0}` would have to be a file and a folder: export the repositories with these names into folders of their own"
    )]
    Clash(String),
    /// The folder has other things in it.
    #[error("`{}` has other files in it: expected an empty folder, or one that an export made", .0.display())]
    Foreign(PathBuf),
    /// Another export is at work.
    #[error("another export writes to `{}`: wait for its end, or choose another folder", .0.display())]
    InUse(PathBuf),
}

/// Writes the site, or brings it up to date; what is there already is not touched. An export that was interrupted is simply run again.
pub fn export_site(
    store: &Store,
    parts: &[SitePart],
    pages: &[SitePage],
    folder: &Path,
) -> Result<SiteReport, SiteError> {
    let holdings = parts.iter().map(|part| gather::gather(store, part)).collect::<Result<Vec<_>, _>>()?;
    let files = listing::list(&holdings, pages);
    listing::check(&files)?;
    let counts = tree::write(store, folder, &files)?;
    Ok(SiteReport { repositories: holdings.iter().map(gather::Holding::count).collect(), ..counts })
}
