//! A Docker daemon of the test's own, in a folder of its own, without a bridge.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Seconds that one call of the client may take.
const LONGEST: &str = "120";

/// A running daemon.
pub(crate) struct Docker {
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Docker {
    /// Starts it and waits until it answers.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let daemon = Command::new("dockerd")
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["--host", &format!("unix://{}", path("socket")), "--iptables=false", "--bridge=none"])
            .stderr(Stdio::null())
            .spawn()
            .expect("dockerd is not installed: .ci/run installs it");
        let docker = Self { folder, daemon };
        let begin = Instant::now();
        while !docker.command(&["version"]).output().is_ok_and(|output| output.status.success()) {
            assert!(begin.elapsed() < PATIENCE, "dockerd does not answer");
            std::thread::sleep(Duration::from_millis(200));
        }
        docker
    }

    /// The client, pointed at this daemon.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.env("DOCKER_HOST", format!("unix://{}/socket", self.folder.path().display()));
        command.args([LONGEST, "docker"]).args(arguments);
        command
    }

    pub(crate) fn pull(&self, reference: &str) {
        self.must(&["pull", "--quiet", reference]);
    }

    /// The user that an image's configuration names.
    pub(crate) fn user(&self, reference: &str) -> String {
        self.must(&["inspect", "--format", "{{.Config.User}}", reference]).trim().to_owned()
    }

    fn must(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
    }
}
