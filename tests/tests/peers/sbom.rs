//! SBOMs of real images: other people's validators take them, they name what the image's own records name, and the
//! digests are those of the files in its layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use assemble::SbomParts;
use serde_json::Value;
use worker::{
    Archive, ArchiveSettings, Builder, BuiltImage, BuiltPlatform, Client, Debs, FeedSettings, InReleases, Indexes,
    Judging, Layers, Observer, Publications, RetryPolicy, RulesCache, Scanner, Segments, State, Wave, WaveRequest,
    silent,
};

use crate::registry::tools::{brought, must, text};

const IMAGES: [&str; 2] = ["python", "java"];

/// One image for one platform, with its documents.
struct Case {
    name: String,
    spdx: Value,
    cyclonedx: Value,
    platform: BuiltPlatform,
}

#[test]
#[ignore = "needs the Debian archive"]
fn sboms_of_real_images_are_valid_and_true() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let built = runtime.block_on(build(folder.path()));
    let documents: Vec<String> = built.iter().flat_map(|image| write_documents(image, folder.path())).collect();
    if let Some(python) = brought("python/sbom/bin/python") {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sbom.py");
        must(Command::new(python).arg(script).args(&documents));
    }
    for case in built.iter().flat_map(cases) {
        eprintln!("sbom     {}", case.name);
        every_package_has_the_minimum_elements(&case.spdx);
        every_component_is_named(&case.cyclonedx);
        the_packages_are_those_of_the_images_own_records(&case);
        the_digests_are_those_of_the_files(&case);
    }
}

/// The documents of each platform and of the index, as files, SPDX before CycloneDX.
fn write_documents(image: &BuiltImage, folder: &Path) -> Vec<String> {
    let (name, layers) = (public_name(image), layers(image));
    let parts: Vec<SbomParts<'_>> = image.platforms.iter().zip(&layers).map(|it| parts(image, it, &name)).collect();
    let mut texts: Vec<String> = parts.iter().flat_map(|one| [assemble::spdx(one), assemble::cyclonedx(one)]).collect();
    texts.push(assemble::index_spdx(&image.descriptor, &parts));
    texts.push(assemble::index_cyclonedx(&image.descriptor, &parts));
    let write = |(at, text): (usize, &String)| {
        assert!(text.len() < 10 << 20, "{}: {} bytes", image.lock.name, text.len());
        eprintln!("sbom     {} {at}: {} bytes", image.lock.name, text.len());
        let kind = ["spdx", "cdx"][at % 2];
        let path = folder.join(format!("{}-{at}.{kind}.json", image.lock.name));
        std::fs::write(&path, text).unwrap();
        self::text(&path)
    };
    texts.iter().enumerate().map(write).collect()
}

fn cases(image: &BuiltImage) -> Vec<Case> {
    let (name, layers) = (public_name(image), layers(image));
    let case = |it: (&BuiltPlatform, &Vec<assemble::Layer>)| {
        let parts = parts(image, it, &name);
        Case {
            name: format!("{name} {}", it.0.platform),
            spdx: serde_json::from_str(&assemble::spdx(&parts)).unwrap(),
            cyclonedx: serde_json::from_str(&assemble::cyclonedx(&parts)).unwrap(),
            platform: it.0.clone(),
        }
    };
    image.platforms.iter().zip(&layers).map(case).collect()
}

fn public_name(image: &BuiltImage) -> String {
    format!("images.example/{}", image.definition.repository())
}

fn layers(image: &BuiltImage) -> Vec<Vec<assemble::Layer>> {
    image.platforms.iter().map(|it| it.layers.iter().map(|(layer, _)| layer.clone()).collect()).collect()
}

fn parts<'a>(
    image: &'a BuiltImage,
    (platform, layers): (&'a BuiltPlatform, &'a Vec<assemble::Layer>),
    name: &'a str,
) -> SbomParts<'a> {
    SbomParts {
        image: &image.lock.name,
        version: &image.version,
        name,
        platform: &platform.platform,
        manifest: &platform.image.descriptor,
        packages: image.lock.platform(&platform.platform).unwrap(),
        layers,
        tree: &platform.tree,
        created: platform.image.created,
    }
}

/// What NTIA's "Minimum Elements" (2021) ask for, package by package.
fn every_package_has_the_minimum_elements(spdx: &Value) {
    let creation = &spdx["creationInfo"];
    assert!(creation["created"].is_string() && creation["creators"][0].as_str().unwrap().starts_with("Organization: "));
    let relations = spdx["relationships"].as_array().unwrap();
    let related: BTreeSet<&str> = relations
        .iter()
        .flat_map(|it| [it["spdxElementId"].as_str().unwrap(), it["relatedSpdxElement"].as_str().unwrap()])
        .collect();
    for package in spdx["packages"].as_array().unwrap() {
        for key in ["supplier", "name", "versionInfo", "licenseDeclared", "licenseConcluded", "downloadLocation"] {
            assert!(package[key].as_str().is_some_and(|value| !value.is_empty()), "{key} of {package}");
        }
        assert!(related.contains(package["SPDXID"].as_str().unwrap()), "no relationship: {package}");
        let identified = package["externalRefs"][0]["referenceLocator"].is_string()
            || package["checksums"][0]["checksumValue"].is_string();
        assert!(identified, "no unique identifier: {package}");
        let from_debian = ["LIBRARY", "SOURCE"].contains(&package["primaryPackagePurpose"].as_str().unwrap());
        let purl = package["externalRefs"][0]["referenceLocator"].as_str().unwrap_or_default();
        assert!(!from_debian || purl.starts_with("pkg:deb/debian/"), "no package URL: {package}");
    }
    for file in spdx["files"].as_array().unwrap() {
        assert!(related.contains(file["SPDXID"].as_str().unwrap()), "no relationship: {file}");
    }
}

