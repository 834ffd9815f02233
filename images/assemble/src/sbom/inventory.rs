//! What an image holds, in the order in which documents say it; both formats are written from this.
//!
//! In: [`SbomParts`]. Out: an [`Inventory`]: packages by layer and name, each with its files; files of effects apart.

use std::collections::BTreeMap;

use blob::Digest;

use crate::about::About;
use crate::facts::{EntryKind, FileFacts};
use crate::lock::LockedPackage;
use crate::path::RootPath;
use crate::sbom::SbomParts;
use crate::sbom::declared::{Declared, declared};
use crate::sbom::names;
use crate::sbom::needs::{Named, needs};
use crate::tree::Tree;

/// What an image holds.
pub(crate) struct Inventory<'a> {
    /// The image.
    pub parts: SbomParts<'a>,
    /// What it says it is.
    pub distribution: Option<Distribution>,
    /// Its packages.
    pub packages: Vec<Item<'a>>,
    /// Files that effects made.
    pub made: Vec<File<'a>>,
}

/// The distribution, from the image's os-release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `VERSION_ID`, such as `13`.
    pub version: String,
    /// `PRETTY_NAME`.
    pub name: String,
}

/// A package of an image.
pub(crate) struct Item<'a> {
    /// The package.
    pub locked: &'a LockedPackage,
    /// What it says about itself.
    pub about: Option<&'a About>,
    /// The layer that it is in, by place.
    pub layer: usize,
    /// Its files, by path.
    pub files: Vec<File<'a>>,
    /// Its licence.
    pub declared: Declared,
    /// The places of the packages that it depends on.
    pub needs: Vec<usize>,
}

/// A regular file, or another name of one.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    /// Where it lies.
    pub path: &'a RootPath,
    /// Its digests.
    pub facts: &'a FileFacts,
    /// Who put it there.
    pub origin: &'a str,
}

/// Whether a document lists files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// Every file.
    Listed,
    /// None: that of an index would be as long as those of all its platforms together.
    LeftOut,
}

impl<'a> Inventory<'a> {
    pub(crate) fn new(parts: SbomParts<'a>, wanted: Files) -> Self {
        let mut files = if wanted == Files::Listed { files(&parts.tree.tree) } else { BTreeMap::new() };
        let layers = parts.packages.layers.iter().enumerate();
        let locked: Vec<(usize, &LockedPackage)> =
            layers.flat_map(|(at, layer)| layer.packages.iter().map(move |package| (at, package))).collect();
        let about = |name: &str| parts.tree.about.get(name);
        let named: Vec<Named<'_>> =
            locked.iter().map(|(_, package)| (package.name.as_str(), about(&package.name))).collect();
        let item = |((layer, locked), needs): ((usize, &'a LockedPackage), Vec<usize>)| Item {
            locked,
            about: about(&locked.name),
            layer,
            files: files.remove(locked.name.as_str()).unwrap_or_default(),
            declared: declared(&locked.name, parts.tree),
            needs,
        };
        let needs = needs(&named);
        let packages = locked.into_iter().zip(needs).map(item).collect();
        let mut made: Vec<File<'a>> = files.into_values().flatten().collect();
        made.sort_by_key(|file| file.path);
        Self { parts, distribution: distribution(&parts), packages, made }
    }

    /// The name of a layer: that of the definition which adds it.
    pub(crate) fn layer_name(&self, at: usize) -> &'a str {
        self.parts.packages.layers.get(at).map_or("", |layer| &layer.definition)
    }
}

impl Item<'_> {
    /// The identifier of this package in a document.
    pub(crate) fn identifier(&self) -> String {
        names::identifier("Package", &self.locked.name, &self.locked.sha256)
    }
}

/// Files by who put them there; links have no content, and folders neither.
fn files(tree: &Tree) -> BTreeMap<&str, Vec<File<'_>>> {
    let mut files: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    for node in tree.iter() {
        let facts = match &node.entry.kind {
            EntryKind::File(facts) => Some(facts),
            EntryKind::Hardlink { target } => tree.get(target).and_then(|node| node.entry.file()),
            _ => None,
        };
        let file = facts.map(|facts| File { path: &node.entry.path, facts, origin: &node.origin });
        files.entry(&node.origin).or_default().extend(file);
    }
    files
}

fn distribution(parts: &SbomParts<'_>) -> Option<Distribution> {
    let path = RootPath::parse("/usr/lib/os-release").ok()?;
    let text = parts.tree.captured.get(&path)?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
    };
    let (id, version) = (value("ID")?, value("VERSION_ID")?);
    let name = value("PRETTY_NAME").unwrap_or_else(|| format!("{id} {version}"));
    Some(Distribution { id, version, name })
}

/// SPDX's and CycloneDX's unique identifier of the distribution that scanners know.
pub(crate) fn cpe(distribution: &Distribution) -> Option<String> {
    let plain = distribution.version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (distribution.id == "debian" && plain)
        .then(|| format!("cpe:2.3:o:debian:debian_linux:{}:*:*:*:*:*:*:*", distribution.version))
}

/// The digest that names a layer.
pub(crate) fn layer_identifier(at: usize, name: &str, digest: &Digest) -> String {
    names::identifier(&format!("Layer-{at}"), name, digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::fixture::Fixture;

    #[test]
    fn sorts_files_to_packages_and_effects() {
        let fixture = Fixture::new();
        let parts = fixture.parts();
        let inventory = Inventory::new(parts, Files::Listed);
        let paths = |files: &[File<'_>]| files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>();
        let found: Vec<_> = inventory.packages.iter().map(|it| (it.locked.name.as_str(), paths(&it.files))).collect();
        let expected = [
            ("libc6", vec!["/usr/lib/libc.so.6".to_owned()]),
            ("tool", vec!["/usr/bin/again".to_owned(), "/usr/bin/tool \"q\"".to_owned()]),
        ];
        assert_eq!(found, expected);
        assert_eq!(paths(&inventory.made), ["/etc/passwd"]);
        assert_eq!(inventory.packages[1].needs, [0]);
        assert!(Inventory::new(parts, Files::LeftOut).packages[1].files.is_empty());
    }

    #[test]
    fn reads_what_the_image_says_it_is() {
        let fixture = Fixture::new();
        let distribution = Inventory::new(fixture.parts(), Files::LeftOut).distribution.unwrap();
        assert_eq!((distribution.id.as_str(), distribution.version.as_str()), ("debian", "13"));
        assert_eq!(cpe(&distribution).unwrap(), "cpe:2.3:o:debian:debian_linux:13:*:*:*:*:*:*:*");
    }
}
