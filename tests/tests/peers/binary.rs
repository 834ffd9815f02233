//! The binary on a fake archive: killed at any moment, twice at once, on a full disk, with nonsense in its settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tests::{FakeServer, binary, mini_trixie, write_machine};

use crate::harness::run;

/// A folder with settings that name a fake archive, and a catalogue that trusts its keys.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    _server: FakeServer,
}

impl Place {
    fn new() -> Self {
        Self::of(&["amd64"])
    }

    /// Where the archive has these architectures.
    pub(crate) fn of(architectures: &[&str]) -> Self {
        let (archive, folder) = (mini_trixie(architectures), tempfile::tempdir().unwrap());
        let server = archive.serve();
        let settings = write_machine(folder.path(), &archive, &server.url(), catalog::files());
        fs::write(folder.path().join("settings.yaml"), settings).unwrap();
        Self { folder, _server: server }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A command of the binary on this archive.
    pub(crate) fn command(&self, name: &str, state: &Path) -> Command {
        let mut command = Command::new(binary());
        command.args([name, "--progress", "none", "--config"]).arg(self.folder.path().join("settings.yaml"));
        command.arg("--state").arg(state).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn up(&self, state: &Path) -> Command {
        let mut command = self.command("up", state);
        command.args(["--once", "--image", "python", "--platform", "linux/amd64"]);
        command
    }

    fn digest(state: &Path) -> String {
        let published = worker::Publications::of_state(state).unwrap();
        published.get("python").unwrap().index.to_string()
    }
}

pub(crate) fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn killed_at_any_moment_it_ends_the_same_when_run_again() {
    let place = Place::new();
    let whole = place.folder.path().join("whole");
    let output = place.up(&whole).output().unwrap();
    assert!(output.status.success(), "{}", error_of(&output));
    for milliseconds in (0..40).map(|step| step * 7) {
        let mut process = place.up(&place.state()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        let _ = process.kill();
        let _ = process.wait();
    }
    let output = place.up(&place.state()).output().unwrap();
    assert!(output.status.success(), "{}", error_of(&output));
    assert_eq!(Place::digest(&place.state()), Place::digest(&whole));
    let doctor = Command::new(binary()).args(["doctor", "--deep", "--state"]).arg(place.state()).output().unwrap();
    assert!(!String::from_utf8_lossy(&doctor.stdout).contains("damaged"), "{doctor:?}");
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn two_at_once_and_a_port_in_use_are_refused_with_words() {
    let place = Place::new();
    let _held = worker::State::open(&place.state()).unwrap();
    let output = place.up(&place.state()).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(error_of(&output).contains("another bedplate works in the state folder"), "{}", error_of(&output));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = place.up(&place.folder.path().join("other"));
    let output = command.args(["--listen", &address]).output().unwrap();
    assert!(output.status.success(), "--once listens nowhere: {}", error_of(&output));
    let forever = Command::new(binary()).args(["up", "--listen", &address]).current_dir(place.folder.path()).output();
    let forever = forever.unwrap();
    assert_eq!(forever.status.code(), Some(2));
    assert!(error_of(&forever).contains(&format!("cannot listen on {address}")), "{}", error_of(&forever));
}

#[test]
#[ignore = "needs root for a small file system: .ci/run has it"]
fn a_full_disk_is_named_and_harms_nothing_that_was_published() {
    let place = Place::new();
    let small = place.folder.path().join("small");
    fs::create_dir_all(&small).unwrap();
    run("mount", &["-t", "tmpfs", "-o", "size=96k", "none", &small.display().to_string()]);
    let output = place.up(&small).output().unwrap();
    run("umount", &[&small.display().to_string()]);
    assert_ne!(output.status.code(), Some(0));
    let said = error_of(&output) + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("disk is full") || said.contains("No space left"), "{said}");
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn nonsense_in_settings_and_flags_is_named_with_its_place() {
    let place = Place::new();
    let settings = place.folder.path().join("settings.yaml");
    fs::write(&settings, "archives: 1\n").unwrap();
    let output = place.up(&place.state()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        error_of(&output).contains(":1:1: unknown key `archives`: did you mean `archive`?"),
        "{}",
        error_of(&output)
    );
    for nonsense in [["up", "--platform"], ["up", "--listen"]] {
        let output = Command::new(binary()).args(nonsense).arg("???").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}
