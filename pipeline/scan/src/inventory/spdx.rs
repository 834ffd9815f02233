//! SPDX 2.2 and 2.3 as JSON become an inventory.
//!
//! In: text. Out: an [`Inventory`] of the packages with a Package URL of Debian's. Sources come from `upstream` (Syft, ours), and from
//! `built package from: SOURCE VERSION` in `sourceInfo` (Trivy, ours).
//! Specification: <https://spdx.github.io/spdx-spec/v2.3/package-information/>.

use serde::Deserialize;

use super::document::{Document, Entry, InventoryError, Source};
use super::loose::Loose;
use super::{Distribution, Inventory};
use crate::purl::Purl;

/// Starts Trivy's `sourceInfo`.
const BUILT: &str = "built package from:";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spdx {
    #[serde(default, rename = "spdxVersion")]
    version: Loose,
    #[serde(default)]
    creation_info: Option<Creation>,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Creation {
    #[serde(default)]
    creators: Vec<Loose>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default, rename = "SPDXID")]
    id: Loose,
    #[serde(default)]
    name: Loose,
    #[serde(default)]
    version_info: Loose,
    #[serde(default)]
    source_info: Loose,
    #[serde(default)]
    supplier: Loose,
    #[serde(default)]
    originator: Loose,
    #[serde(default)]
    primary_package_purpose: Loose,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: Loose,
    #[serde(default)]
    reference_locator: Loose,
}

impl Inventory {
    /// Out of an SPDX document.
    pub fn from_spdx(text: &str) -> Result<Self, InventoryError> {
        let format = "SPDX";
        let spdx: Spdx = serde_json::from_str(text).map_err(|source| InventoryError::Json { format, source })?;
        if !spdx.version.text().starts_with("SPDX-2.") {
            let found = spdx.version.text().chars().take(40).collect();
            return Err(InventoryError::Format { format, found, expected: "`spdxVersion` SPDX-2.2 or SPDX-2.3" });
        }
        let creators = spdx.creation_info.iter().flat_map(|it| &it.creators);
        let mut document = Document::new(creators.filter_map(Loose::some));
        for (at, package) in spdx.packages.iter().enumerate() {
            take(&mut document, package, at);
        }
        Ok(document.finish())
    }
}

fn take(document: &mut Document, package: &Package, at: usize) {
    let purpose = package.primary_package_purpose.text().replace('_', "-");
    if purpose == "OPERATING-SYSTEM" || package.id.text().starts_with("SPDXRef-OperatingSystem") {
        let version = package.version_info.some();
        return document.system(Distribution::of_system(package.name.text(), version));
    }
    let place = format!("packages[{at}]");
    let locators = package.external_refs.iter().filter(|it| it.reference_type.text() == "purl");
    for locator in locators.filter_map(|it| it.reference_locator.some()) {
        let Ok(purl) = locator.parse::<Purl>() else {
            document.remark(&place, "its Package URL is none: the package is left out");
            continue;
        };
        let source = source(package.source_info.text());
        let maintainer = package.originator.some().or(package.supplier.some());
        document.add(Entry { place: place.clone(), purl, version: package.version_info.some(), source, maintainer });
    }
}

