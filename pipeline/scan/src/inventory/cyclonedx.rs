//! CycloneDX 1.2 to 1.6 as JSON becomes an inventory.
//!
//! In: text. Out: an [`Inventory`] of the components with a Package URL of Debian's. Sources come from Trivy's properties (ours are the
//! same), from Syft's, and from `upstream`. Specification: <https://cyclonedx.org/docs/1.6/json/>.

use serde::Deserialize;

use super::document::{Document, Entry, InventoryError, Source};
use super::loose::Loose;
use super::{Distribution, Inventory};
use crate::purl::Purl;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    #[serde(default, rename = "bomFormat")]
    format: Loose,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    tools: Option<Tools>,
    #[serde(default)]
    component: Option<Component>,
}

/// A list of tools (to 1.4), or an object with components (from 1.5).
#[derive(Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Named>),
    Object {
        #[serde(default)]
        components: Vec<Named>,
    },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Loose,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default, rename = "type")]
    kind: Loose,
    #[serde(default)]
    name: Loose,
    #[serde(default)]
    version: Loose,
    #[serde(default)]
    purl: Loose,
    #[serde(default)]
    publisher: Loose,
    #[serde(default)]
    supplier: Option<Named>,
    #[serde(default)]
    properties: Vec<Property>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: Loose,
    #[serde(default)]
    value: Loose,
}

impl Inventory {
    /// Out of a CycloneDX document.
    pub fn from_cyclonedx(text: &str) -> Result<Self, InventoryError> {
        let format = "CycloneDX";
        let bom: Bom = serde_json::from_str(text).map_err(|source| InventoryError::Json { format, source })?;
        if bom.format.text() != format {
            let found = bom.format.text().chars().take(40).collect();
            return Err(InventoryError::Format { format, found, expected: "`bomFormat` CycloneDX" });
        }
        let tools = match bom.metadata.as_ref().and_then(|it| it.tools.as_ref()) {
            Some(Tools::List(tools) | Tools::Object { components: tools }) => tools.as_slice(),
            Some(Tools::Other(_)) | None => &[],
        };
        let mut document = Document::new(tools.iter().filter_map(|tool| tool.name.some()));
        let subject = bom.metadata.as_ref().and_then(|it| it.component.as_ref());
        if let Some(subject) = subject {
            system(&mut document, subject);
        }
        walk(&mut document, &bom.components, "components");
        Ok(document.finish())
    }
}

/// JSON's reader refuses what is nested more than 128 deep, so this ends.
fn walk(document: &mut Document, components: &[Component], place: &str) {
    for (at, component) in components.iter().enumerate() {
        system(document, component);
        package(document, component, || format!("{place}[{at}]"));
        if !component.components.is_empty() {
            walk(document, &component.components, &format!("{place}[{at}].components"));
        }
    }
}

fn system(document: &mut Document, component: &Component) {
    if component.kind.text() == "operating-system" {
        let codename = component.property("syft:distro:versionCodename");
        let system = Distribution::of_system(component.name.text(), component.version.some());
        document.system(Distribution { codename: codename.map(str::to_owned).or(system.codename.clone()), ..system });
    }
}

fn package(document: &mut Document, component: &Component, place: impl FnOnce() -> String) {
    let Some(text) = component.purl.some() else { return };
    let Ok(purl) = text.parse::<Purl>() else {
        return document.remark(&place(), "its Package URL is none: the package is left out");
    };
    let supplier = component.supplier.as_ref().and_then(|it| it.name.some());
    let maintainer = component.publisher.some().or(supplier);
    let source = component.trivy_source().or_else(|| component.syft_source());
    document.add(Entry { place: place(), purl, version: component.version.some(), source, maintainer });
}

