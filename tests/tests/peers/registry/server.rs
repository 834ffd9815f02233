//! A registry as a process of its own: ours, or Debian's docker-registry.
//!
//! Where a client fails, `BEDPLATE_PEERS_AGAINST=docker-registry` says whose fault it is: the same tests, against that one.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::reader::Reader;
use crate::harness::{binary, free_port};

/// How long a registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running registry, empty at first, that anybody on this machine may push to.
#[derive(Debug)]
pub(crate) struct Registry {
    _folder: tempfile::TempDir,
    address: String,
    process: Child,
}

impl Registry {
    /// Starts ours, or the one that the environment names, and waits until it answers.
    pub(crate) fn start() -> Self {
        let theirs = std::env::var("BEDPLATE_PEERS_AGAINST").is_ok_and(|name| name == "docker-registry");
        Self::started(if theirs { docker_registry } else { serve })
    }

    /// Starts Debian's.
    pub(crate) fn start_docker_registry() -> Self {
        Self::started(docker_registry)
    }

    fn started(command: fn(&std::path::Path, &str) -> Command) -> Self {
        let (folder, address) = (tempfile::tempdir().unwrap(), format!("127.0.0.1:{}", free_port()));
        let mut command = command(folder.path(), &address);
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut registry = Self { _folder: folder, address, process };
        registry.wait();
        registry
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A repository, tag or digest on it, as clients write it.
    pub(crate) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }

    /// Reads it as nobody's client.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(&self.address)
    }

    fn wait(&mut self) {
        let begin = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "the registry does not answer: {ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(folder: &std::path::Path, address: &str) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--listen", address, "--state"]).arg(folder.join("state")).current_dir(folder);
    command.stdout(Stdio::null());
    command
}

fn docker_registry(folder: &std::path::Path, address: &str) -> Command {
    let data = folder.join("data").display().to_string();
    let settings = format!(
        "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\nhttp: {{addr: '{address}'}}\n\
         storage: {{filesystem: {{rootdirectory: '{data}'}}, delete: {{enabled: true}}}}\n"
    );
    fs::write(folder.join("settings.yml"), settings).unwrap();
    let mut command = Command::new("docker-registry");
    command.args(["serve", "settings.yml"]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
