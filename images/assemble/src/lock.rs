//! What a definition resolved to: every package by version and digest, per platform and layer.
//!
//! A lock leaves nothing to choose. It is state, not source: Debian's pool forgets superseded versions within days,
//! so locks are kept with each build and never edited by hand. Its JSON is sorted and the same on every machine.

use std::collections::BTreeMap;

use blob::Digest;
use debian::{Architecture, Component, Fingerprint, Suite, Version};
use jiff::Timestamp;
use oci::Platform;
use serde::{Deserialize, Serialize};

/// The `schema` key of the JSON form.
pub const LOCK_SCHEMA: &str = "bedplate.lock/v2";

/// One image, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImageLock {
    /// [`LOCK_SCHEMA`].
    pub schema: String,
    /// The image's name.
    pub name: String,
    /// Debian's release.
    pub release: String,
    /// Digest of the chain of definitions and of the catalogue's lists that apply to it.
    pub definition: Digest,
    /// What the archive said, suite by suite.
    pub snapshot: Vec<SuiteSnapshot>,
    /// What each platform consists of, by its name (`linux/amd64`).
    pub platforms: BTreeMap<String, PlatformLock>,
}

/// One suite as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SuiteSnapshot {
    /// The suite.
    pub suite: Suite,
    /// Digest of its `InRelease` file.
    pub in_release: Digest,
    /// The file's `Date`.
    pub date: Timestamp,
    /// Primary keys with a good signature on it.
    pub signers: Vec<Fingerprint>,
    /// The package indexes that were read of it for the lock's platforms, by architecture and component.
    pub indexes: Vec<IndexSnapshot>,
}

/// One package index as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IndexSnapshot {
    /// The component.
    pub component: Component,
    /// The architecture.
    pub architecture: Architecture,
    /// Path below the suite's folder, such as `main/binary-amd64/Packages.xz`.
    pub path: String,
    /// SHA-256 of the file as it came, as `InRelease` names it.
    pub sha256: Digest,
    /// Bytes of the file as it came.
    pub size: u64,
}

/// One platform of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformLock {
    /// One a definition of the chain, the lowest first.
    pub layers: Vec<LayerLock>,
}

/// What one definition adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerLock {
    /// The definition.
    pub definition: String,
    /// Its packages, sorted by name.
    pub packages: Vec<LockedPackage>,
}

/// One package, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LockedPackage {
    /// Binary package.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its architecture (`all` for many).
    pub architecture: Architecture,
    /// Source package.
    pub source: String,
    /// The source's version, which advisories speak of.
    pub source_version: Version,
    /// SHA-256 of the .deb.
    pub sha256: Digest,
    /// Bytes of the .deb.
    pub size: u64,
    /// Path below the archive's base address.
    pub path: String,
    /// Suite whose index named it.
    pub suite: Suite,
}

impl ImageLock {
    /// The lock as JSON text, the same on every machine, with a newline at its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads a lock; unknown keys and other schemas are refused.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let lock: Self = serde_json::from_str(text).map_err(|error| LockError::Malformed(error.to_string()))?;
        if lock.schema == LOCK_SCHEMA { Ok(lock) } else { Err(LockError::UnknownSchema(lock.schema)) }
    }

    /// What a platform consists of.
    pub fn platform(&self, platform: &Platform) -> Result<&PlatformLock, LockError> {
        self.platforms
            .get(&platform.to_string())
            .ok_or_else(|| LockError::NoSuchPlatform { name: self.name.clone(), platform: platform.to_string() })
    }

    /// Whether two locks give the same image: all but the snapshot is equal.
    pub fn same_inputs(&self, other: &Self) -> bool {
        self.name == other.name && self.definition == other.definition && self.platforms == other.platforms
    }

    /// All packages of all platforms.
    pub fn packages(&self) -> impl Iterator<Item = &LockedPackage> {
        self.platforms.values().flat_map(PlatformLock::packages)
    }

    /// The newest `Date` among the suites: the snapshot's time.
    pub fn snapshot_time(&self) -> Option<Timestamp> {
        self.snapshot.iter().map(|suite| suite.date).max()
    }
}

impl PlatformLock {
    /// All packages of all layers, the lowest layer first.
    pub fn packages(&self) -> impl Iterator<Item = &LockedPackage> {
        self.layers.iter().flat_map(|layer| &layer.packages)
    }

    /// The package of this name.
    pub fn package(&self, name: &str) -> Option<&LockedPackage> {
        self.packages().find(|package| package.name == name)
    }
}

/// Why a text is no usable lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// No JSON of the right shape.
    #[error("lock is malformed: {0}")]
    Malformed(String),
    /// A form that this version does not know.
    #[error("lock has the schema `{0}`: expected `{LOCK_SCHEMA}`")]
    UnknownSchema(String),
    /// A platform that was not resolved.
    #[error("lock of `{name}` has no platform `{platform}`")]
    NoSuchPlatform {
        /// The image.
        name: String,
        /// The platform asked for.
        platform: String,
    },
}
