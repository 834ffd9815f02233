//! The real program in a folder of its own, with a fake archive to follow.
//!
//! In: nothing. Out: a folder with settings, a catalogue that trusts the archive, and commands to run there.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tests::{FakeServer, binary, mini_trixie, write_machine};

/// The name that images are signed under.
pub(crate) const HOST: &str = "images.example";

/// A machine with a factory.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    _server: FakeServer,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let (archive, folder) = (mini_trixie(&["amd64", "arm64"]), tempfile::tempdir().unwrap());
        let server = archive.serve();
        let settings = write_machine(folder.path(), &archive, &server.url(), catalog::files());
        let settings = format!("{settings}state: state\nsigning: {{name: {HOST}}}\n");
        std::fs::write(folder.path().join("bedplate.yaml"), settings).unwrap();
        Self { folder, _server: server }
    }

    /// The state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// One wave for a small image on two platforms.
    pub(crate) fn up(&self, more: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(["up", "--once", "--image", "static", "--format", "json", "--progress", "none"]).args(more);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command there; gives what it printed.
    pub(crate) fn say(&self, words: &[&str]) -> String {
        let mut command = Command::new(binary());
        let output = command.args(words).current_dir(self.folder.path()).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words:?}: {printed}{}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Output {
        let output = self.up(&[]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Nothing is published any more, and all else is at hand.
    pub(crate) fn forget_images(&self) {
        for folder in ["registry", "publications"] {
            std::fs::remove_dir_all(self.state().join(folder)).unwrap();
        }
    }
}
