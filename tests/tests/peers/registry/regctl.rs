//! regctl, of the library that regsync and zot's mirroring use: pushes blobs in pieces, and looks for referrers.

use std::fs;
use std::path::Path;

use super::reader::of_layout;
use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

const REGCTL: &str = "bin/regctl";

/// regctl, told that this registry speaks plain HTTP and takes blobs in pieces of this size.
fn regctl(registry: &Registry, piece: &str) -> Option<Tool> {
    let tool = Tool::newer(REGCTL)?;
    let pieces = ["--blob-chunk", piece, "--blob-max", piece];
    tool.run(&[&["registry", "set", "--tls", "disabled", "--skip-check"], &pieces[..], &[registry.address()]].concat());
    Some(tool)
}

#[test]
#[ignore = "needs regctl: tests/tools.sh brings it"]
fn regctl_pushes_an_image_in_pieces_and_pulls_the_same_bytes() {
    let (registry, sample) = (Registry::start(), Sample::build());
    let Some(regctl) = regctl(&registry, "1000") else { return };
    let (layout, name) = (format!("ocidir://{}@{}", sample.path(), sample.index()), registry.name("team/python:3"));
    regctl.run(&["image", "copy", &layout, &name]);
    assert_eq!(registry.reader().contents("team/python", "3"), sample.contents());
    assert_eq!(regctl.run(&["image", "digest", &name]).trim(), sample.index());
    regctl.run(&["image", "copy", &name, &registry.name("far/python:4")]);
    assert_eq!(registry.reader().contents("far/python", "4"), sample.contents());
    regctl.run(&["image", "copy", &registry.name("far/python:4"), "ocidir://back:4"]);
    assert_eq!(of_layout(Path::new(&regctl.path("back")), sample.index()), sample.contents());
}

#[test]
#[ignore = "needs regctl: tests/tools.sh brings it"]
fn regctl_puts_artifacts_that_refer_and_copies_them_along() {
    let (registry, sample) = (Registry::start(), Sample::build());
    let Some(regctl) = regctl(&registry, "1000000") else { return };
    let (layout, name) = (format!("ocidir://{}@{}", sample.path(), sample.index()), registry.name("python:3"));
    regctl.run(&["image", "copy", &layout, &name]);
    fs::write(regctl.home().join("sbom"), "sbom").unwrap();
    regctl.run(&["artifact", "put", "--artifact-type", "application/x", "--subject", &name, "--file", "sbom"]);
    let listed = registry.reader().referrers("python", sample.index());
    assert_eq!((listed.len(), listed[0]["artifactType"].as_str()), (1, Some("application/x")));
    assert!(regctl.run(&["artifact", "list", &name]).contains("application/x"));
    regctl.run(&["image", "copy", "--referrers", "--digest-tags", &name, &registry.name("copy:3")]);
    assert_eq!(registry.reader().referrers("copy", sample.index()), listed);
}

#[test]
#[ignore = "needs regctl: tests/tools.sh brings it"]
fn regctl_lists_and_deletes_one_of_two_tags() {
    let (registry, sample) = (Registry::start(), Sample::build());
    let Some(regctl) = regctl(&registry, "1000000") else { return };
    let layout = format!("ocidir://{}@{}", sample.path(), sample.index());
    for tag in ["one", "two"] {
        regctl.run(&["image", "copy", &layout, &registry.name(&format!("python:{tag}"))]);
    }
    assert_eq!(regctl.run(&["tag", "ls", &registry.name("python")]), "one\ntwo\n");
    assert_eq!(regctl.run(&["tag", "ls", "--limit", "1", &registry.name("python")]), "one\n");
    regctl.run(&["tag", "delete", &registry.name("python:one")]);
    assert_eq!(registry.reader().tags("python"), ["two"]);
    assert_eq!(registry.reader().contents("python", "two"), sample.contents());
    assert_eq!(regctl.run(&["repo", "ls", registry.address()]), "python\n");
}
