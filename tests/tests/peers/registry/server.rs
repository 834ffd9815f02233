//! A registry as a process of its own: ours, or Debian's docker-registry; open, or behind TLS and passwords.
//!
//! Where a client fails, `BEDPLATE_PEERS_AGAINST=docker-registry` says whose fault it is: the same tests, against that one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::authority::Authority;
use super::reader::Reader;
use super::tools::text;
use tests::binary;

use crate::harness::free_port;

/// How long a registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Bedplate,
    /// Debian's.
    DockerRegistry,
    /// zot, if it is on this machine.
    Zot,
}

/// Who may ask it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guard<'a> {
    /// Anybody on this machine, without TLS.
    Open,
    /// The users of the authority's file `users`, over TLS; `more` is what its settings say beside that.
    Users { authority: &'a Authority, more: &'a str },
    /// Whoever has a token of the server at `realm` that the authority signed, over TLS. Not for ours, which makes its tokens itself.
    Tokens { authority: &'a Authority, realm: &'a str },
}

/// A running registry, empty at first.
#[derive(Debug)]
pub(crate) struct Registry {
    folder: tempfile::TempDir,
    address: String,
    process: Child,
}

impl Registry {
    /// Starts ours, or the one that the environment names, open to anybody.
    pub(crate) fn start() -> Self {
        let theirs = std::env::var("BEDPLATE_PEERS_AGAINST").is_ok_and(|name| name == "docker-registry");
        Self::launch(if theirs { Kind::DockerRegistry } else { Kind::Bedplate }, Guard::Open).unwrap()
    }

    /// Starts one and waits until it answers; `None` if there is no such program.
    pub(crate) fn launch(kind: Kind, guard: Guard<'_>) -> Option<Self> {
        let (folder, address) = (tempfile::tempdir().unwrap(), format!("127.0.0.1:{}", free_port()));
        let mut command = match kind {
            Kind::Bedplate => bedplate(folder.path(), &address, guard),
            Kind::DockerRegistry => docker_registry(folder.path(), &address, guard),
            Kind::Zot => zot(folder.path(), &address),
        };
        let process = command.current_dir(&folder).stdout(Stdio::null()).spawn().ok()?;
        let mut registry = Self { folder, address, process };
        registry.wait();
        Some(registry)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A repository, tag or digest on it, as clients write it.
    pub(crate) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }

    /// Reads it as nobody's client; only where it is open.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(&self.address)
    }

    /// Where it keeps a repository: an image layout in ours and in zot, a folder of links in Debian's.
    pub(crate) fn disk(&self, kind: Kind, repository: &str) -> PathBuf {
        self.folder.path().join(match kind {
            Kind::Bedplate => format!("state/registry/{}", repository.replace('/', "%2F")),
            Kind::DockerRegistry => format!("data/docker/registry/v2/repositories/{repository}"),
            Kind::Zot => format!("data/{repository}"),
        })
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

fn bedplate(folder: &Path, address: &str, guard: Guard<'_>) -> Command {
    let settings = match guard {
        Guard::Open => String::new(),
        Guard::Users { authority, more } => {
            let [certificate, key, users] =
                ["server.pem", "server.key", "users"].map(|name| text(&authority.path(name)));
            format!(
                "registry:\n  tls: {{certificate: {certificate}, key: {key}}}\n  access:\n    htpasswd: {users}\n{more}"
            )
        }
        Guard::Tokens { .. } => panic!("ours believes only tokens of its own"),
    };
    fs::write(folder.join("bedplate.yaml"), settings).unwrap();
    let mut command = Command::new(binary());
    command.args(["serve", "--listen", address, "--state", "state"]);
    command
}

fn docker_registry(folder: &Path, address: &str, guard: Guard<'_>) -> Command {
    let tls = |authority: &Authority| {
        let [certificate, key] = ["server.pem", "server.key"].map(|name| text(&authority.path(name)));
        format!(", tls: {{certificate: {certificate}, key: {key}}}")
    };
    let (tls, auth) = match guard {
        Guard::Open => (String::new(), String::new()),
        Guard::Users { authority, .. } => {
            (tls(authority), format!("auth: {{htpasswd: {{realm: x, path: {}}}}}\n", text(&authority.path("users"))))
        }
        Guard::Tokens { authority, realm } => {
            let trusted = text(&authority.certificate());
            let token = format!("realm: '{realm}', service: peers, issuer: peers, rootcertbundle: {trusted}");
            (tls(authority), format!("auth: {{token: {{{token}}}}}\n"))
        }
    };
    let settings = format!(
        "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\nhttp: {{addr: '{address}'{tls}}}\n{auth}\
         storage: {{filesystem: {{rootdirectory: data}}, delete: {{enabled: true}}}}\n"
    );
    fs::write(folder.join("settings.yml"), settings).unwrap();
    let mut command = Command::new("docker-registry");
    command.args(["serve", "settings.yml"]).stderr(Stdio::null());
    command
}

fn zot(folder: &Path, address: &str) -> Command {
    let (host, port) = address.split_once(':').unwrap();
    let settings = serde_json::json!({
        "storage": {"rootDirectory": "data"}, "http": {"address": host, "port": port}, "log": {"level": "error"},
    });
    fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
    let mut command = Command::new("zot");
    command.args(["serve", "settings.json"]).stderr(Stdio::null());
    command
}
