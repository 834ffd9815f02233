//! containerd by its own client, `ctr`: of Debian's stable suite, and the second generation, which transfers images another way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::reader::of_layout;
use super::sample::Sample;
use super::server::Registry;
use super::tools::{brought, must};

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where it keeps what it pulled.
const BLOBS: &str = "root/io.containerd.content.v1.content/blobs/sha256";

/// A daemon with images of its own; it runs no containers.
pub(crate) struct Containerd {
    folder: tempfile::TempDir,
    daemon: Child,
    ctr: PathBuf,
}

impl Containerd {
    /// Starts the programs that are there.
    fn start(containerd: &Path, ctr: &Path) -> Self {
        Self::start_with(containerd, ctr, "", &[])
    }

    /// The same with more settings and environment.
    pub(crate) fn start_with(containerd: &Path, ctr: &Path, more: &str, environment: &[(&str, &Path)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let settings = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = {:?}\n{more}",
            path("root"),
            path("state"),
            path("socket")
        );
        fs::write(path("settings.toml"), settings).unwrap();
        let mut command = Command::new(containerd);
        command.args(["--config", &path("settings.toml")]).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(environment.iter().copied());
        let daemon = command.spawn().expect("containerd is not installed: .ci/run installs it");
        let containerd = Self { folder, daemon, ctr: ctr.to_owned() };
        let begin = Instant::now();
        while !containerd.command(&["version"]).output().is_ok_and(|output| output.status.success()) {
            assert!(begin.elapsed() < PATIENCE, "containerd does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        containerd
    }

    /// Its client.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.arg("120").arg(&self.ctr).arg("--address").arg(self.folder.path().join("socket"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    fn images(&self, arguments: &[&str]) -> String {
        must(&mut self.command(&[&["images"], arguments].concat()))
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
    }
}

/// An index goes there, is forgotten here, and comes back.
fn pushes_and_pulls(containerd: &Containerd) {
    let (registry, sample) = (Registry::start(), Sample::build());
    let (folder, name) = (containerd.folder.path(), registry.name("team/python:latest"));
    sample.write_archive(&folder.join("there.tar"), &name);
    containerd.images(&["import", "--all-platforms", "--no-unpack", "there.tar"]);
    containerd.images(&["push", "--plain-http", &name]);
    assert_eq!(registry.reader().contents("team/python", "latest"), sample.contents());
    containerd.images(&["rm", "--sync", &name]);
    assert!(fs::read_dir(folder.join(BLOBS)).unwrap().next().is_none(), "all of it is forgotten");
    containerd.images(&["pull", "--plain-http", "--all-platforms", "--snapshotter", "native", &name]);
    let content = folder.join(BLOBS).ancestors().nth(2).unwrap().to_owned();
    assert_eq!(of_layout(&content, sample.index()), sample.contents());
}

#[test]
#[ignore = "needs containerd: .ci/run installs it"]
fn containerd_pushes_a_whole_index_and_pulls_it_again() {
    pushes_and_pulls(&Containerd::start(Path::new("containerd"), Path::new("ctr")));
}

#[test]
#[ignore = "needs a newer containerd: tests/tools.sh brings it"]
fn containerd_2_pushes_a_whole_index_and_pulls_it_again() {
    let Some(daemon) = brought("forky/usr/bin/containerd") else { return };
    let Some(ctr) = brought("forky/usr/bin/ctr") else { return };
    pushes_and_pulls(&Containerd::start(&daemon, &ctr));
}
