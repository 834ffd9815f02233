//! crane, of the library that ko, cosign, Tekton and many others push with.

use std::path::Path;

use super::reader::of_layout;
use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

const CRANE: &str = "forky/usr/bin/crane";

#[test]
#[ignore = "needs crane: tests/tools.sh brings it"]
fn crane_pushes_an_index_copies_it_elsewhere_and_pulls_the_same_bytes() {
    let Some(crane) = Tool::newer(CRANE) else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    let (reader, first, second) = (registry.reader(), registry.name("team/python:3"), registry.name("far/away/it:4"));
    crane.run(&["push", &sample.path(), &first]);
    assert_eq!(reader.contents("team/python", "3"), sample.contents());
    crane.run(&["copy", &first, &second]);
    assert_eq!(reader.contents("far/away/it", "4"), sample.contents());
    assert_eq!(crane.run(&["digest", &second]).trim(), sample.index());
    crane.run(&["validate", "--remote", &second, "--fast=false"]);
    crane.run(&["pull", "--format", "oci", &second, "back"]);
    assert_eq!(of_layout(Path::new(&crane.path("back")), sample.index()), sample.contents());
}

#[test]
#[ignore = "needs crane: tests/tools.sh brings it"]
fn crane_pushes_an_index_that_holds_an_index() {
    let Some(crane) = Tool::newer(CRANE) else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    crane.run(&["push", "--index", &sample.path(), &registry.name("nested:1")]);
    let nested = registry.reader().json("nested", "1");
    assert_eq!(nested["manifests"][0]["digest"], sample.index());
    assert!(registry.reader().contents("nested", "1").holds(&sample.contents()));
    crane.run(&["validate", "--remote", &registry.name("nested:1")]);
}

#[test]
#[ignore = "needs crane: tests/tools.sh brings it"]
fn crane_tags_lists_changes_and_deletes() {
    let Some(crane) = Tool::newer(CRANE) else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    let (reader, name) = (registry.reader(), registry.name("python"));
    let at = |tag: &str| format!("{name}:{tag}");
    crane.run(&["push", &sample.path(), &at("one")]);
    crane.run(&["tag", &at("one"), "two"]);
    assert_eq!(reader.tags("python"), ["one", "two"]);
    assert_eq!(crane.run(&["ls", &name]), "one\ntwo\n");
    assert_eq!(crane.run(&["catalog", registry.address()]), "python\n");
    crane.run(&["mutate", "--label", "a=b", "--platform", "linux/amd64", "--tag", &at("three"), &at("two")]);
    let config = reader.json("python", "three")["config"]["digest"].as_str().unwrap().to_owned();
    let config = String::from_utf8(reader.blob("python", &config)).unwrap();
    assert!(config.contains(r#""a":"b""#), "{config}");
    crane.run(&["delete", &format!("{name}@{}", reader.digest("python", "three"))]);
    assert!(crane.fail(&["digest", &at("three")]).contains("404"));
    assert_eq!(reader.tags("python"), ["one", "two"]);
}
