//! A VEX repository, as `trivy --vex repo` takes it: a manifest, an index, and one document a package.
//!
//! In: OpenVEX documents that hold now. Out: files by their paths. Specification: <https://github.com/aquasecurity/vex-repo-spec>, version 0.1.
//! `index.json` and what lies below `pkg` go into the archive at the manifest's location; the manifest and the documents themselves, which
//! `grype --vex` takes, are served as they are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::purl::Purl;
use crate::vex::document::VexStatus;
use crate::vex::read::{ProductName, ReadStatement, VexDocument, VexError};
use crate::vex::write::{Products, Statements, document};

/// What a repository is made of.
#[derive(Debug, Clone, Copy)]
pub struct VexRepositoryParts<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// Address of the archive, such as `https://images.example/vex/vex-repository.tar.gz`.
    pub location: &'a str,
    /// Who states what the packages' documents state.
    pub author: &'a str,
    /// The date of the data.
    pub updated: Timestamp,
    /// The documents: path below the repository, text.
    pub documents: &'a [(String, String)],
}

/// What may be asked of it: once in so many hours.
const UPDATE_INTERVAL: &str = "1h";

#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a str,
    description: &'a str,
    versions: [SpecifiedAs<'a>; 1],
}

#[derive(Serialize)]
struct SpecifiedAs<'a> {
    spec_version: &'static str,
    locations: [Location<'a>; 1],
    update_interval: &'static str,
}

#[derive(Serialize)]
struct Location<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Index {
    updated_at: Timestamp,
    packages: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    location: String,
    format: &'static str,
}

/// The files, by path. A document that cannot be read is an error: nothing is left out silently.
pub fn vex_repository(parts: &VexRepositoryParts<'_>) -> Result<Vec<(String, String)>, VexError> {
    let mut packages: BTreeMap<Purl, Said> = BTreeMap::new();
    for (_, text) in parts.documents {
        for statement in VexDocument::read(text)?.statements {
            collect(&mut packages, &statement);
        }
    }
    let mut files: BTreeMap<String, String> = parts.documents.iter().cloned().collect();
    let mut entries = Vec::new();
    for (package, said) in packages {
        let location = format!("pkg/deb/{}/{}/vex.json", path(&package.namespace), path(&package.name));
        let text = document(&format!("{package}"), parts.author, parts.updated, 1, statements(said));
        files.extend(text.map(|text| (location.clone(), text)));
        entries.extend(ids(&package).into_iter().map(|id| Entry { id, location: location.clone(), format: "openvex" }));
    }
    files.insert("index.json".to_owned(), json(&Index { updated_at: parts.updated, packages: entries })?);
    files.insert(".well-known/vex-repository.json".to_owned(), json(&manifest(parts))?);
    Ok(files.into_iter().collect())
}

fn manifest<'a>(parts: &VexRepositoryParts<'a>) -> Manifest<'a> {
    let locations = [Location { url: parts.location }];
    let version = SpecifiedAs { spec_version: "0.1", locations, update_interval: UPDATE_INTERVAL };
    Manifest { name: parts.name, description: parts.description, versions: [version] }
}

fn json(value: &impl Serialize) -> Result<String, VexError> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// By vulnerability and version of the package: what is stated of it, and in which words.
type Said = BTreeMap<(String, Purl), (VexStatus, Option<String>, String)>;

/// Where two documents differ on one version of a package, the greater harm holds: what one image lacks, another may have.
fn collect(packages: &mut BTreeMap<Purl, Said>, statement: &ReadStatement) {
    let Some(id) = statement.names.first() else { return };
    let whole = statement.products.iter().filter(|product| product.parts.is_empty());
    for name in whole.flat_map(|product| &product.names) {
        let ProductName::Purl(purl) = name else { continue };
        if purl.kind != "deb" {
            continue;
        }
        let new = (statement.status, statement.justification.clone(), statement.words.clone());
        let said = packages.entry(purl.versionless()).or_default();
        let old = said.entry((id.clone(), purl.clone())).or_insert_with(|| new.clone());
        if new.0 > old.0 {
            *old = new;
        }
    }
}

fn statements(said: Said) -> Statements {
    let mut statements = Statements::new();
    for ((id, purl), (status, justification, words)) in said {
        let (all, products) =
            statements.entry((id, status, justification)).or_insert_with(|| (BTreeSet::new(), Products::new()));
        all.extend(Some(words).filter(|words| !words.is_empty()));
        products.entry(purl).or_default();
    }
    statements
}

