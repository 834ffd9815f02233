//! A package of the archive as SPDX describes it.
//!
//! In: a package of an inventory. Out: the element for it, its files aside.

use blob::Digest;

use crate::sbom::inventory::{Distribution, Item};
use crate::sbom::spdx_document::{Checksum, ExternalRef, NOASSERTION, Package};
use crate::sbom::{names, purl};
use crate::sha1_digest::Sha1Digest;

/// A package without its files. Its digest is the .deb's; its files are those that the image keeps.
pub(crate) fn described(item: &Item<'_>, distribution: Option<&Distribution>) -> Package {
    let locked = item.locked;
    let (name, version) = (&locked.name, locked.version.as_str());
    let about = item.about;
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    Package {
        archive_path: Some(locked.path.clone()),
        originator: about.and_then(|about| names::originator(&about.maintainer)),
        checksums: vec![checksum(&locked.sha256)],
        homepage: text(about.and_then(|about| names::address(&about.homepage))),
        // Trivy reads the source out of these words.
        source_info: Some(format!("built package from: {} {}", locked.source, locked.source_version)),
        license_declared: item.declared.expression.clone().unwrap_or_else(|| NOASSERTION.to_owned()),
        license_comments: Some(item.declared.comment.clone()),
        summary: text(about.map(|about| about.summary.as_str())),
        external_refs: vec![ExternalRef::purl(purl::binary(locked, distribution))],
        ..Package::new(&item.identifier(), name, version, names::DEBIAN, "LIBRARY")
    }
}

/// What scanners call a distribution.
pub(crate) fn cpe_reference(locator: String) -> ExternalRef {
    ExternalRef { category: "SECURITY", kind: "cpe23Type", locator }
}

/// A digest.
pub(crate) fn checksum(digest: &Digest) -> Checksum {
    Checksum { algorithm: names::algorithm(digest).0, value: digest.hex().to_owned() }
}

/// A SHA-1.
pub(crate) fn sha1(digest: &Sha1Digest) -> Checksum {
    Checksum { algorithm: "SHA1", value: digest.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sbom::fixture::Fixture;

    #[test]
    fn says_all_about_a_package() {
        let document: Value = serde_json::from_str(&crate::spdx(&Fixture::new().parts())).unwrap();
        let packages = document["packages"].as_array().unwrap();
        let libc = packages.iter().find(|it| it["name"] == "libc6").unwrap();
        let licence = &document["hasExtractedLicensingInfos"][0];
        assert_eq!((&licence["name"], &licence["extractedText"]), (&"odd".into(), &"do \"what\"".into()));
        let expected = serde_json::json!({
            "SPDXID": format!("SPDXRef-Package-libc6-{}", &Digest::of("libc6").hex()[..16]),
            "name": "libc6",
            "versionInfo": "2.41-12",
            "packageFileName": "pool/main/libc6.deb",
            "supplier": "Organization: Debian",
            "originator": "Organization: GNU Libc Maintainers (l@lists.example)",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": true,
            "packageVerificationCode": {
                "packageVerificationCodeValue": Sha1Digest::of(Sha1Digest::of("libc").to_string()).to_string(),
            },
            "checksums": [{ "algorithm": "SHA256", "checksumValue": Digest::of("libc6").hex() }],
            "homepage": "https://www.libc6.example/",
            "sourceInfo": "built package from: glibc 2.41-12",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": format!("LGPL-2.1-or-later AND {}", licence["licenseId"].as_str().unwrap()),
            "licenseComments": "All that `/usr/share/doc/libc6/copyright` says of files of the source package.",
            "copyrightText": "NOASSERTION",
            "summary": "what libc6 is",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc",
            }],
            "primaryPackagePurpose": "LIBRARY",
        });
        assert_eq!(*libc, expected);
    }
}
