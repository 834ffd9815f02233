//! Where a registry client is, and how it is run: away from the user's own settings, and never longer than it may.
//!
//! In: a name. Out: the program of Debian's stable suite, or the one that `tests/tools.sh` brought; if that could not be had, `None`, and a
//! line `not run: …` in the log, so that nobody takes a test that did not run for one that passed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Seconds that one call of a client may take.
const LONGEST: &str = "120";

/// A program, and a home of its own.
#[derive(Debug)]
pub(crate) struct Tool {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Tool {
    /// A program that `.ci/run` installs from the suite of this machine.
    pub(crate) fn stable(name: &str) -> Self {
        Self::at(PathBuf::from(name))
    }

    /// A program that `tests/tools.sh` brings, such as `forky/usr/bin/crane`; `None` where it could not be had.
    pub(crate) fn newer(path: &str) -> Option<Self> {
        brought(path).map(Self::at)
    }

    fn at(program: PathBuf) -> Self {
        Self { program, home: tempfile::tempdir().unwrap() }
    }

    /// The folder that it takes for the user's.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in its home, as text.
    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.home().join(name))
    }

    /// The program, to be started in its home.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.arg(LONGEST).arg(&self.program).args(arguments).current_dir(self.home()).env("HOME", self.home());
        for variable in ["DOCKER_CONFIG", "DOCKER_HOST", "REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs it; it must succeed. What it printed to standard output.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        must(&mut self.command(arguments))
    }

    /// Runs it; it must fail. All that it printed.
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = printed(&output.stdout) + &printed(&output.stderr);
        assert!(!output.status.success(), "{} {arguments:?} should have failed: {said}", self.program.display());
        said
    }
}

/// Runs a command that must succeed, and gives its standard output.
pub(crate) fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (printed(&output.stdout), printed(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out
}

fn printed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A file that `tests/tools.sh` brings.
pub(crate) fn brought(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    let folder = std::env::var_os("BEDPLATE_TOOLS").map_or(root, PathBuf::from);
    let found = std::path::absolute(folder.join(path)).ok().filter(|file| file.exists());
    if found.is_none() {
        eprintln!("not run: `{path}` is not there: tests/tools.sh brings it where it can be had");
    }
    found
}
