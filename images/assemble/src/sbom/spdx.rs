//! An inventory becomes an SPDX 2.3 document.
//!
//! In: [`SbomParts`]. Out: JSON. The document describes the image; the image contains its layers, those their packages,
//! and those their files; a package is generated from its source. Files that effects made belong to the image itself.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::Descriptor;

use crate::sbom::SbomParts;
use crate::sbom::inventory::{Distribution, File, Files, Inventory, Item, cpe, layer_identifier};
use crate::sbom::spdx_document::{
    CreationInfo, DOCUMENT, Document, ExternalRef, ExtractedLicence, Package, Relationship, VerificationCode, reference,
};
use crate::sbom::spdx_package::{checksum, cpe_reference, described, sha1};
use crate::sbom::{names, purl, spdx_document};
use crate::sha1_digest::Sha1Digest;

/// The document of one platform's image.
pub(crate) fn of_image(parts: &SbomParts<'_>) -> String {
    let mut writer = Writer::default();
    let image = writer.image(&Inventory::new(*parts, Files::Listed), Files::Listed);
    writer.relate(DOCUMENT, "DESCRIBES", &image);
    let name = format!("{}@{}", parts.name, parts.manifest.digest);
    let document = names::document("spdx 2.3", parts.name, &parts.manifest.digest);
    writer.finish(name, parts.name, &document, names::time(parts.created))
}

