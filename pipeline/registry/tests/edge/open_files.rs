//! A process that has no more files to open: it goes on when it has some again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use registry::ListenSettings;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::time::{sleep, timeout};

use crate::fixture::{Edge, folder, until};
use crate::raw::Raw;

/// Says to the started program where to write its address.
const ADDRESS: &str = "REGISTRY_EDGE_ADDRESS";
/// The test that is a server when it is told to.
const SERVER: &str = "open_files::nothing_is_accepted_without_files_and_everything_with_them";
/// So many files may the server have open.
const FILES: u64 = 100;

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(address: &Path) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", SERVER, "--nocapture"]).env(ADDRESS, address);
    Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Opens files until there are no more.
fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// The server's side: it has no files when its address is there, and some again later.
async fn run_out_of_files(path: PathBuf) {
    let limit = Rlimit { current: Some(FILES / 2), maximum: Some(FILES) };
    setrlimit(Resource::Nofile, limit).unwrap();
    let edge = Edge::listen(folder(), &ListenSettings::default()).await;
    sleep(Duration::from_millis(200)).await;
    let mut taken = take_all();
    assert!(taken.len() > 20 + 50 && taken.len() < 100, "the limit was not raised: {}", taken.len());
    taken.pop();
    let half = path.with_extension("half");
    std::fs::write(&half, edge.address.to_string()).unwrap();
    taken.extend(take_all());
    std::fs::rename(half, path).unwrap();
    sleep(Duration::from_secs(2)).await;
    drop(taken);
    sleep(Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_accepted_without_files_and_everything_with_them() {
    if let Some(path) = std::env::var_os(ADDRESS) {
        return run_out_of_files(path.into()).await;
    }
    let folder = folder();
    let path = folder.path().join("address");
    let _process = start(&path);
    until("the server has no files", async || path.exists()).await;
    let address = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    let mut waiting = Raw::connect(address).await;
    assert!(timeout(Duration::from_millis(500), waiting.ask()).await.is_err(), "it had a file left");
    let mut another = Raw::connect(address).await;
    assert!(another.ask().await.starts_with("HTTP/1.1 200 OK"), "it did not survive");
}
