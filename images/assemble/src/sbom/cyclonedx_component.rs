//! What an inventory holds as CycloneDX describes it.
//!
//! In: an image, a package, a file, a distribution. Out: the component for it.

use blob::Digest;
use debian::Version;

use crate::sbom::cyclonedx_document::{
    Component, Evidence, Expression, ExternalReference, FoundLicence, Hash, LicenceText, Named, Pedigree, Property,
    Text,
};
use crate::sbom::inventory::{Distribution, File, Inventory, Item, cpe};
use crate::sbom::{names, purl};

/// A platform's image, with the files that effects made.
pub(crate) fn image(inventory: &Inventory<'_>) -> Component {
    let parts = &inventory.parts;
    let architecture = Some(parts.platform.architecture.as_str());
    Component {
        supplier: Some(named(names::publisher(parts.name))),
        description: format!("The image for {}.", parts.platform),
        hashes: vec![hash(&parts.manifest.digest)],
        purl: purl::image(parts.name, &parts.manifest.digest, architecture),
        components: inventory.made.iter().map(made_file).collect(),
        ..Component::new("container", &names::image(parts), parts.image, parts.version)
    }
}

/// Scanners match advisories by the distribution.
pub(crate) fn operating_system(distribution: &Distribution) -> Component {
    let (id, version) = (&distribution.id, &distribution.version);
    let reference = format!("OperatingSystem-{}-{}", names::plain(id), names::plain(version));
    Component {
        supplier: Some(named(names::DEBIAN)),
        description: distribution.name.clone(),
        cpe: cpe(distribution),
        ..Component::new("operating-system", &reference, id, version)
    }
}

/// A package with its files.
pub(crate) fn package(item: &Item<'_>, distribution: Option<&Distribution>) -> Component {
    let locked = item.locked;
    let about = item.about.cloned().unwrap_or_default();
    let website = |url: &str| ExternalReference { url: url.to_owned(), kind: "website" };
    let declared = |expression: &String| Expression { expression: expression.clone(), acknowledgement: "declared" };
    Component {
        supplier: Some(named(names::DEBIAN)),
        publisher: about.maintainer,
        description: about.summary,
        hashes: vec![hash(&locked.sha256)],
        licenses: item.declared.expression.iter().map(declared).collect(),
        purl: purl::binary(locked, distribution),
        pedigree: Some(Pedigree { ancestors: vec![source(item, distribution)] }),
        external_references: names::address(&about.homepage).map(website).into_iter().collect(),
        components: item.files.iter().map(file).collect(),
        evidence: evidence(item),
        properties: properties(&locked.source, &locked.source_version, &locked.path),
        ..Component::new("library", &item.identifier(), &locked.name, locked.version.as_str())
    }
}

fn source(item: &Item<'_>, distribution: Option<&Distribution>) -> Component {
    let (name, version) = (&item.locked.source, item.locked.source_version.as_str());
    let purl = purl::source(name, version, distribution);
    Component { supplier: Some(named(names::DEBIAN)), purl, ..Component::new("library", "", name, version) }
}

/// Texts of licences that SPDX has no identifier for.
fn evidence(item: &Item<'_>) -> Option<Evidence> {
    let text = |content: &str| Text { content_type: "text/plain", content: content.to_owned() };
    let references = item.declared.references.iter();
    let licenses: Vec<FoundLicence> = references
        .map(|(id, it)| FoundLicence { license: LicenceText { name: id.clone(), text: text(&it.text) } })
        .collect();
    (!licenses.is_empty()).then_some(Evidence { licenses })
}

/// Where the package lies in the archive, and its source in the words that Trivy reads.
fn properties(source: &str, version: &Version, path: &str) -> Vec<Property> {
    let epoch = (version.epoch() > 0).then(|| version.epoch().to_string());
    let all = [
        ("aquasecurity:trivy:SrcName", Some(source.to_owned())),
        ("aquasecurity:trivy:SrcVersion", Some(version.upstream().to_owned())),
        ("aquasecurity:trivy:SrcRelease", version.revision().map(str::to_owned)),
        ("aquasecurity:trivy:SrcEpoch", epoch),
        ("bedplate:archive-path", Some(path.to_owned())),
    ];
    all.into_iter().filter_map(|(name, value)| Some(Property { name, value: value? })).collect()
}

fn file(file: &File<'_>) -> Component {
    let sha1 = Hash { alg: "SHA-1", content: file.facts.sha1.to_string() };
    Component { hashes: vec![sha1, hash(&file.facts.digest)], ..Component::new("file", "", file.path.as_str(), "") }
}

fn made_file(made: &File<'_>) -> Component {
    let properties = vec![Property { name: "bedplate:origin", value: made.origin.to_owned() }];
    Component { properties, ..file(made) }
}

/// Somebody with this name.
pub(crate) fn named(name: &str) -> Named {
    Named { name: name.to_owned() }
}

/// A digest.
pub(crate) fn hash(digest: &Digest) -> Hash {
    Hash { alg: names::algorithm(digest).1, content: digest.hex().to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sbom::fixture::Fixture;

    fn component(document: &Value, name: &str) -> Value {
        document["components"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone()
    }

    #[test]
    fn says_all_about_a_package() {
        let document: Value = serde_json::from_str(&crate::cyclonedx(&Fixture::new().parts())).unwrap();
        let mut tool = component(&document, "tool");
        let files = tool.as_object_mut().unwrap().remove("components").unwrap();
        let names: Vec<&Value> = files.as_array().unwrap().iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["/usr/bin/again", "/usr/bin/tool \"q\""]);
        let expected = serde_json::json!({
            "type": "library",
            "bom-ref": format!("Package-tool-{}", &Digest::of("tool").hex()[..16]),
            "supplier": { "name": "Debian" },
            "publisher": "A Person <p@people.example>",
            "name": "tool",
            "version": "1:2+b1",
            "description": "what tool is",
            "hashes": [{ "alg": "SHA-256", "content": Digest::of("tool").hex() }],
            "licenses": [{ "expression": "MIT", "acknowledgement": "declared" }],
            "purl": "pkg:deb/debian/tool@1:2%2Bb1?arch=amd64&distro=debian-13",
            "pedigree": { "ancestors": [{
                "type": "library",
                "supplier": { "name": "Debian" },
                "name": "tool",
                "version": "1:2+b1",
                "purl": "pkg:deb/debian/tool@1:2%2Bb1?arch=source&distro=debian-13",
            }] },
            "externalReferences": [{ "url": "https://www.tool.example/", "type": "website" }],
            "properties": [
                { "name": "aquasecurity:trivy:SrcName", "value": "tool" },
                { "name": "aquasecurity:trivy:SrcVersion", "value": "2+b1" },
                { "name": "aquasecurity:trivy:SrcEpoch", "value": "1" },
                { "name": "bedplate:archive-path", "value": "pool/main/tool.deb" },
            ],
        });
        assert_eq!(tool, expected);
        let found = &component(&document, "libc6")["evidence"]["licenses"][0]["license"];
        assert_eq!(found["text"]["content"], "do \"what\"");
    }
}
