//! podman of Debian's stable suite and a newer one, which fetches parts of layers; both with storage of the test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::sample::Sample;
use super::server::Registry;
use super::tools::{Tool, brought, must, text};

const PLAIN: &str = "--tls-verify=false";

/// podman with images of its own, and a settings file for its storage.
pub(crate) struct Podman(Tool);

impl Podman {
    fn stable() -> Self {
        Self::with(Tool::stable("podman"), "vfs", None)
    }

    /// One that fetches parts of layers; its storage must be of the kind that can keep parts.
    pub(crate) fn newer() -> Option<Self> {
        let tool = Tool::newer("forky/usr/bin/podman")?;
        // It wants to find its network program, though no container is ever run.
        Some(Self::with(tool, "overlay", brought("forky/usr/lib/podman")))
    }

    fn with(tool: Tool, driver: &str, helpers: Option<PathBuf>) -> Self {
        let (root, run) = (tool.path("root"), tool.path("run"));
        let settings = format!(
            "[storage]\ndriver = {driver:?}\ngraphroot = {root:?}\nrunroot = {run:?}\n\
             [storage.options.pull_options]\nenable_partial_images = \"true\"\n"
        );
        fs::write(tool.home().join("storage.conf"), settings).unwrap();
        let helpers = helpers.map(|folder| text(&folder));
        let helpers = format!("[engine]\nhelper_binaries_dir = {:?}\n", helpers.as_slice());
        fs::write(tool.home().join("containers.conf"), helpers).unwrap();
        Self(tool)
    }

    /// The folder that it takes for the user's.
    pub(crate) fn home(&self) -> &Path {
        self.0.home()
    }

    /// It, to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(&[&["--events-backend", "none"], arguments].concat());
        command.env("CONTAINERS_STORAGE_CONF", self.0.path("storage.conf"));
        command.env("CONTAINERS_CONF_OVERRIDE", self.0.path("containers.conf"));
        command.env("PODMAN_IGNORE_CGROUPSV1_WARNING", "yes");
        command
    }

    /// Runs it; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        must(&mut self.command(arguments))
    }
}

/// Overlay storage keeps a mount open.
impl Drop for Podman {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.home().join("root/overlay")).stderr(Stdio::null()).status();
    }
}

#[test]
#[ignore = "needs podman: .ci/run installs it"]
fn podman_pulls_an_image_and_pushes_it_as_either_type() {
    let (podman, registry, sample) = (Podman::stable(), Registry::start(), Sample::build());
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
    let (podman, registry, sample) = (Podman::stable(), Registry::start(), Sample::build());
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

/// A layer of zstd pieces: the second image differs in one small file, and only that is asked for, by ranges.
#[test]
#[ignore = "needs a newer podman: tests/tools.sh brings it"]
fn podman_5_pushes_layers_of_pieces_and_pulls_only_what_changed() {
    let Some(podman) = Podman::newer() else { return };
    let registry = Registry::start();
    let tree = podman.0.home().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("large"), tests::noise(2_000_000)).unwrap();
    for (tag, small) in [("1", "one"), ("2", "two")] {
        fs::write(tree.join("small"), small).unwrap();
        must(Command::new("tar").args(["-cf", "layer.tar", "-C", "tree", "."]).current_dir(podman.0.home()));
        podman.run(&["import", "layer.tar", &registry.name(&format!("pieces:{tag}"))]);
        let name = registry.name(&format!("pieces:{tag}"));
        podman.run(&["push", PLAIN, "--compression-format", "zstd:chunked", &name]);
        assert_eq!(registry.reader().contents("pieces", tag).len(), 3);
    }
    podman.run(&["rmi", "--all", "--force"]);
    podman.run(&["pull", PLAIN, &registry.name("pieces:1")]);
    let mut command = podman.command(&["--log-level", "debug", "pull", PLAIN, &registry.name("pieces:2")]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("Retrieved partial blob"), "{said}");
    podman.run(&["push", PLAIN, &registry.name("pieces:2"), &registry.name("again:2")]);
    let root = podman.run(&["image", "mount", &registry.name("pieces:2")]);
    assert_eq!(fs::read_to_string(format!("{}/small", root.trim())).unwrap(), "two");
    assert!(fs::read(format!("{}/large", root.trim())).unwrap() == fs::read(tree.join("large")).unwrap());
    podman.run(&["image", "umount", "--all"]);
}
