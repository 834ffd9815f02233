//! An SPDX document, as far as it can be held against an image.
//!
//! In: the bytes of a signed statement. Out: an [`Sbom`]: packages, files and who owns them; or why it cannot be read.
//! Specification: <https://spdx.github.io/spdx-spec/v2.3/>.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use serde::Deserialize;
use signing::Statement;

/// A file that an SBOM names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbomFile {
    /// Its path from the image's root, such as `/usr/bin/python3`.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: Option<Digest>,
}

/// What an SPDX document says.
#[derive(Debug)]
pub(super) struct Sbom {
    /// The Debian packages.
    pub(super) packages: Vec<SbomPackage>,
    /// The files.
    pub(super) files: Vec<SbomFile>,
    /// The digests of everything that is no Debian package: the image, its layers.
    pub(super) parts: BTreeSet<Digest>,
    /// Files that belong neither to a package nor to the image.
    pub(super) ownerless: Vec<String>,
}

/// A Debian package in an SBOM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SbomPackage {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: Option<String>,
    pub(super) sha256: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(default)]
    version_info: String,
    #[serde(default)]
    checksums: Vec<Checksum>,
    #[serde(default)]
    external_refs: Vec<ExternalRef>,
    #[serde(default)]
    has_files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(rename = "fileName")]
    path: String,
    #[serde(default)]
    checksums: Vec<Checksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_type: String,
    reference_locator: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    #[serde(rename = "relationshipType")]
    kind: String,
    related_spdx_element: String,
}

impl Sbom {
    /// Reads the payload of a statement.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, String> {
        let document = Statement::<Document>::parse(payload).map_err(|reason| reason.to_string())?.predicate;
        let ownerless = document.ownerless();
        let (debian, others): (Vec<_>, Vec<_>) = document.packages.into_iter().partition(Package::is_debian);
        let parts = others.iter().flat_map(Package::digests).collect();
        let packages = debian.into_iter().map(SbomPackage::of).collect();
        Ok(Self { packages, files: document.files.iter().map(SbomFile::of).collect(), parts, ownerless })
    }
}

impl Document {
    /// The files that no package contains.
    fn ownerless(&self) -> Vec<String> {
        let owners: BTreeSet<&str> = self.packages.iter().map(|package| package.id.as_str()).collect();
        let mut owned: BTreeSet<&str> =
            self.packages.iter().flat_map(|package| package.has_files.iter().map(String::as_str)).collect();
        for Relationship { spdx_element_id, kind, related_spdx_element } in &self.relationships {
            match kind.as_str() {
                "CONTAINS" if owners.contains(spdx_element_id.as_str()) => owned.insert(related_spdx_element),
                "CONTAINED_BY" if owners.contains(related_spdx_element.as_str()) => owned.insert(spdx_element_id),
                _ => false,
            };
        }
        let ownerless = self.files.iter().filter(|file| !owned.contains(file.id.as_str()));
        ownerless.map(|file| file.path.clone()).collect()
    }
}

impl Package {
    fn purl(&self) -> Option<&str> {
        let purl = self.external_refs.iter().find(|found| found.reference_type == "purl");
        purl.map(|found| found.reference_locator.as_str())
    }

    /// Whether it is a package that is installed; sources are named too, and are in no image.
    fn is_debian(&self) -> bool {
        let installed = |purl: &str| purl.starts_with("pkg:deb/") && qualifiers(purl).get("arch") != Some(&"source");
        self.purl().is_some_and(installed)
    }

    /// Digests by which it may be named: checksums, and names and versions that are digests.
    fn digests(&self) -> impl Iterator<Item = Digest> {
        let named = [&self.name, &self.version_info].into_iter().filter_map(|text| text.parse().ok());
        named.chain(sha256(&self.checksums)).collect::<Vec<_>>().into_iter()
    }
}

fn sha256(checksums: &[Checksum]) -> Option<Digest> {
    let found = checksums.iter().find(|checksum| checksum.algorithm == "SHA256")?;
    Digest::from_sha256_hex(&found.checksum_value).ok()
}

impl SbomFile {
    fn of(file: &File) -> Self {
        let relative = file.path.strip_prefix("./").unwrap_or(&file.path).trim_start_matches('/');
        Self { path: format!("/{relative}"), sha256: sha256(&file.checksums) }
    }
}

impl SbomPackage {
    fn of(package: Package) -> Self {
        let architecture = package.purl().and_then(|purl| qualifiers(purl).remove("arch").map(str::to_owned));
        let sha256 = sha256(&package.checksums);
        Self { name: package.name, version: package.version_info, architecture, sha256 }
    }
}

/// The qualifiers of a package URL; of those that matter here none has characters that are escaped.
fn qualifiers(purl: &str) -> BTreeMap<&str, &str> {
    let query = purl.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').filter_map(|pair| pair.split_once('=')).collect()
}
