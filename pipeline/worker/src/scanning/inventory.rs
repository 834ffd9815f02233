//! What a lock installs, as the scanner reads it.
//!
//! In: a lock and its release. Out: the [`Inventory`] of one platform: the same that anybody reads out of the image's dpkg records.

use assemble::{Catalogue, ImageLock, PlatformLock};
use scan::{Distribution, Inventory};

/// The packages of one platform.
pub(crate) fn inventory(catalogue: &Catalogue, lock: &ImageLock, platform: &PlatformLock) -> Inventory {
    let distribution = distribution(catalogue, &lock.release);
    Inventory { distribution, packages: plan::installed(platform), remarks: Vec::new() }
}

fn distribution(catalogue: &Catalogue, release: &str) -> Distribution {
    let version = catalogue.releases.get(release).map(|it| it.version.clone());
    Distribution { id: "debian".to_owned(), version, codename: Some(release.to_owned()) }
}
