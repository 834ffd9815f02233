//! The servers that are compared, each as a process of its own with an empty folder.

use std::fmt;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::connection::Connection;

/// Whose server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bedplate,
    DockerRegistry,
    Zot,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Bedplate, Self::DockerRegistry, Self::Zot];
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Bedplate => "bedplate",
            Self::DockerRegistry => "docker-registry",
            Self::Zot => "zot",
        })
    }
}

/// A running server; it ends with this value.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// From the start of the process to its first answer.
    pub(crate) start: Duration,
    address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts it, and waits for its first answer. `None` where the program is not there.
    pub(crate) fn start(kind: Kind, folder: &Path) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = command(kind, folder, address);
        let begin = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        while TcpStream::connect(address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(20), "{kind} does not listen");
            std::thread::sleep(Duration::from_millis(1));
        }
        Some(Self { kind, start: begin.elapsed(), address, process })
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    pub(crate) fn resident_megabytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(kind: Kind, folder: &Path, address: SocketAddr) -> Command {
    match kind {
        Kind::Bedplate => bedplate(folder, address),
        Kind::DockerRegistry => configured("docker-registry", folder, "yml", &docker_registry(folder, address)),
        Kind::Zot => configured("zot", folder, "json", &zot(folder, address)),
    }
}

fn bedplate(folder: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(tests::binary());
    command.arg("--state").arg(folder).args(["serve", "--listen", &address.to_string()]);
    command
}

fn configured(program: &str, folder: &Path, ending: &str, text: &str) -> Command {
    let file = folder.join(format!("config.{ending}"));
    fs::write(&file, text).unwrap();
    let mut command = Command::new(program);
    command.arg("serve").arg(file);
    command
}

fn docker_registry(folder: &Path, address: SocketAddr) -> String {
    let root = folder.join("data");
    format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\nhttp: {{addr: {address}}}\n",
        root.display()
    )
}

fn zot(folder: &Path, address: SocketAddr) -> String {
    format!(
        r#"{{"storage":{{"rootDirectory":"{}"}},"http":{{"address":"{}","port":"{}"}},"log":{{"level":"error"}}}}"#,
        folder.join("data").display(),
        address.ip(),
        address.port()
    )
}
