//! oras, which pushes anything, and lists and copies what refers to an image.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::reader::of_layout;
use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

const ORAS: &str = "forky/usr/bin/oras";
const SBOM: &str = "application/spdx+json";

#[test]
#[ignore = "needs oras: tests/tools.sh brings it"]
fn oras_copies_a_layout_to_the_registry_and_back() {
    let Some(oras) = Tool::newer(ORAS) else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    let (layout, name) = (format!("{}@{}", sample.path(), sample.index()), registry.name("team/python:3"));
    oras.run(&["cp", "--from-oci-layout", &layout, "--to-plain-http", &name]);
    assert_eq!(registry.reader().contents("team/python", "3"), sample.contents());
    oras.run(&["cp", "--from-plain-http", &name, "--to-oci-layout", "back:3"]);
    assert_eq!(of_layout(Path::new(&oras.path("back")), sample.index()), sample.contents());
    assert_eq!(oras.run(&["repo", "tags", "--plain-http", &registry.name("team/python")]), "3\n");
    assert_eq!(oras.run(&["repo", "ls", "--plain-http", registry.address()]), "team/python\n");
}

#[test]
#[ignore = "needs oras: tests/tools.sh brings it"]
fn oras_pushes_files_and_pulls_them() {
    let Some(oras) = Tool::newer(ORAS) else { return };
    let registry = Registry::start();
    let (reader, name) = (registry.reader(), registry.name("files:1"));
    fs::write(oras.home().join("empty"), "").unwrap();
    fs::write(oras.home().join("large"), tests::noise(3_000_000)).unwrap();
    oras.run(&["push", "--plain-http", "--artifact-type", "application/x", &name, "empty:text/plain", "large"]);
    let manifest = reader.json("files", "1");
    assert_eq!(manifest["artifactType"], "application/x");
    let digest = manifest["layers"][1]["digest"].as_str().unwrap();
    assert!(reader.blob("files", digest) == fs::read(oras.home().join("large")).unwrap());
    oras.run(&["pull", "--plain-http", "--output", "out", &name]);
    assert!(fs::read(oras.home().join("out/large")).unwrap() == fs::read(oras.home().join("large")).unwrap());
    assert!(fs::read(oras.home().join("out/empty")).unwrap().is_empty());
}

#[test]
#[ignore = "needs oras: tests/tools.sh brings it"]
fn oras_attaches_finds_and_copies_what_refers_to_an_image() {
    let Some(oras) = Tool::newer(ORAS) else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    let (layout, name) = (format!("{}@{}", sample.path(), sample.index()), registry.name("python:3"));
    oras.run(&["cp", "--from-oci-layout", &layout, "--to-plain-http", &name]);
    fs::write(oras.home().join("sbom.json"), r#"{"spdxVersion":"SPDX-2.3"}"#).unwrap();
    let attach = ["attach", "--plain-http", "--artifact-type", SBOM, "--annotation", "a=b", &name, "sbom.json"];
    oras.run(&attach);
    oras.run(&["attach", "--plain-http", "--artifact-type", "application/other", &name, "sbom.json"]);
    let listed = registry.reader().referrers("python", sample.index());
    let types: Vec<_> = listed.iter().filter_map(|one| one["artifactType"].as_str()).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(types.contains(&SBOM) && types.contains(&"application/other"), "{listed:?}");
    assert_eq!(discovered(&oras, &name, &[]), 2);
    assert_eq!(discovered(&oras, &name, &["--artifact-type", SBOM]), 1);
    let copy = registry.name("elsewhere/python:3");
    oras.run(&["cp", "-r", "--from-plain-http", "--to-plain-http", &name, &copy]);
    assert_eq!(registry.reader().referrers("elsewhere/python", sample.index()).len(), 2);
    assert_eq!(registry.reader().contents("elsewhere/python", "3"), sample.contents());
}

#[test]
#[ignore = "needs oras: tests/tools.sh brings it"]
fn oras_deletes_manifests_and_blobs() {
    let Some(oras) = Tool::newer(ORAS) else { return };
    let registry = Registry::start();
    let (reader, repository) = (registry.reader(), registry.name("files"));
    fs::write(oras.home().join("text"), "text").unwrap();
    oras.run(&["push", "--plain-http", &format!("{repository}:1"), "text"]);
    let digest = reader.digest("files", "1");
    oras.run(&["manifest", "delete", "--force", "--plain-http", &format!("{repository}@{digest}")]);
    assert_eq!(reader.get("files/manifests/1").status, 404);
    let pushed = oras.run(&["blob", "push", "--plain-http", "--descriptor", &repository, "text"]);
    let digest = serde_json::from_str::<Value>(&pushed).unwrap()["digest"].as_str().unwrap().to_owned();
    assert_eq!(reader.blob("files", &digest), b"text");
    oras.run(&["blob", "delete", "--force", "--plain-http", &format!("{repository}@{digest}")]);
    assert_eq!(reader.get(&format!("files/blobs/{digest}")).status, 404);
}

/// How many referrers oras finds.
fn discovered(oras: &Tool, name: &str, filter: &[&str]) -> usize {
    let arguments = [&["discover", "--plain-http", "--format", "json"], filter, &[name]].concat();
    let found: Value = serde_json::from_str(&oras.run(&arguments)).unwrap();
    found["referrers"].as_array().map_or(0, Vec::len)
}
