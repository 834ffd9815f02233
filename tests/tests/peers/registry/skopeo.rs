//! skopeo of Debian's stable suite and a newer one: copies between registries and layouts, one image or all of an index.

use std::path::Path;

use super::reader::of_layout;
use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

fn there(registry: &Registry, name: &str) -> String {
    format!("docker://{}", registry.name(name))
}

#[test]
#[ignore = "needs skopeo: .ci/run installs it"]
fn skopeo_copies_an_index_there_elsewhere_and_back() {
    let sample = Sample::build();
    for skopeo in [Some(Tool::stable("skopeo")), Tool::newer("forky/usr/bin/skopeo")].iter().flatten() {
        copies(skopeo, &Registry::start(), &sample);
    }
}

fn copies(skopeo: &Tool, registry: &Registry, sample: &Sample) {
    let (layout, first) = (format!("oci:{}:latest", sample.path()), there(registry, "team/python:3"));
    skopeo.run(&["copy", "--all", "--dest-tls-verify=false", &layout, &first]);
    assert_eq!(registry.reader().contents("team/python", "3"), sample.contents());
    let (copy, plain) = (there(registry, "far/python:4"), ["--src-tls-verify=false", "--dest-tls-verify=false"]);
    skopeo.run(&[&["copy", "--all"], &plain[..], &[&first, &copy]].concat());
    assert_eq!(registry.reader().contents("far/python", "4"), sample.contents());
    skopeo.run(&["copy", "--all", "--src-tls-verify=false", &copy, "oci:back:4"]);
    assert_eq!(of_layout(Path::new(&skopeo.path("back")), sample.index()), sample.contents());
}

#[test]
#[ignore = "needs skopeo: .ci/run installs it"]
fn skopeo_takes_one_image_of_an_index_and_changes_its_type_on_the_way() {
    let (skopeo, registry, sample) = (Tool::stable("skopeo"), Registry::start(), Sample::build());
    let (layout, reader) = (format!("oci:{}:latest", sample.path()), registry.reader());
    let copy = |flags: &[&str], tag: &str| {
        let target = there(&registry, &format!("python:{tag}"));
        skopeo.run(&[&["copy", "--dest-tls-verify=false"], flags, &[&layout, &target]].concat());
        reader.contents("python", tag);
        reader.json("python", tag)
    };
    assert_eq!(copy(&[], "one"), sample.contents().json(&sample.manifest()));
    let docker = copy(&["--format", "v2s2"], "docker");
    assert_eq!(docker["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
}

#[test]
#[ignore = "needs skopeo: .ci/run installs it"]
fn skopeo_inspects_lists_syncs_and_deletes() {
    let (skopeo, registry, sample) = (Tool::stable("skopeo"), Registry::start(), Sample::build());
    let layout = format!("oci:{}:latest", sample.path());
    for tag in ["one", "two"] {
        let target = there(&registry, &format!("python:{tag}"));
        skopeo.run(&["copy", "--all", "--dest-tls-verify=false", &layout, &target]);
    }
    let listed = skopeo.run(&["list-tags", "--tls-verify=false", &there(&registry, "python")]);
    assert!(listed.contains(r#""one""#) && listed.contains(r#""two""#), "{listed}");
    assert!(skopeo.run(&["inspect", "--tls-verify=false", &there(&registry, "python:one")]).contains("RepoTags"));
    let sync = ["sync", "--all", "--src-tls-verify=false", "--src", "docker", "--dest", "dir"];
    skopeo.run(&[&sync[..], &[&registry.name("python"), "mirror"]].concat());
    let mirrored = std::fs::read(skopeo.home().join("mirror/python:two/manifest.json")).unwrap();
    assert_eq!(mirrored, sample.contents().get(sample.index()));
    skopeo.run(&["delete", "--tls-verify=false", &there(&registry, "python:one")]);
    assert_eq!(registry.reader().get("python/manifests/one").status, 404);
}
