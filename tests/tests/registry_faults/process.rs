//! The registry as a process of its own, that can be killed: this very program, started again as a server.
//!
//! In: a folder. Out: a [`Process`] that listens; its client; and its end.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::{ListenSettings, Service, Store};
use tests::RegistryClient;
use tokio::net::TcpListener;

/// Says to the started program what to serve, and where to write its address.
const FOLDER: &str = "REGISTRY_FAULTS_FOLDER";
const ADDRESS: &str = "REGISTRY_FAULTS_ADDRESS";
/// The test that is a server when it is told to.
const SERVER: &str = "process::a_process_of_its_own_serves_a_folder_and_can_be_killed";
/// It must listen by then.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that is a process.
pub(crate) struct Process {
    child: Child,
    pub(crate) client: RegistryClient,
    address: PathBuf,
}

impl Process {
    /// Serves a folder; with these variables in the environment.
    pub(crate) fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        let address = folder.with_extension("address");
        let _ = fs::remove_file(&address);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", SERVER, "--nocapture"]).env(FOLDER, folder).env(ADDRESS, &address);
        command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let client = RegistryClient::new(&wait_for(&address));
        Self { child, client, address }
    }

    /// Ends it as a power cut ends a program.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ended by itself: how.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the server goes on");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A line of what the kernel says about it, in kilobytes: `VmRSS`, or `VmHWM` for the most that it ever was.
    pub(crate) fn memory(&self, line: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(':')).unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.address);
    }
}

/// The address that the server writes when it listens.
fn wait_for(path: &Path) -> String {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(address) = fs::read_to_string(path) {
            return address;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("no server listens: `{}` is not there", path.display());
}

/// The server's side of [`Process::start`].
async fn serve(folder: PathBuf) {
    let store = Arc::new(Store::open(folder).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let path = PathBuf::from(std::env::var_os(ADDRESS).unwrap());
    let half = path.with_extension("half");
    fs::write(&half, listener.local_addr().unwrap().to_string()).unwrap();
    fs::rename(half, path).unwrap();
    tests::serve_registry(listener, Service::new(store), ListenSettings::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_its_own_serves_a_folder_and_can_be_killed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return serve(folder.into()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(&folder.path().join("registry"), &[]);
    process.client.get("/v2/").await.is(200);
    assert!(process.memory("VmRSS") > 100);
    let client = process.client.clone();
    process.kill();
    client.try_ask("GET", "/v2/", &[], "").await.unwrap_err();
}

/// Whether a process ended itself at a fault point.
pub(crate) fn is_aborted(status: ExitStatus) -> bool {
    // SIGABRT: <https://man7.org/linux/man-pages/man7/signal.7.html>.
    status.signal() == Some(6)
}
