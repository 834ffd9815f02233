//! What a lock installs, as a scanner reads it: the same that anybody reads out of the image's dpkg records.
//!
//! In: one platform of a lock. Out: its packages, sorted.

use assemble::{LockedPackage, PlatformLock};
use scan::InstalledPackage;

/// The packages of one platform.
pub fn installed(platform: &PlatformLock) -> Vec<InstalledPackage> {
    let mut packages: Vec<InstalledPackage> = platform.packages().map(package).collect();
    packages.sort();
    packages
}

fn package(locked: &LockedPackage) -> InstalledPackage {
    InstalledPackage {
        name: locked.name.clone(),
        version: locked.version.to_string(),
        architecture: locked.architecture.to_string(),
        source: locked.source.clone(),
        source_version: locked.source_version.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::tests::lock;

    #[test]
    fn packages_of_all_layers_are_sorted_and_have_their_sources() {
        let lock = lock(&["b=2", "a=1+b1"]);
        let installed = installed(&lock.platforms["linux/amd64"]);
        let lines: Vec<String> = installed
            .iter()
            .map(|it| format!("{} {} {} {}", it.name, it.version, it.architecture, it.source))
            .collect();
        assert_eq!(lines, ["a 1+b1 amd64 a", "b 2 amd64 b"]);
    }
}
