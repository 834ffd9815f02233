//! The real program in a folder of its own, with a fake archive to follow.
//!
//! In: nothing. Out: a folder with settings, a catalogue that trusts the archive, and commands to run there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tests::{FakeArchive, FakeServer, mini_trixie};

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
        write_settings(folder.path(), &archive, &server.url());
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

/// The binary that `cargo build` makes beside this test: `.ci/run` builds it first.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.ancestors().map(|folder| folder.join("bedplate")).find(|path| path.is_file());
    built.expect("bedplate is not built: run `cargo build` first")
}

fn write_settings(folder: &Path, archive: &FakeArchive, url: &str) {
    for (path, text) in catalog::files() {
        let text = if path == "releases.yaml" { archive.trusted_in(text) } else { text.to_owned() };
        let target = folder.join("catalog").join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    }
    std::fs::write(folder.join("keyring.gpg"), archive.keyring()).unwrap();
    let settings = format!(
        "archive: {{main: '{url}', security: '{url}', keyrings: [keyring.gpg]}}\ncatalog: catalog\nstate: state\nsigning: {{name: {HOST}}}\n"
    );
    std::fs::write(folder.join("bedplate.yaml"), settings).unwrap();
}
