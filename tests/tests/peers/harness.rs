//! The factory under test: the real binary in a folder of its own.

use tests::binary;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assemble::Catalogue;

/// How long the first wave may take; it fetches some 150 MB.
const PATIENCE: Duration = Duration::from_mins(15);

/// A running `bedplate up`.
pub(crate) struct Factory {
    folder: tempfile::TempDir,
    address: String,
    process: RefCell<Child>,
    catalogue: Catalogue,
}

impl Factory {
    /// Starts it and waits for the end of the first wave.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let process = RefCell::new(up(folder.path(), &address));
        let factory = Self { folder, address, process, catalogue: Catalogue::read(catalog::files()).unwrap() };
        factory.wait();
        factory
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The first tag of an image, as a client names it.
    pub(crate) fn reference(&self, name: &str) -> String {
        let publication = &self.publications()[name];
        let (repository, tag) = (&publication.repository, &publication.tags[0]);
        format!("{}/{repository}:{tag}", self.address)
    }

    /// The index digest of every image.
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        self.publications().into_iter().map(|(name, it)| (name, it.index.to_string())).collect()
    }

    /// Ends the process, and runs one more wave on the same state: what it printed.
    pub(crate) fn stop_and_run_once_more(&self) -> String {
        stop(&mut self.process.borrow_mut());
        let mut command = Command::new(binary());
        command.args(["up", "--once", "--progress", "none", "--state"]).arg(self.folder().join("state"));
        let output = command.current_dir(self.folder()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Builds one image in another folder with one thread and nothing but .debs at hand.
    pub(crate) fn digests_of_a_fresh_build(&self, image: &str) -> String {
        let state = self.folder().join("again");
        let debs = state.join("debs");
        fs::create_dir_all(&state).unwrap();
        run("cp", &["-r", &self.folder().join("state/debs").display().to_string(), &debs.display().to_string()]);
        let output = Command::new(binary())
            .args(["build", image, "--format", "json", "--progress", "none"])
            .args(["--state", &state.display().to_string()])
            .args(["--output", &self.folder().join("layout").display().to_string()])
            .env("RAYON_NUM_THREADS", "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value[0]["index"].as_str().unwrap().to_owned()
    }

    /// Everything published, by image.
    pub(crate) fn publications(&self) -> BTreeMap<String, plan::Publication> {
        let all = worker::Publications::of_state(&self.folder().join("state")).unwrap().all().unwrap();
        all.into_iter().map(|it| (it.image.clone(), it)).collect()
    }

    /// Waits until everything is published and the process says that it is ready.
    fn wait(&self) {
        let begin = Instant::now();
        let address = format!("http://{}/readyz", self.address);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        while begin.elapsed() < PATIENCE {
            let ready =
                runtime.block_on(async { reqwest::get(&address).await.is_ok_and(|it| it.status().is_success()) });
            if ready && self.digests().len() == self.catalogue.definitions.len() {
                return;
            }
            let ended = self.process.borrow_mut().try_wait().unwrap();
            assert!(ended.is_none(), "bedplate up ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("not everything was published within {PATIENCE:?}");
    }
}

impl Drop for Factory {
    fn drop(&mut self) {
        stop(&mut self.process.borrow_mut());
    }
}

fn stop(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

fn up(folder: &Path, address: &str) -> Child {
    let state = folder.join("state");
    fs::write(folder.join("bedplate.yaml"), tests::NO_FEEDS).unwrap();
    Command::new(binary())
        .args(["up", "--progress", "plain", "--listen", address, "--state"])
        .arg(state)
        .current_dir(folder)
        .stdout(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// A port of the loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a program that must succeed, and gives its standard output.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
