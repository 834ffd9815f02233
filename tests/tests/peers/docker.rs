//! A Docker daemon of the test's own, in a folder of its own, without a bridge.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::registry::brought;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Seconds that one call of the client may take.
const LONGEST: &str = "120";

/// A running daemon.
pub(crate) struct Docker {
    folder: tempfile::TempDir,
    daemon: Child,
    path: String,
}

impl Docker {
    /// Starts the one of Debian's stable suite, and waits until it answers.
    pub(crate) fn start() -> Self {
        Self::launch(tempfile::tempdir().unwrap(), std::env::var("PATH").unwrap(), &[])
    }

    /// Starts a newer one, which keeps images in containerd and builds with buildx; `None` where it could not be had.
    pub(crate) fn start_newer() -> Option<Self> {
        let (buildx, daemon) =
            (brought("forky/usr/libexec/docker/cli-plugins/docker-buildx")?, brought("forky/usr/sbin/dockerd")?);
        let (folder, programs) = (tempfile::tempdir().unwrap(), daemon.ancestors().nth(2).unwrap().display());
        let plugins = folder.path().join("config/cli-plugins");
        fs::create_dir_all(&plugins).unwrap();
        std::os::unix::fs::symlink(buildx, plugins.join("docker-buildx")).unwrap();
        let path = format!("{programs}/sbin:{programs}/bin:{}", std::env::var("PATH").unwrap());
        Some(Self::launch(folder, path, &["--ip6tables=false", "--feature", "containerd-snapshotter=true"]))
    }

    fn launch(folder: tempfile::TempDir, programs: String, more: &[&str]) -> Self {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let daemon = Command::new("dockerd")
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["--host", &format!("unix://{}", path("socket")), "--iptables=false", "--bridge=none"])
            .args(more)
            .env("PATH", &programs)
            .stderr(Stdio::null())
            .spawn()
            .expect("dockerd is not installed: .ci/run installs it");
        let docker = Self { folder, daemon, path: programs };
        let begin = Instant::now();
        while !docker.command(&["version"]).output().is_ok_and(|output| output.status.success()) {
            assert!(begin.elapsed() < PATIENCE, "dockerd does not answer");
            std::thread::sleep(Duration::from_millis(200));
        }
        docker
    }

    /// A folder that lives as long as the daemon.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The client, pointed at this daemon.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.env("PATH", &self.path).env("DOCKER_CONFIG", self.folder().join("config"));
        command.env("DOCKER_HOST", format!("unix://{}/socket", self.folder().display()));
        command.args([LONGEST, "docker"]).args(arguments).current_dir(self.folder());
        command
    }

    pub(crate) fn pull(&self, reference: &str) {
        self.must(&["pull", "--quiet", reference]);
    }

    /// The user that an image's configuration names.
    pub(crate) fn user(&self, reference: &str) -> String {
        self.must(&["inspect", "--format", "{{.Config.User}}", reference]).trim().to_owned()
    }

    /// Runs the client; it must succeed. What it printed to standard output.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
        // The daemon leaves it mounted, and the folder could not be removed.
        let _ = Command::new("umount").arg(self.folder().join("exec/netns/default")).stderr(Stdio::null()).status();
    }
}