/// Clients look a package up by text: as the specification writes it, and with a bare plus sign, as older ones do.
fn ids(package: &Purl) -> Vec<String> {
    let id = package.to_string();
    let bare = id.replace("%2B", "+");
    if bare == id { vec![id] } else { vec![id, bare] }
}

/// A part of a path: the index allows letters, digits and `_.-` only, and Debian's names have no underscore.
fn path(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let encoded =
        text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("_{byte:02X}") });
    encoded.collect::<String>().replace("..", "_2E_2E")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, report};
    use crate::{Evidence, FindingStatus, PackageName, VexParts, openvex};
    use blob::Digest;
    use serde_json::{Value, json};

    fn image(name: &str, finding: crate::Finding) -> (String, String) {
        let (digest, timestamp) = (Digest::of(name), "2026-11-23T12:00:00Z".parse().unwrap());
        let reports = [report(vec![finding])];
        let parts = VexParts { name, digest: &digest, reports: &reports, author: "Example", timestamp, version: 1 };
        (format!("images/{name}.openvex.json"), openvex(&parts).unwrap())
    }

    fn files(documents: &[(String, String)]) -> BTreeMap<String, Value> {
        let parts = VexRepositoryParts {
            name: "Example",
            description: "Images of Example",
            location: "https://images.example/vex/vex-repository.tar.gz",
            author: "Example",
            updated: "2026-11-23T12:00:00Z".parse().unwrap(),
            documents,
        };
        let files = vex_repository(&parts).unwrap();
        files.into_iter().map(|(path, text)| (path, serde_json::from_str(&text).unwrap())).collect()
    }

    #[test]
    fn every_package_has_one_document_of_all_images() {
        let mut one = finding("CVE-2026-1", "gcc-14", FindingStatus::NotAffected);
        one.evidence = vec![Evidence::NeverAffected];
        one.packages = vec![PackageName { name: "libstdc++6".into(), version: "14.2.0-19".into() }];
        let mut other = one.clone();
        other.packages[0].version = "14.2.0-20".into();
        let files = files(&[image("python", one), image("java", other)]);
        let paths: Vec<&str> = files.keys().map(String::as_str).collect();
        let package = "pkg/deb/debian/libstdc_2B_2B6/vex.json";
        let expected = [
            ".well-known/vex-repository.json",
            "images/java.openvex.json",
            "images/python.openvex.json",
            "index.json",
            package,
        ];
        assert_eq!(paths, expected);
        let entry = |id: &str| json!({ "id": id, "location": package, "format": "openvex" });
        let entries = [entry("pkg:deb/debian/libstdc%2B%2B6"), entry("pkg:deb/debian/libstdc++6")];
        assert_eq!(files["index.json"], json!({ "updated_at": "2026-11-23T12:00:00Z", "packages": entries }));
        let statements = files[package]["statements"].as_array().unwrap();
        let products = json!([
            { "@id": "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19" },
            { "@id": "pkg:deb/debian/libstdc%2B%2B6@14.2.0-20" },
        ]);
        assert_eq!((statements.len(), &statements[0]["products"]), (1, &products));
        assert_eq!(files[".well-known/vex-repository.json"]["versions"][0]["spec_version"], "0.1");
    }

    #[test]
    fn where_images_differ_the_greater_harm_holds() {
        let open = finding("CVE-2026-1", "zlib", FindingStatus::NoDsa);
        let evidence = vec![Evidence::ComponentNotPresent { component: "x".into(), reason: "y".into() }];
        let absent = crate::Finding { evidence, status: FindingStatus::NotAffected, ..open.clone() };
        for pair in [[open.clone(), absent.clone()], [absent, open]] {
            let [one, other] = pair;
            let files = files(&[image("python", one), image("java", other)]);
            let statements = files["pkg/deb/debian/zlib/vex.json"]["statements"].as_array().unwrap().clone();
            assert_eq!((statements.len(), &statements[0]["status"]), (1, &json!("affected")));
        }
    }

    #[test]
    fn a_hostile_name_stays_below_its_folder() {
        assert_eq!(path("../a/b"), "_2E_2E_2Fa_2Fb");
        assert_eq!(path("libstdc++6"), "libstdc_2B_2B6");
    }
}