/// The document of an image index.
pub(crate) fn of_index(index: &Descriptor, platforms: &[SbomParts<'_>]) -> String {
    let mut writer = Writer::default();
    let (public, image, version) = platforms.first().map_or(("", "", ""), |it| (it.name, it.image, it.version));
    let id = names::identifier("Index", image, &index.digest);
    let mut package = Package::new(&id, image, version, names::publisher(public), "CONTAINER");
    package.checksums = vec![checksum(&index.digest)];
    package.external_refs = vec![ExternalRef::purl(purl::image(public, &index.digest, None))];
    writer.packages.insert(package.id.clone(), package);
    writer.relate(DOCUMENT, "DESCRIBES", &reference(&id));
    for parts in platforms {
        let image = writer.image(&Inventory::new(*parts, Files::LeftOut), Files::LeftOut);
        writer.relate(&reference(&id), "CONTAINS", &image);
    }
    let created = platforms.iter().map(|parts| parts.created).max().unwrap_or_default();
    let document = names::document("spdx 2.3", public, &index.digest);
    writer.finish(format!("{public}@{}", index.digest), public, &document, names::time(created))
}

/// Elements by their identifiers: what two platforms share is there once.
#[derive(Default)]
struct Writer {
    packages: BTreeMap<String, Package>,
    files: Vec<spdx_document::File>,
    licences: BTreeMap<String, ExtractedLicence>,
    relationships: BTreeSet<Relationship>,
}

impl Writer {
    fn relate(&mut self, from: &str, kind: &'static str, to: &str) {
        self.relationships.insert(Relationship { from: from.to_owned(), kind, to: to.to_owned() });
    }

    /// Adds an image with all that it holds; returns how it is referred to.
    fn image(&mut self, inventory: &Inventory<'_>, files: Files) -> String {
        let parts = &inventory.parts;
        let supplier = names::publisher(parts.name);
        let mut package = Package::new(&names::image(parts), parts.image, parts.version, supplier, "CONTAINER");
        package.checksums = vec![checksum(&parts.manifest.digest)];
        package.comment = Some(format!("The image for {}.", parts.platform));
        let architecture = Some(parts.platform.architecture.as_str());
        let purl = purl::image(parts.name, &parts.manifest.digest, architecture);
        package.external_refs = vec![ExternalRef::purl(purl)];
        self.files_of(&mut package, &inventory.made, true);
        let image = package.id.clone();
        self.packages.insert(image.clone(), package);
        let layers = if files == Files::Listed { self.layers(inventory, &image) } else { Vec::new() };
        if let Some(distribution) = &inventory.distribution {
            self.distribution(distribution, &image);
        }
        for item in &inventory.packages {
            self.package(item, layers.get(item.layer).unwrap_or(&image), inventory);
        }
        image
    }

    fn layers(&mut self, inventory: &Inventory<'_>, image: &str) -> Vec<String> {
        let mut references = Vec::new();
        for (at, layer) in inventory.parts.layers.iter().enumerate() {
            let name = inventory.layer_name(at);
            let id = layer_identifier(at, name, &layer.digest);
            let supplier = names::publisher(inventory.parts.name);
            let mut package =
                Package::new(&id, &format!("layer {name}"), &layer.digest.to_string(), supplier, "ARCHIVE");
            package.checksums = vec![checksum(&layer.digest)];
            package.comment = Some(format!("Uncompressed it is {}.", layer.diff_id));
            self.relate(image, "CONTAINS", &package.id);
            references.push(package.id.clone());
            self.packages.insert(package.id.clone(), package);
        }
        references
    }

    fn distribution(&mut self, distribution: &Distribution, image: &str) {
        let (id, version) = (&distribution.id, &distribution.version);
        let name = format!("OperatingSystem-{}-{}", names::plain(id), names::plain(version));
        let mut package = Package::new(&name, id, version, names::DEBIAN, "OPERATING_SYSTEM");
        package.summary = Some(distribution.name.clone());
        package.external_refs = cpe(distribution).into_iter().map(cpe_reference).collect();
        self.relate(image, "CONTAINS", &package.id);
        self.packages.insert(package.id.clone(), package);
    }

    fn package(&mut self, item: &Item<'_>, within: &str, inventory: &Inventory<'_>) {
        let distribution = inventory.distribution.as_ref();
        let mut package = described(item, distribution);
        self.files_of(&mut package, &item.files, false);
        let id = package.id.clone();
        self.relate(within, "CONTAINS", &id);
        let source = self.source(item, distribution);
        self.relate(&id, "GENERATED_FROM", &source);
        for other in item.needs.iter().filter_map(|at| inventory.packages.get(*at)) {
            self.relate(&id, "DEPENDS_ON", &reference(&other.identifier()));
        }
        for (license_id, licence) in &item.declared.references {
            let (name, extracted_text) = (licence.name.clone(), licence.text.clone());
            let licence = ExtractedLicence { license_id: license_id.clone(), name, extracted_text };
            self.licences.insert(license_id.clone(), licence);
        }
        self.packages.insert(id, package);
    }

    fn source(&mut self, item: &Item<'_>, distribution: Option<&Distribution>) -> String {
        let (name, version) = (&item.locked.source, item.locked.source_version.as_str());
        let mut package = Package::new(&names::source(name, version), name, version, names::DEBIAN, "SOURCE");
        package.external_refs = vec![ExternalRef::purl(purl::source(name, version, distribution))];
        let id = package.id.clone();
        self.packages.entry(id.clone()).or_insert(package);
        id
    }

    /// Adds the files of a package, and its verification code (SPDX 2.3, section 7.9).
    fn files_of(&mut self, package: &mut Package, files: &[File<'_>], with_origin: bool) {
        if files.is_empty() {
            return;
        }
        let mut sums: Vec<String> = files.iter().map(|file| file.facts.sha1.to_string()).collect();
        sums.sort_unstable();
        let value = Sha1Digest::of(sums.concat()).to_string();
        package.files_analyzed = true;
        package.verification_code = Some(VerificationCode { value });
        for file in files {
            let path = file.path.as_str();
            let checksums = [sha1(&file.facts.sha1), checksum(&file.facts.digest)];
            let id = reference(&names::file(path));
            self.relate(&package.id, "CONTAINS", &id);
            let comment = with_origin.then(|| format!("Made by {}.", file.origin));
            self.files.push(spdx_document::File { id, path: format!(".{path}"), checksums, comment });
        }
    }

    fn finish(self, name: String, public: &str, document: &Digest, created: String) -> String {
        let (tool, version) = names::builder();
        let publisher = names::publisher(public);
        let creators = vec![format!("Organization: {publisher}"), format!("Tool: {tool}-{version}")];
        let list = spdx::license_version();
        let license_list_version = list.rsplit_once('.').map_or(list, |(short, _)| short).to_owned();
        let document = Document {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name,
            namespace: names::namespace(public, document),
            creation_info: CreationInfo { created, creators, license_list_version },
            packages: self.packages.into_values().collect(),
            files: self.files,
            has_extracted_licensing_infos: self.licences.into_values().collect(),
            relationships: self.relationships.into_iter().collect(),
        };
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sbom::fixture::Fixture;

    fn document(fixture: &Fixture) -> Value {
        serde_json::from_str(&of_image(&fixture.parts())).unwrap()
    }

    /// Identifiers without their digests.
    fn short(id: &Value) -> String {
        let id = id.as_str().unwrap().strip_prefix("SPDXRef-").unwrap();
        id.rsplit_once('-').filter(|(_, hex)| hex.len() > 15).map_or(id, |(front, _)| front).to_owned()
    }

    fn relationships(document: &Value) -> Vec<String> {
        let one = |it: &Value| {
            let kind = it["relationshipType"].as_str().unwrap();
            format!("{} {kind} {}", short(&it["spdxElementId"]), short(&it["relatedSpdxElement"]))
        };
        document["relationships"].as_array().unwrap().iter().map(one).collect()
    }

    #[test]
    fn says_what_holds_what() {
        let expected = [
            "DOCUMENT DESCRIBES Image-tool",
            "Image-tool CONTAINS File",
            "Image-tool CONTAINS Layer-0-base",
            "Image-tool CONTAINS Layer-1-tool",
            "Image-tool CONTAINS OperatingSystem-debian-13",
            "Layer-0-base CONTAINS Package-libc6",
            "Layer-1-tool CONTAINS Package-tool",
            "Package-libc6 CONTAINS File",
            "Package-libc6 GENERATED_FROM Source-glibc",
            "Package-tool CONTAINS File",
            "Package-tool CONTAINS File",
            "Package-tool DEPENDS_ON Package-libc6",
            "Package-tool GENERATED_FROM Source-tool",
        ];
        assert_eq!(relationships(&document(&Fixture::new())), expected);
    }

    #[test]
    fn escapes_hostile_names_and_says_who_made_a_file() {
        let document = document(&Fixture::new());
        let files = document["files"].as_array().unwrap();
        let names: Vec<&str> = files.iter().map(|it| it["fileName"].as_str().unwrap()).collect();
        assert_eq!(names, ["./etc/passwd", "./usr/lib/libc.so.6", "./usr/bin/again", "./usr/bin/tool \"q\""]);
        assert_eq!((&files[0]["comment"], &files[1]["comment"]), (&"Made by effects of base.".into(), &Value::Null));
        assert_eq!(files[2]["checksums"], files[3]["checksums"], "a hard link is another name of the same bytes");
        let mut fixture = Fixture::new();
        fixture.lock.layers[1].packages[0].name = "e\u{301}vil\"/../\n".repeat(20);
        let text = of_image(&fixture.parts());
        let document: Value = serde_json::from_str(&text).unwrap();
        let plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        assert!(document["packages"].as_array().unwrap().iter().all(|it| plain(it["SPDXID"].as_str().unwrap())));
    }

    #[test]
    fn is_the_same_for_the_same_input_and_another_for_another_image() {
        let fixture = Fixture::new();
        assert_eq!(of_image(&fixture.parts()), of_image(&Fixture::new().parts()));
        let mut other = Fixture::new();
        other.manifest.digest = Digest::of("other");
        let namespace = |fixture: &Fixture| document(fixture)["documentNamespace"].clone();
        assert_ne!(namespace(&fixture), namespace(&other));
    }

    #[test]
    fn an_index_names_the_images_and_packages_of_its_platforms_once_and_no_files() {
        let (one, mut two) = (Fixture::new(), Fixture::new());
        two.platform = oci::Platform::linux("arm64");
        two.manifest.digest = Digest::of("arm64");
        let index = Descriptor::of(oci::MEDIA_TYPE_INDEX, b"index");
        let text = of_index(&index, &[one.parts(), two.parts()]);
        let document: Value = serde_json::from_str(&text).unwrap();
        let ids: Vec<String> = document["packages"].as_array().unwrap().iter().map(|it| short(&it["SPDXID"])).collect();
        let expected = [
            "Image-tool",
            "Image-tool",
            "Index-tool",
            "OperatingSystem-debian-13",
            "Package-libc6",
            "Package-tool",
            "Source-glibc",
            "Source-tool",
        ];
        assert_eq!((ids, document.get("files")), (expected.map(str::to_owned).to_vec(), None));
        let all = relationships(&document);
        assert_eq!(all.iter().filter(|it| *it == "Index-tool CONTAINS Image-tool").count(), 2);
        assert_eq!(all.iter().filter(|it| *it == "Image-tool CONTAINS Package-tool").count(), 2);
        assert!(of_index(&index, &[]).contains("SPDXRef-Index-"));
    }
}
