//! An inventory becomes a CycloneDX 1.6 document.
//!
//! In: [`SbomParts`]. Out: JSON. The document is about the image, whose own components are the files that effects made;
//! packages hold their files; the dependency graph leads from the image to its layers, from those to their packages,
//! and from package to package.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::Descriptor;

use crate::sbom::SbomParts;
use crate::sbom::cyclonedx_component::{hash, image, named, operating_system, package};
use crate::sbom::cyclonedx_document::{Bom, Component, Dependency, Metadata, Property, Tools};
use crate::sbom::inventory::{Files, Inventory, layer_identifier};
use crate::sbom::{names, purl};

/// The document of one platform's image.
pub(crate) fn of_image(parts: &SbomParts<'_>) -> String {
    let inventory = Inventory::new(*parts, Files::Listed);
    let mut writer = Writer::default();
    writer.image(&inventory, Files::Listed);
    let document = names::document("cyclonedx 1.6", parts.name, &parts.manifest.digest);
    writer.finish(image(&inventory), parts.name, &document, names::time(parts.created))
}

/// The document of an image index.
pub(crate) fn of_index(index: &Descriptor, platforms: &[SbomParts<'_>]) -> String {
    let mut writer = Writer::default();
    let (public, name, version) = platforms.first().map_or(("", "", ""), |it| (it.name, it.image, it.version));
    let id = names::identifier("Index", name, &index.digest);
    for parts in platforms {
        let inventory = Inventory::new(*parts, Files::LeftOut);
        let component = image(&inventory);
        writer.depend(&id, &component.reference);
        writer.components.insert(component.reference.clone(), component);
        writer.image(&inventory, Files::LeftOut);
    }
    let mut component = Component::new("container", &id, name, version);
    component.supplier = Some(named(names::publisher(public)));
    component.hashes = vec![hash(&index.digest)];
    component.purl = purl::image(public, &index.digest, None);
    let created = platforms.iter().map(|parts| parts.created).max().unwrap_or_default();
    let document = names::document("cyclonedx 1.6", public, &index.digest);
    writer.finish(component, public, &document, names::time(created))
}

/// Components by their references: what two platforms share is there once.
#[derive(Default)]
struct Writer {
    components: BTreeMap<String, Component>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Writer {
    fn depend(&mut self, from: &str, on: &str) {
        self.dependencies.entry(on.to_owned()).or_default();
        self.dependencies.entry(from.to_owned()).or_default().insert(on.to_owned());
    }

    /// Adds what an image holds, but not the image itself.
    fn image(&mut self, inventory: &Inventory<'_>, files: Files) {
        let image = names::image(&inventory.parts);
        let layers = if files == Files::Listed { self.layers(inventory, &image) } else { Vec::new() };
        if let Some(distribution) = &inventory.distribution {
            let component = operating_system(distribution);
            self.depend(&image, &component.reference);
            self.components.insert(component.reference.clone(), component);
        }
        for item in &inventory.packages {
            let id = item.identifier();
            self.depend(layers.get(item.layer).unwrap_or(&image), &id);
            for other in item.needs.iter().filter_map(|at| inventory.packages.get(*at)) {
                self.depend(&id, &other.identifier());
            }
            self.components.insert(id, package(item, inventory.distribution.as_ref()));
        }
    }

    fn layers(&mut self, inventory: &Inventory<'_>, image: &str) -> Vec<String> {
        let mut references = Vec::new();
        for (at, layer) in inventory.parts.layers.iter().enumerate() {
            let name = inventory.layer_name(at);
            let id = layer_identifier(at, name, &layer.digest);
            let mut component = Component::new("file", &id, &format!("layer {name}"), &layer.digest.to_string());
            component.supplier = Some(named(names::publisher(inventory.parts.name)));
            component.hashes = vec![hash(&layer.digest)];
            component.properties = vec![Property { name: "bedplate:diff-id", value: layer.diff_id.to_string() }];
            self.depend(image, &id);
            references.push(id.clone());
            self.components.insert(id, component);
        }
        references
    }

    fn finish(self, component: Component, public: &str, document: &Digest, timestamp: String) -> String {
        let (tool, version) = names::builder();
        let publisher = names::publisher(public);
        let depends = |(reference, on): (String, BTreeSet<String>)| Dependency {
            reference,
            depends_on: on.into_iter().collect(),
        };
        let bom = Bom {
            schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
            format: "CycloneDX",
            spec_version: "1.6",
            serial_number: names::serial_number(document),
            version: 1,
            metadata: Metadata {
                timestamp,
                tools: Tools { components: [Component::new("application", "", tool, version)] },
                authors: [named(publisher)],
                component,
                supplier: named(publisher),
            },
            components: self.components.into_values().collect(),
            dependencies: self.dependencies.into_iter().map(depends).collect(),
        };
        serde_json::to_string(&bom).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sbom::fixture::Fixture;

    fn document() -> Value {
        serde_json::from_str(&of_image(&Fixture::new().parts())).unwrap()
    }

    #[test]
    fn says_what_needs_what() {
        let document = document();
        let short = |id: &Value| {
            let id = id.as_str().unwrap();
            id.rsplit_once('-').filter(|(_, hex)| hex.len() == 16).map_or(id, |(front, _)| front).to_owned()
        };
        let line = |it: &Value| {
            let on: Vec<String> = it["dependsOn"].as_array().into_iter().flatten().map(short).collect();
            format!("{}: {}", short(&it["ref"]), on.join(" "))
        };
        let lines: Vec<String> = document["dependencies"].as_array().unwrap().iter().map(line).collect();
        let expected = [
            "Image-tool: Layer-0-base Layer-1-tool OperatingSystem-debian-13",
            "Layer-0-base: Package-libc6",
            "Layer-1-tool: Package-tool",
            "OperatingSystem-debian-13: ",
            "Package-libc6: ",
            "Package-tool: Package-libc6",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_image_itself_holds_what_effects_made() {
        let document = document();
        let made = &document["metadata"]["component"]["components"][0];
        assert_eq!(
            (&made["name"], &made["properties"][0]["value"]),
            (&"/etc/passwd".into(), &"effects of base".into())
        );
        assert_eq!(document["metadata"]["timestamp"], "2026-11-23T14:00:00Z");
        assert_eq!(of_image(&Fixture::new().parts()), of_image(&Fixture::new().parts()));
    }

    #[test]
    fn an_index_names_what_its_platforms_share_once_and_no_files() {
        let (one, mut two) = (Fixture::new(), Fixture::new());
        two.manifest.digest = Digest::of("arm64");
        let index = Descriptor::of(oci::MEDIA_TYPE_INDEX, b"index");
        let text = of_index(&index, &[one.parts(), two.parts()]);
        let document: Value = serde_json::from_str(&text).unwrap();
        let kinds: Vec<&Value> = document["components"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
        assert_eq!(kinds, ["container", "container", "operating-system", "library", "library"]);
        assert!(!text.contains("\"type\":\"file\""));
        assert!(of_index(&index, &[]).contains("\"components\":[]"));
    }
}
