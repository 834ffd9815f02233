//! Inventories of real sources in real versions, the same every time.

use std::collections::BTreeMap;

use scan::{Distribution, InstalledPackage, Inventory};

const SOURCES: &str = include_str!("../../data/findings/sources-2026-11-21.json");
const RELEASES: [&str; 2] = ["trixie", "bookworm"];

/// So many inventories of so many packages each, half of either release; most versions are those of the release, before its updates.
pub(crate) fn inventories(count: usize, size: usize) -> Vec<Inventory> {
    let all: BTreeMap<String, BTreeMap<String, Vec<String>>> = serde_json::from_str(SOURCES).unwrap();
    let mut random = fastrand::Rng::with_seed(6);
    let mut inventory = |at: usize| {
        let release = RELEASES[at % RELEASES.len()];
        let chosen = random.choose_multiple(all[release].iter(), size);
        let mut package = |(source, versions): (&String, &Vec<String>)| {
            let version = &versions[random.usize(..versions.len())];
            InstalledPackage {
                name: format!("lib{source}"),
                version: format!("{version}+b1"),
                architecture: "amd64".into(),
                source: source.clone(),
                source_version: version.clone(),
            }
        };
        let packages = chosen.into_iter().map(&mut package).collect();
        Inventory { distribution: Distribution::from_distro(release), packages, remarks: Vec::new() }
    };
    (0..count).map(&mut inventory).collect()
}

/// What dpkg would have recorded of it.
pub(crate) fn status(inventory: &Inventory) -> String {
    let stanza = |it: &InstalledPackage| {
        format!(
            "Package: {}\nStatus: install ok installed\nArchitecture: {}\nSource: {} ({})\nVersion: {}\n\n",
            it.name, it.architecture, it.source, it.source_version, it.version
        )
    };
    inventory.packages.iter().map(stanza).collect()
}

/// An SBOM of it.
pub(crate) fn cyclonedx(inventory: &Inventory) -> String {
    let component = |it: &InstalledPackage| {
        let version = it.version.replace('+', "%2B");
        let upstream = format!("{}%40{}", it.source.replace('+', "%2B"), it.source_version.replace('+', "%2B"));
        let purl = format!("pkg:deb/debian/{}@{version}?arch=amd64&upstream={upstream}", it.name.replace('+', "%2B"));
        serde_json::json!({ "type": "library", "name": it.name, "version": it.version, "purl": purl })
    };
    let system = serde_json::json!({ "type": "operating-system", "name": "debian", "version": "13.7" });
    let components: Vec<_> = inventory.packages.iter().map(component).chain([system]).collect();
    serde_json::json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "components": components }).to_string()
}
