//! podman of Debian's stable suite, with its storage in the test's own folder.

use super::sample::Sample;
use super::server::Registry;
use super::tools::{Tool, must};

const PLAIN: &str = "--tls-verify=false";

/// podman with images of its own.
struct Podman(Tool);

impl Podman {
    fn new() -> Self {
        Self(Tool::stable("podman"))
    }

    fn run(&self, arguments: &[&str]) -> String {
        let (root, runroot) = (self.0.path("root"), self.0.path("run"));
        let storage = ["--root", &root, "--runroot", &runroot, "--storage-driver", "vfs", "--events-backend", "none"];
        must(&mut self.0.command(&[&storage[..], arguments].concat()))
    }
}

#[test]
#[ignore = "needs podman: .ci/run installs it"]
fn podman_pulls_an_image_and_pushes_it_as_either_type() {
    let (podman, registry, sample) = (Podman::new(), Registry::start(), Sample::build());
    let (reader, source) = (registry.reader(), registry.name("python:3"));
    sample.push(&registry, "python", "3");
    podman.run(&["pull", PLAIN, &source]);
    let config = sample.contents().json(&sample.manifest())["config"]["digest"].as_str().unwrap().to_owned();
    let local = podman.run(&["inspect", "--type", "image", "--format", "{{.Id}} {{.Digest}}", &source]);
    assert_eq!(local.trim(), format!("{} {}", config.trim_start_matches("sha256:"), sample.index()));
    for (format, kind) in [("oci", "vnd.oci.image.manifest.v1"), ("docker", "vnd.docker.distribution.manifest.v2")] {
        let target = registry.name(&format!("pushed/by/podman:{format}"));
        podman.run(&["push", PLAIN, "--format", format, &source, &target]);
        let manifest = reader.json("pushed/by/podman", format);
        assert_eq!(manifest["mediaType"], format!("application/{kind}+json"));
        assert_eq!(manifest["config"]["digest"], config);
        assert_eq!(reader.contents("pushed/by/podman", format).len(), sample.contents_of_one().len());
    }
    podman.run(&["rmi", "--all", "--force"]);
    for format in ["oci", "docker"] {
        let pulled = podman.run(&["pull", PLAIN, &registry.name(&format!("pushed/by/podman:{format}"))]);
        assert_eq!(pulled.trim(), config.trim_start_matches("sha256:"));
    }
}

#[test]
#[ignore = "needs podman: .ci/run installs it"]
fn podman_pushes_a_list_of_manifests() {
    let (podman, registry, sample) = (Podman::new(), Registry::start(), Sample::build());
    let (reader, source) = (registry.reader(), registry.name("python:3"));
    sample.push(&registry, "python", "3");
    podman.run(&["manifest", "create", "list"]);
    podman.run(&["manifest", "add", "--all", PLAIN, "list", &format!("docker://{source}")]);
    let target = format!("docker://{}", registry.name("list:1"));
    podman.run(&["manifest", "push", "--all", PLAIN, "--format", "oci", "list", &target]);
    let manifests = reader.json("list", "1")["manifests"].as_array().unwrap().len();
    assert_eq!(manifests, sample.contents().json(sample.index())["manifests"].as_array().unwrap().len());
    assert!(reader.contents("list", "1").len() > 4);
}
