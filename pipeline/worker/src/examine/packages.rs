//! Whether the packages of an SBOM are those of the lock from which the image was built.
//!
//! In: the SBOM's packages, the lock of the signed provenance. Out: the differences, in words.

use std::collections::BTreeMap;

use assemble::{ImageLock, LockedPackage};
use oci::Platform;

use super::sbom::SbomPackage;

/// What tells one package of an image from another.
type Key = (String, String);

/// What is in one and not in the other. Without a platform that the lock has, only whether each is locked for some platform.
pub(super) fn differences(packages: &[SbomPackage], lock: &ImageLock, platform: Option<&Platform>) -> Vec<String> {
    let own = platform.and_then(|platform| lock.platform(platform).ok());
    let locked: Vec<&LockedPackage> = own.map_or_else(|| lock.packages().collect(), |own| own.packages().collect());
    let mut by_name: BTreeMap<Key, Vec<&LockedPackage>> = BTreeMap::new();
    for package in &locked {
        by_name.entry((package.name.clone(), package.version.to_string())).or_default().push(package);
    }
    let mut found: Vec<String> = packages.iter().filter_map(|package| unlocked(package, &by_name)).collect();
    if own.is_some() {
        let named: std::collections::BTreeSet<Key> =
            packages.iter().map(|package| (package.name.clone(), package.version.clone())).collect();
        let absent = by_name.keys().filter(|key| !named.contains(*key));
        found.extend(absent.map(|(name, version)| format!("`{name}` {version} is in the lock and not in the SBOM")));
    }
    found
}

fn unlocked(package: &SbomPackage, locked: &BTreeMap<Key, Vec<&LockedPackage>>) -> Option<String> {
    let SbomPackage { name, version, architecture, sha256 } = package;
    let Some(same) = locked.get(&(name.clone(), version.clone())) else {
        return Some(format!("`{name}` {version} is in the SBOM and not in the lock"));
    };
    let fits = same.iter().any(|locked| {
        architecture.as_ref().is_none_or(|architecture| *architecture == locked.architecture.to_string())
            && sha256.as_ref().is_none_or(|sha256| *sha256 == locked.sha256)
    });
    (!fits).then(|| format!("`{name}` {version} is in the lock with another digest or architecture"))
}
