//! The registry as files: what `bedplate site export` wrote, served by nginx, pulled by clients that know nothing of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::reader::{Contents, Reader, of_layout};
use super::tools::{Tool, must, text};
use crate::binary::Place;
use crate::docker::Docker;
use crate::harness::free_port;

/// How long nginx may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A published image, exported.
struct Site {
    place: Place,
    index: String,
}

impl Site {
    fn export() -> Self {
        let place = Place::of(&["amd64", "arm64"]);
        must(place.command("up", &place.state()).args(["--once", "--image", "python"]));
        let published = worker::Publications::of_state(&place.state()).unwrap().get("python").unwrap();
        let site = Self { place, index: published.index.to_string() };
        site.write();
        site
    }

    /// Writes it, again.
    fn write(&self) -> String {
        must(self.place.command("site", &self.place.state()).args(["export", "--output"]).arg(self.folder()))
    }

    fn folder(&self) -> PathBuf {
        self.place.folder().join("site")
    }

    /// What the store has, from which it was written.
    fn contents(&self) -> Contents {
        of_layout(&self.place.state().join("registry/python"), &self.index)
    }
}

/// A running nginx, on a configuration of ten lines.
struct Nginx {
    folder: tempfile::TempDir,
    process: Child,
    address: String,
}

impl Nginx {
    fn start(site: &Path) -> Self {
        let (folder, address) = (tempfile::tempdir().unwrap(), format!("127.0.0.1:{}", free_port()));
        let (here, site) = (text(folder.path()), text(site));
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .fold(String::new(), |lines, name| lines + &format!("    {name}_temp_path {here}/{name};\n"));
        let settings = format!(
            "user root;\ndaemon off;\npid {here}/pid;\nerror_log {here}/errors;\nevents {{ }}\nhttp {{\n    access_log off;\n{paths}    \
             server {{ listen {address}; root {site}; include {site}/nginx.conf; }}\n}}\n"
        );
        fs::write(folder.path().join("settings"), settings).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-p", &here, "-c", &format!("{here}/settings")]).stderr(Stdio::inherit());
        let process = command.spawn().expect("nginx is not installed: .ci/run installs it");
        let nginx = Self { folder, process, address };
        let begin = Instant::now();
        while std::net::TcpStream::connect(&nginx.address).is_err() {
            let said = fs::read_to_string(nginx.folder.path().join("errors")).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "nginx does not answer: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs nginx and dockerd: .ci/run installs them"]
fn docker_pulls_from_files_that_nginx_serves() {
    let (site, docker) = (Site::export(), Docker::start());
    let nginx = Nginx::start(&site.folder());
    let name = nginx.name("python:3.13");
    for _ in 0..2 {
        docker.pull(&name);
        let digest = docker.must(&["inspect", "--format", "{{index .RepoDigests 0}}", &name]);
        assert!(digest.trim().ends_with(&site.index), "{digest}");
        docker.must(&["rmi", &name]);
        assert!(site.write().contains("0 files written"), "the second export changes nothing");
    }
    docker.pull(&nginx.name(&format!("python@{}", site.index)));
}

#[test]
#[ignore = "needs nginx, skopeo and podman: .ci/run installs them"]
fn podman_and_skopeo_pull_from_files_that_nginx_serves() {
    let (site, skopeo, podman) = (Site::export(), Tool::stable("skopeo"), Tool::stable("podman"));
    let nginx = Nginx::start(&site.folder());
    assert_eq!(Reader::new(&nginx.address).contents("python", &site.index), site.contents());
    let name = format!("docker://{}", nginx.name("python:3.13"));
    skopeo.run(&["copy", "--all", "--src-tls-verify=false", &name, "oci:back:3"]);
    assert_eq!(of_layout(&skopeo.home().join("back"), &site.index), site.contents());
    let listed = skopeo.run(&["list-tags", "--tls-verify=false", &format!("docker://{}", nginx.name("python"))]);
    assert!(listed.contains(r#""3.13""#), "{listed}");
    let storage = ["--root", &podman.path("root"), "--runroot", &podman.path("run"), "--storage-driver", "vfs"];
    podman.run(&[&storage[..], &["pull", "--tls-verify=false", &nginx.name("python:3.13")]].concat());
}

#[test]
#[ignore = "needs nginx, crane and oras: tests/tools.sh brings the clients"]
fn crane_and_oras_pull_from_files_that_nginx_serves() {
    let (Some(crane), Some(oras)) = (Tool::newer("forky/usr/bin/crane"), Tool::newer("forky/usr/bin/oras")) else {
        return;
    };
    let site = Site::export();
    let nginx = Nginx::start(&site.folder());
    let name = nginx.name("python:3.13");
    crane.run(&["validate", "--remote", &name, "--fast=false"]);
    assert_eq!(crane.run(&["digest", &name]).trim(), site.index);
    assert!(crane.run(&["ls", &nginx.name("python")]).lines().any(|tag| tag == "3.13"));
    assert!(crane.fail(&["digest", &nginx.name("python:none")]).contains("MANIFEST_UNKNOWN"));
    oras.run(&["cp", "--from-plain-http", &name, "--to-oci-layout", "back:3"]);
    assert_eq!(of_layout(&oras.home().join("back"), &site.index), site.contents());
    let by_digest = nginx.name(&format!("python@{}", site.index));
    assert!(oras.run(&["discover", "--plain-http", &by_digest]).contains(&site.index));
}