fn every_component_is_named(cyclonedx: &Value) {
    for component in cyclonedx["components"].as_array().unwrap() {
        assert!(component["supplier"]["name"].is_string() && component["version"].is_string(), "{component}");
        let library = component["type"] == "library";
        assert!(!library || component["purl"].as_str().unwrap().contains("distro=debian-"), "{component}");
    }
}

/// Name and version of every package, from `/var/lib/dpkg/status.d` in the layers' bytes.
fn the_packages_are_those_of_the_images_own_records(case: &Case) {
    let contents = contents(&case.platform);
    let is_record = |path: &str| path.starts_with("./var/lib/dpkg/status.d/") && !path.ends_with(".md5sums");
    let record = |bytes: &Vec<u8>| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        (field("Package:"), field("Version:"))
    };
    let records: BTreeSet<_> =
        contents.iter().filter(|(path, _)| is_record(path)).map(|(_, bytes)| record(bytes)).collect();
    let of = |list: &Value, key: &str, wanted: &str, version: &str| -> BTreeSet<(String, String)> {
        let all = list.as_array().unwrap().iter().filter(|it| it[key] == wanted);
        all.map(|it| (it["name"].as_str().unwrap().to_owned(), it[version].as_str().unwrap().to_owned())).collect()
    };
    assert!(records.len() > 10);
    assert_eq!(of(&case.spdx["packages"], "primaryPackagePurpose", "LIBRARY", "versionInfo"), records);
    assert_eq!(of(&case.cyclonedx["components"], "type", "library", "version"), records);
}

/// SHA-1 and SHA-256 of every regular file, from the layers' bytes.
fn the_digests_are_those_of_the_files(case: &Case) {
    let listed: BTreeMap<&str, &Value> =
        case.spdx["files"].as_array().unwrap().iter().map(|it| (it["fileName"].as_str().unwrap(), it)).collect();
    let contents = contents(&case.platform);
    assert_eq!(listed.len(), contents.len());
    for (path, bytes) in &contents {
        let sums = &listed[path.as_str()]["checksums"];
        assert_eq!(sums[0]["checksumValue"], assemble::Sha1Digest::of(bytes).to_string(), "{path}");
        assert_eq!(sums[1]["checksumValue"], blob::Digest::of(bytes).hex(), "{path}");
    }
}

/// Every regular file of the image by `./path`; upper layers win.
fn contents(platform: &BuiltPlatform) -> BTreeMap<String, Vec<u8>> {
    let mut contents = BTreeMap::new();
    for (_, path) in &platform.layers {
        let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(File::open(path).unwrap()));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = format!("./{}", entry.path().unwrap().display());
            let mut bytes = Vec::new();
            match entry.header().entry_type() {
                tar::EntryType::Regular => drop(entry.read_to_end(&mut bytes).unwrap()),
                tar::EntryType::Link => {
                    let target = format!("./{}", entry.link_name().unwrap().unwrap().display());
                    bytes.clone_from(&contents[&target]);
                }
                _ => continue,
            }
            contents.insert(name, bytes);
        }
    }
    contents
}

/// Builds the images for both platforms from the machine's own archive.
async fn build(folder: &Path) -> Vec<BuiltImage> {
    let wave = wave(&folder.join("state")).await;
    let request = WaveRequest { images: IMAGES.map(str::to_owned).to_vec(), platforms: Vec::new() };
    let locks: Vec<_> = wave.locks(&request).await.unwrap().into_iter().map(|it| it.1.unwrap()).collect();
    wave.fetch(&locks).await.unwrap();
    let builder = wave.builder.clone();
    let built = worker::blocking(move || builder.build(&locks)).await;
    built.into_iter().map(|image| image.unwrap()).collect()
}

async fn wave(state: &Path) -> Wave {
    let archive = Arc::new(Archive::find(&ArchiveSettings::default(), Path::new("/")).unwrap());
    let state = State::open(state).unwrap();
    let client = Client::new(RetryPolicy::default(), silent()).unwrap();
    let root = state.root();
    let builder = Builder {
        catalogue: Arc::new(assemble::Catalogue::read(catalog::files()).unwrap()),
        debs: Debs::of_state(root).unwrap(),
        segments: Segments::of_state(root).unwrap(),
        layers: Layers::of_state(root).unwrap(),
        rules: RulesCache::default(),
        reporter: silent(),
    };
    let feeds = FeedSettings { enabled: false, ..FeedSettings::default() };
    let (catalogue, reporter) = (Arc::clone(&builder.catalogue), silent());
    let scanner = Scanner::open(root, catalogue, Judging::default(), &feeds, &reporter);
    Wave {
        scanner: scanner.await.unwrap(),
        builder,
        observer: Observer::new(client.clone(), Arc::clone(&archive), InReleases::of_state(root)),
        client,
        archive,
        indexes: Indexes::of_state(root).unwrap(),
        publications: Publications::of_state(root).unwrap(),
        store: Arc::new(::registry::Store::open(state.registry()).unwrap()),
    }
}
