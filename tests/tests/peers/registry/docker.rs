//! Docker: Debian's stable one with its own image store, and a newer one that keeps images in containerd.

use std::fs;

use super::sample::Sample;
use super::server::Registry;
use super::tools::must;
use crate::docker::Docker;

#[test]
#[ignore = "needs dockerd: .ci/run installs it"]
fn docker_pulls_an_image_and_pushes_one_that_is_the_same_image() {
    let (docker, registry, sample) = (Docker::start(), Registry::start(), Sample::build());
    let (reader, source, target) = (registry.reader(), registry.name("python:3"), registry.name("pushed/by/docker:1"));
    sample.push(&registry, "python", "3");
    docker.pull(&source);
    let identity = |name: &str| docker.must(&["inspect", "--format", "{{.Id}}", name]).trim().to_owned();
    let config = sample.contents().json(&sample.manifest())["config"]["digest"].clone();
    assert_eq!(identity(&source), config, "an image is named by its config");
    docker.must(&["tag", &source, &target]);
    docker.must(&["push", "--quiet", &target]);
    let pushed = reader.json("pushed/by/docker", "1");
    assert_eq!(pushed["config"]["digest"], config);
    assert_eq!(reader.contents("pushed/by/docker", "1").len(), sample.contents_of_one().len());
    docker.must(&["rmi", &source, &target]);
    docker.pull(&target);
    assert_eq!(identity(&target), config);
}

#[test]
#[ignore = "needs a newer dockerd: tests/tools.sh brings it"]
fn docker_with_containerd_pushes_a_whole_index_and_pulls_it_again() {
    let Some(docker) = Docker::start_newer() else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    let (reader, name) = (registry.reader(), registry.name("whole/python:latest"));
    let archive = docker.folder().join("image.tar");
    sample.write_archive(&archive, &name);
    docker.must(&["load", "--input", &archive.display().to_string()]);
    docker.must(&["push", "--quiet", &name]);
    assert_eq!(reader.contents("whole/python", "latest"), sample.contents());
    docker.must(&["rmi", &name]);
    docker.pull(&name);
    let digest = docker.must(&["inspect", "--format", "{{index .RepoDigests 0}}", &name]);
    assert!(digest.trim().ends_with(sample.index()), "{digest}");
}

#[test]
#[ignore = "needs buildx: tests/tools.sh brings it"]
fn buildx_pushes_an_image_with_provenance_and_keeps_its_cache_in_the_registry() {
    let Some(docker) = Docker::start_newer() else { return };
    let registry = Registry::start();
    let (reader, context) = (registry.reader(), docker.folder().join("context"));
    fs::create_dir(&context).unwrap();
    fs::write(context.join("file"), tests::noise(300_000)).unwrap();
    fs::write(context.join("Dockerfile"), "FROM scratch AS a\nCOPY file /a\nFROM scratch\nCOPY --from=a /a /b\n")
        .unwrap();
    let cache = format!("type=registry,ref={}", registry.name("team/cache:main"));
    let export = format!("{cache},mode=max,image-manifest=true,oci-mediatypes=true");
    let build = ["buildx", "build", "--push", "--provenance=mode=max", "context", "--tag"];
    let build = |tag: &str, more: &[&str]| {
        let mut command = docker.command(&[&build[..], &[&registry.name(&format!("team/built:{tag}"))], more].concat());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    build("1", &["--cache-to", &export]);
    assert!(reader.contents("team/built", "1").len() > 4, "an index, an image, its provenance");
    let stored = reader.json("team/cache", "main");
    assert_eq!(stored["config"]["mediaType"], "application/vnd.buildkit.cacheconfig.v0");
    assert!(reader.contents("team/cache", "main").len() >= 4);
    let (built, named) = (registry.name("team/built:1"), registry.name("team/named:1"));
    docker.must(&["buildx", "imagetools", "create", "--tag", &named, &built]);
    assert_eq!(reader.contents("team/named", "1"), reader.contents("team/built", "1"));
    must(&mut docker.command(&["buildx", "prune", "--all", "--force"]));
    let said = build("2", &["--cache-from", &cache]);
    assert!(said.matches("CACHED").count() >= 1, "{said}");
    assert_eq!(reader.json("team/built", "2")["manifests"][0], reader.json("team/built", "1")["manifests"][0]);
}
