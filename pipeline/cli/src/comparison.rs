//! Two images or locks, and what differs between them: the values; [`compare`](crate::comparing::compare) makes one of the other.
//!
//! In: what was read of both sides. Out: a [`Comparison`], which is also the JSON that `diff` prints (`bedplate.diff/v1`).

use std::collections::BTreeMap;

use assemble::RootPath;
use blob::Digest;
use plan::VersionChange;
use serde::Serialize;

use crate::layer_files::FileFact;

/// One thing to compare.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// As it was named on the command line.
    pub(crate) name: String,
    /// Of an image: the digest of its index or manifest.
    pub(crate) digest: Option<Digest>,
    /// Of a lock: the digest of the definitions that it was made from.
    pub(crate) definition: Option<Digest>,
    /// What each platform has.
    pub(crate) platforms: BTreeMap<String, PlatformSide>,
}

/// One platform of a side.
#[derive(Debug, Clone)]
pub(crate) struct PlatformSide {
    /// Packages by name.
    pub(crate) packages: BTreeMap<String, Package>,
    /// What only an image has.
    pub(crate) image: Option<ImageFacts>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its version.
    pub(crate) version: String,
    /// Its source package.
    pub(crate) source: String,
    /// The digest of the .deb, if that is known.
    pub(crate) sha256: Option<Digest>,
}

/// What an image has and a lock has not.
#[derive(Debug, Clone)]
pub(crate) struct ImageFacts {
    /// All files.
    pub(crate) files: BTreeMap<RootPath, FileFact>,
    /// The configuration, value by value.
    pub(crate) config: BTreeMap<String, String>,
    /// Layers, the lowest first.
    pub(crate) layers: Vec<LayerFact>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LayerFact {
    /// Digest of the compressed bytes.
    pub(crate) digest: Digest,
    /// Their number.
    pub(crate) compressed: u64,
    /// Bytes of the archive.
    pub(crate) uncompressed: u64,
}

/// Everything that differs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Comparison {
    /// `bedplate.diff/v1`.
    pub(crate) schema: &'static str,
    /// The first side.
    pub(crate) from: Named,
    /// The second side.
    pub(crate) to: Named,
    /// Whether anything differs.
    pub(crate) different: bool,
    /// Platforms.
    pub(crate) platforms: Platforms,
    /// Of two locks: whether they were made from other definitions.
    pub(crate) definition_changed: Option<bool>,
    /// Packages.
    pub(crate) packages: Vec<Change<VersionChange>>,
    /// Files; absent unless both sides are images.
    pub(crate) files: Option<Vec<Change<FileChange>>>,
    /// Configuration; absent unless both sides are images.
    pub(crate) config: Option<Vec<Change<ValueChange>>>,
    /// Sizes by platform; absent unless both sides are images.
    pub(crate) sizes: Option<BTreeMap<String, SizeChange>>,
}

/// What a side is.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    /// As it was named.
    pub(crate) name: String,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
}

/// Which side has which platforms.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Platforms {
    /// Compared.
    pub(crate) both: Vec<String>,
    /// Not compared.
    pub(crate) only_from: Vec<String>,
    /// Not compared.
    pub(crate) only_to: Vec<String>,
}

/// One change, and where it is so.
#[derive(Debug, Serialize)]
pub(crate) struct Change<C> {
    /// The package, path or value.
    pub(crate) name: String,
    /// What changed.
    #[serde(rename = "change")]
    pub(crate) what: C,
    /// On which platforms.
    pub(crate) platforms: Vec<String>,
}

/// How a file changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum FileChange {
    /// It is new.
    Added {
        /// What it is.
        to: FileFact,
    },
    /// It is gone.
    Removed {
        /// What it was.
        from: FileFact,
    },
    /// It is another.
    Changed {
        /// What it was.
        from: FileFact,
        /// What it is.
        to: FileFact,
    },
}

/// How a value of the configuration changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ValueChange {
    /// Before; none where it was not set.
    pub(crate) from: Option<String>,
    /// Now.
    pub(crate) to: Option<String>,
}

/// Sizes of one platform.
#[derive(Debug, Serialize)]
pub(crate) struct SizeChange {
    /// Before.
    pub(crate) from: Sizes,
    /// Now.
    pub(crate) to: Sizes,
    /// Layers that both have, then those that one has in place of the other's.
    pub(crate) layers: Vec<LayerPair>,
}

/// Sums over all layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Sizes {
    /// What is pulled.
    pub(crate) compressed: u64,
    /// What it takes on disk, roughly.
    pub(crate) uncompressed: u64,
}

/// A layer that both sides have, or one in place of another.
#[derive(Debug, Serialize)]
pub(crate) struct LayerPair {
    /// Whether both sides have this very layer.
    pub(crate) shared: bool,
    /// Before.
    pub(crate) from: Option<LayerFact>,
    /// Now.
    pub(crate) to: Option<LayerFact>,
}
