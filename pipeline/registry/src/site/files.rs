//! One file of a site: where it is, what is in it, and what a server says about it.
//!
//! In: nothing. Out: the types that listing makes and writing takes.

use blob::Digest;
use oci::Repository;
use serde::Serialize;
use serde_json::{Map, Value};

/// The parts of a site in the order in which they are written, so that whatever is named is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// What does not depend on images.
    Frame,
    /// Layers and configurations.
    Blobs,
    /// Manifests by digest.
    Manifests,
    /// Who speaks about whom.
    Referrers,
    /// Manifests by tag.
    Tags,
    /// Which tags and repositories there are, and the files for those who upload.
    Lists,
}

/// Where the bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// From here.
    Bytes(Vec<u8>),
    /// A manifest of the store.
    Manifest(Repository, Digest),
    /// A blob of the store, of this size.
    Blob(Repository, Digest, u64),
}

/// A file of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteFile {
    /// When it is written.
    pub(crate) stage: Stage,
    /// Its path below the site's folder, with `/` between the parts.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) content: Content,
    /// What a server says about it; `None`: it is not served under this path.
    pub(crate) headers: Option<Headers>,
}

/// What a server says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headers {
    /// The media type.
    pub(crate) content_type: String,
    /// The digest of the bytes.
    pub(crate) digest: Option<Digest>,
    /// Whether they may change.
    pub(crate) cache: &'static str,
}

impl Headers {
    /// Names and values, in the order in which they are written.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("Content-Type", self.content_type.clone()), ("Cache-Control", self.cache.to_owned())];
        lines.extend(self.digest.as_ref().map(|digest| ("Docker-Content-Digest", digest.to_string())));
        lines
    }
}

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = |(name, value): (&str, String)| (name.to_owned(), Value::String(value));
        self.lines().into_iter().map(entry).collect::<Map<_, _>>().serialize(serializer)
    }
}