/// `built package from: glibc 2.41-12`. Without a version it says too little to be used.
fn source(info: &str) -> Option<Source> {
    let (_, words) = info.split_once(BUILT)?;
    let mut words = words.split_ascii_whitespace();
    let name = words.next()?.to_owned();
    let version = words.next()?.to_owned();
    Some(Source { name, version: Some(version) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn spdx(creator: &str, packages: &serde_json::Value) -> Inventory {
        let document =
            json!({"spdxVersion": "SPDX-2.3", "creationInfo": {"creators": [creator]}, "packages": packages});
        Inventory::from_spdx(&document.to_string()).unwrap()
    }

    fn package(purl: &str) -> serde_json::Value {
        json!({"name": "x", "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}]})
    }

    #[test]
    fn reads_what_trivy_writes() {
        let mut zlib = package("pkg:deb/debian/zlib1g@1.3.dfsg%2Breally1.3.1-1?arch=amd64&distro=debian-13.7&epoch=1");
        zlib["sourceInfo"] = json!("built package from: zlib 1:1.3.dfsg+really1.3.1-1");
        let system = json!({"name": "debian", "SPDXID": "SPDXRef-OperatingSystem-1", "versionInfo": "13.7", "primaryPackagePurpose": "OPERATING-SYSTEM"});
        let inventory = spdx("Tool: trivy-0.67.2", &json!([system, zlib]));
        assert_eq!(inventory.distribution.release(), Some("trixie"));
        let found = &inventory.packages[0];
        assert_eq!((found.source.as_str(), found.source_version.as_str()), ("zlib", "1:1.3.dfsg+really1.3.1-1"));
        assert_eq!((found.version.as_str(), inventory.remarks.len()), ("1:1.3.dfsg+really1.3.1-1", 0));
    }

    #[test]
    fn reads_what_syft_writes_with_the_release_in_package_urls_only() {
        let inventory = spdx(
            "Tool: syft-1.2.0",
            &json!([
                package("pkg:deb/debian/dmsetup@2%3A1.02.205-2?arch=amd64&distro=debian-13&upstream=lvm2%402.03.31-2"),
                package("pkg:deb/debian/tzdata@2026a-0%2Bdeb13u1?arch=all&distro=debian-13"),
            ]),
        );
        let sources: Vec<_> =
            inventory.packages.iter().map(|it| format!("{} {}", it.source, it.source_version)).collect();
        assert_eq!(sources, ["lvm2 2.03.31-2", "tzdata 2026a-0+deb13u1"]);
        assert_eq!((inventory.distribution.release(), inventory.remarks.len()), (Some("trixie"), 0));
    }

    #[test]
    fn a_document_that_names_no_sources_is_not_guessed_at() {
        let inventory = spdx("Tool: other", &json!([package("pkg:deb/debian/libc6@2.41-12?distro=trixie")]));
        assert_eq!(inventory.packages[0].source, "");
        assert!(
            inventory.remarks[0].text.starts_with("the document names no source of 1 packages"),
            "{:?}",
            inventory.remarks
        );
    }

    #[test]
    fn releases_that_disagree_and_packages_of_others_are_said() {
        let inventory = spdx(
            "Tool: syft",
            &json!([
                package("pkg:deb/debian/a@1?distro=debian-13"),
                package("pkg:deb/debian/b@1?distro=debian-12"),
                package("pkg:deb/ubuntu/c@1?distro=ubuntu-22.04"),
                package("pkg:npm/d@1"),
                package("nonsense"),
            ]),
        );
        assert_eq!((inventory.distribution.release(), inventory.packages.len()), (None, 2));
        let text = inventory.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for part in [
            "different releases: bookworm, trixie",
            "1 of the kind `deb/ubuntu`",
            "1 of the kind `npm`",
            "packages[4]:",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn what_is_no_spdx_is_refused_with_its_place() {
        let error = |text: &str| Inventory::from_spdx(text).unwrap_err().to_string();
        assert!(error("{\"packages\": 1}").contains("line 1 column"), "{}", error("{\"packages\": 1}"));
        assert!(error("{\"spdxVersion\": \"SPDX-3.0\"}").contains("it says `SPDX-3.0`"));
        assert!(error("{\"bomFormat\": \"CycloneDX\"}").contains("expected `spdxVersion`"));
        assert!(error("").contains("EOF"));
    }

    proptest! {
        #[test]
        fn never_panics(locator in ".{0,30}", info in "(built package from:| |a|1){0,6}", name in ".{0,9}") {
            let mut hostile = package(&format!("pkg:deb/debian/{locator}"));
            hostile["sourceInfo"] = json!(info);
            let system = json!({"name": name, "SPDXID": "SPDXRef-OperatingSystem", "versionInfo": locator});
            let _ = spdx("syft", &json!([hostile, system]));
            let _ = Inventory::from_spdx(&locator);
        }
    }
}