impl Component {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|it| it.name.text() == name)?.value.some()
    }

    /// The version is in up to three properties. A name without a version is not enough: Trivy always writes one.
    fn trivy_source(&self) -> Option<Source> {
        let name = self.property("aquasecurity:trivy:SrcName")?.to_owned();
        let epoch = self.property("aquasecurity:trivy:SrcEpoch").filter(|epoch| *epoch != "0");
        let upstream = self.property("aquasecurity:trivy:SrcVersion")?;
        let release = self.property("aquasecurity:trivy:SrcRelease");
        let before = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        let after = release.map(|release| format!("-{release}")).unwrap_or_default();
        Some(Source { name, version: Some(format!("{before}{upstream}{after}")) })
    }

    fn syft_source(&self) -> Option<Source> {
        let name = self.property("syft:metadata:source")?.to_owned();
        let version = self.property("syft:metadata:sourceVersion").map(str::to_owned);
        Some(Source { name, version })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn cyclonedx(tools: &Value, components: &Value) -> Inventory {
        let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"tools": tools}, "components": components});
        Inventory::from_cyclonedx(&document.to_string()).unwrap()
    }

    fn properties(all: &[(&str, &str)]) -> Value {
        all.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
    }

    #[test]
    fn reads_what_trivy_writes() {
        let properties = properties(&[
            ("aquasecurity:trivy:SrcName", "perl"),
            ("aquasecurity:trivy:SrcVersion", "5.40.1"),
            ("aquasecurity:trivy:SrcRelease", "6"),
        ]);
        let inventory = cyclonedx(
            &json!([{"vendor": "aquasecurity", "name": "trivy"}]),
            &json!([
                {"type": "operating-system", "name": "debian", "version": "13.7"},
                {"type": "library", "name": "perl-base", "version": "5.40.1-6", "purl": "pkg:deb/debian/perl-base@5.40.1-6?arch=amd64&distro=debian-13.7", "properties": properties},
            ]),
        );
        let found = &inventory.packages[0];
        assert_eq!((found.source.as_str(), found.source_version.as_str()), ("perl", "5.40.1-6"));
        assert_eq!((inventory.distribution.release(), inventory.remarks.len()), (Some("trixie"), 0));
    }

    #[test]
    fn reads_what_syft_writes() {
        let source = properties(&[("syft:metadata:source", "lvm2"), ("syft:metadata:sourceVersion", "2.03.31-2")]);
        let release = properties(&[("syft:distro:versionCodename", "trixie")]);
        let inventory = cyclonedx(
            &json!({"components": [{"type": "application", "name": "syft"}]}),
            &json!([
                {"type": "library", "name": "dmsetup", "version": "2:1.02.205-2", "purl": "pkg:deb/debian/dmsetup@2%3A1.02.205-2?arch=amd64", "properties": source},
                {"type": "operating-system", "name": "debian", "version": "13", "properties": release},
            ]),
        );
        assert_eq!(inventory.packages[0].source_version, "2.03.31-2");
        assert_eq!(inventory.distribution.codename.as_deref(), Some("trixie"));
    }

    #[test]
    fn finds_packages_within_components_and_leaves_files_and_other_systems() {
        let inner = json!([{"type": "library", "name": "a", "purl": "pkg:deb/debian/a@1-1?upstream=s%401-1"}, {"type": "file", "name": "/x"}]);
        let inventory = cyclonedx(
            &json!(7),
            &json!([
                {"type": "container", "components": inner},
                {"type": "operating-system", "name": "alpine", "version": "3.19"},
                {"type": "library", "name": "b", "purl": "pkg:apk/alpine/b@1"},
            ]),
        );
        assert_eq!((inventory.packages.len(), inventory.distribution.release()), (1, None));
        assert!(inventory.remarks.iter().any(|it| it.text.starts_with("it is `alpine`")), "{:?}", inventory.remarks);
    }

    #[test]
    fn what_is_no_cyclonedx_is_refused() {
        let deep = format!(
            "{}{}",
            "{\"bomFormat\":\"CycloneDX\",\"components\":[{\"components\":[".repeat(200),
            "]}]}".repeat(200)
        );
        for text in ["", "[]", "{}", "{\"bomFormat\": \"CycloneDX\", \"components\": {}}", &deep] {
            assert!(Inventory::from_cyclonedx(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
    }

    proptest! {
        #[test]
        fn never_panics(purl in "(pkg:deb/debian/|a|@|1|%2|\\?|upstream=|distro=|.){0,12}", value in ".{0,9}") {
            let hostile = json!({"type": value, "name": 1, "purl": purl, "properties": properties(&[("aquasecurity:trivy:SrcName", &value), ("aquasecurity:trivy:SrcVersion", &purl)])});
            let _ = cyclonedx(&json!([{"name": "trivy"}]), &json!([hostile]));
            let _ = Inventory::from_cyclonedx(&purl);
        }
    }
}
