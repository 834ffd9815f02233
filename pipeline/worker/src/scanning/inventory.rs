//! What a lock installs, as the scanner reads it.
//!
//! In: a lock and its release. Out: the [`Inventory`] of one platform: the same that anybody reads out of the image's dpkg records.

use assemble::{Catalogue, ImageLock, LockedPackage, PlatformLock};
use scan::{Distribution, InstalledPackage, Inventory};

/// The packages of one platform.
pub(crate) fn inventory(catalogue: &Catalogue, lock: &ImageLock, platform: &PlatformLock) -> Inventory {
    let mut packages: Vec<InstalledPackage> = platform.packages().map(installed).collect();
    packages.sort();
    Inventory { distribution: distribution(catalogue, &lock.release), packages, remarks: Vec::new() }
}

fn distribution(catalogue: &Catalogue, release: &str) -> Distribution {
    let version = catalogue.releases.get(release).map(|it| it.version.clone());
    Distribution { id: "debian".to_owned(), version, codename: Some(release.to_owned()) }
}

fn installed(package: &LockedPackage) -> InstalledPackage {
    InstalledPackage {
        name: package.name.clone(),
        version: package.version.to_string(),
        architecture: package.architecture.name().to_owned(),
        source: package.source.clone(),
        source_version: package.source_version.to_string(),
    }
}
