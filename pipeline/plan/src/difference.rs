//! What differs between two locks, package by package.
//!
//! In: two locks. Out: a [`LockDifference`], sorted; a change that is the same on several platforms stands once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use assemble::{ImageLock, LockedPackage};
use serde::{Deserialize, Serialize};

/// Everything that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockDifference {
    /// Whether the definition, its parents or the catalogue's lists differ.
    pub definition_changed: bool,
    /// Package changes, by name.
    pub packages: Vec<PackageChange>,
}

/// One package's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageChange {
    /// Binary package.
    pub name: String,
    /// Its source package.
    pub source: String,
    /// From what to what.
    pub change: VersionChange,
    /// Suite that the new version comes from, or the old one did.
    pub suite: String,
    /// Platforms on which it is so.
    pub platforms: Vec<String>,
}

/// From what to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum VersionChange {
    /// It is new.
    Added {
        /// The version.
        version: String,
    },
    /// It is gone.
    Removed {
        /// The version that was there.
        version: String,
    },
    /// Another version.
    Changed {
        /// Version before.
        from: String,
        /// Version now.
        to: String,
    },
    /// The same version with other bytes: a rebuild that kept its number, or a mirror that lies.
    Replaced {
        /// The version.
        version: String,
    },
}

impl fmt::Display for VersionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { version } => write!(f, "{version} added"),
            Self::Removed { version } => write!(f, "{version} removed"),
            Self::Changed { from, to } => write!(f, "{from} → {to}"),
            Self::Replaced { version } => write!(f, "{version} with other bytes"),
        }
    }
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.change)
    }
}

impl LockDifference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        !self.definition_changed && self.packages.is_empty()
    }
}

type Platforms = BTreeSet<String>;

/// What changes from one lock to the other.
pub fn difference(from: &ImageLock, to: &ImageLock) -> LockDifference {
    let mut changes: BTreeMap<(String, VersionChange), (String, String, Platforms)> = BTreeMap::new();
    let platforms: BTreeSet<&String> = from.platforms.keys().chain(to.platforms.keys()).collect();
    for platform in platforms {
        let (before, after) = (packages(from, platform), packages(to, platform));
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let (old, new) = (before.get(name).copied(), after.get(name).copied());
            let Some((change, package)) = change(old, new) else { continue };
            let entry = changes.entry((name.to_owned(), change));
            let (_, _, on) =
                entry.or_insert_with(|| (package.source.clone(), package.suite.to_string(), Platforms::new()));
            on.insert(platform.clone());
        }
    }
    let packages = changes.into_iter().map(|((name, change), (source, suite, platforms))| PackageChange {
        name,
        source,
        change,
        suite,
        platforms: platforms.into_iter().collect(),
    });
    LockDifference { definition_changed: from.definition != to.definition, packages: packages.collect() }
}

fn packages<'l>(lock: &'l ImageLock, platform: &str) -> BTreeMap<&'l str, &'l LockedPackage> {
    let platform = lock.platforms.get(platform);
    platform
        .into_iter()
        .flat_map(assemble::PlatformLock::packages)
        .map(|package| (package.name.as_str(), package))
        .collect()
}

fn change<'p>(
    old: Option<&'p LockedPackage>,
    new: Option<&'p LockedPackage>,
) -> Option<(VersionChange, &'p LockedPackage)> {
    match (old, new) {
        (None, Some(new)) => Some((VersionChange::Added { version: new.version.to_string() }, new)),
        (Some(old), None) => Some((VersionChange::Removed { version: old.version.to_string() }, old)),
        (Some(old), Some(new)) if old.version != new.version => {
            Some((VersionChange::Changed { from: old.version.to_string(), to: new.version.to_string() }, new))
        }
        (Some(old), Some(new)) if old.sha256 != new.sha256 => {
            Some((VersionChange::Replaced { version: new.version.to_string() }, new))
        }
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use assemble::{LOCK_SCHEMA, LayerLock, PlatformLock};
    use blob::Digest;

    /// A lock of two platforms with these packages as `name=version`.
    pub(crate) fn lock(packages: &[&str]) -> ImageLock {
        let locked = |text: &&str| {
            let (name, version) = text.split_once('=').unwrap();
            LockedPackage {
                name: name.into(),
                version: version.parse().unwrap(),
                architecture: debian::Architecture::Amd64,
                source: name.into(),
                source_version: version.parse().unwrap(),
                sha256: Digest::of(text),
                size: 1,
                path: format!("pool/{name}.deb"),
                suite: "trixie".parse().unwrap(),
            }
        };
        let layer = LayerLock { definition: "x".into(), packages: packages.iter().map(locked).collect() };
        let platform = || PlatformLock { layers: vec![layer.clone()] };
        ImageLock {
            schema: LOCK_SCHEMA.into(),
            name: "x".into(),
            release: "trixie".into(),
            definition: Digest::of("definition"),
            snapshot: Vec::new(),
            platforms: [("linux/amd64".to_owned(), platform()), ("linux/arm64".to_owned(), platform())].into(),
        }
    }

    #[test]
    fn names_each_change_once_for_all_platforms() {
        let found = difference(&lock(&["a=1", "b=1", "c=1"]), &lock(&["b=1", "c=2", "d=1"]));
        let lines: Vec<String> = found.packages.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["a 1 removed", "c 1 → 2", "d 1 added"]);
        assert_eq!(found.packages[0].platforms, ["linux/amd64", "linux/arm64"]);
        assert!(!found.definition_changed);
    }

    #[test]
    fn sees_other_bytes_under_the_same_version() {
        let mut other = lock(&["a=1"]);
        other.platforms.get_mut("linux/arm64").unwrap().layers[0].packages[0].sha256 = Digest::of("other");
        let found = difference(&lock(&["a=1"]), &other);
        assert_eq!(found.packages[0].to_string(), "a 1 with other bytes");
        assert_eq!(found.packages[0].platforms, ["linux/arm64"]);
        assert!(difference(&lock(&["a=1"]), &lock(&["a=1"])).is_empty());
    }
}
