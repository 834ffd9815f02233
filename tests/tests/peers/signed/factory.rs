//! A factory that signs, as people start it: `bedplate up`, which serves what it built, and hands out the keys.
//!
//! In: an image's name, more settings. Out: a running process that published it, its address, and what it serves.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::RegistryClient;
use tokio::runtime::Runtime;

use crate::binary::Place;
use crate::harness::free_port;
use crate::registry::{Reader, text};

/// How long the first wave may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// A running factory with one image for two platforms.
pub(super) struct Factory {
    place: Place,
    address: String,
    process: Child,
}

impl Factory {
    /// Starts it and waits until the image is published. `settings` are lines more for the settings file.
    pub(super) fn start(image: &str, settings: &str) -> Self {
        let (place, address) = (Place::of(&["amd64", "arm64"]), format!("127.0.0.1:{}", free_port()));
        let mut file = fs::File::options().append(true).open(place.folder().join("settings.yaml")).unwrap();
        write!(file, "listen: {address}\n{settings}").unwrap();
        let mut command = place.command("up", &place.state());
        let process = command.args(["--image", image]).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut factory = Self { place, address, process };
        factory.wait();
        factory
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A repository with a tag or digest, as clients write it.
    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }

    /// Reads the registry as nobody's client.
    pub(super) fn reader(&self) -> Reader {
        Reader::new(&self.address)
    }

    /// The index that a tag leads to, and each image in it.
    pub(super) fn digests(&self, repository: &str, tag: &str) -> Vec<String> {
        let reader = self.reader();
        let index = reader.json(repository, tag);
        let images = index["manifests"].as_array().unwrap().iter();
        let digests = images.map(|image| image["digest"].as_str().unwrap().to_owned());
        [reader.digest(repository, tag)].into_iter().chain(digests).collect()
    }

    /// Fetches a file of `/keys/` into a folder: its path.
    pub(super) fn key(&self, folder: &Path, name: &str) -> String {
        let path = folder.join(name);
        fs::write(&path, self.get(&format!("/keys/{name}")).expect("the keys are served")).unwrap();
        text(&path)
    }

    /// Writes what `bedplate keys export` gives for a reader into a folder of this name: its path.
    pub(super) fn export(&self, reader: &str) -> PathBuf {
        let folder = self.place.folder().join(format!("for-{reader}"));
        let mut command = self.command("keys");
        crate::registry::tools::must(command.args(["export", "--for", reader, "--output"]).arg(&folder));
        folder
    }

    /// A command of the binary, on the factory's state folder.
    pub(super) fn command(&self, name: &str) -> Command {
        self.place.command(name, &self.place.state())
    }

    /// The body, where the answer is 200.
    fn get(&self, path: &str) -> Option<Vec<u8>> {
        let client = RegistryClient::new(&self.address);
        let answer = Runtime::new().unwrap().block_on(client.try_ask("GET", path, &[], "")).ok()?;
        (answer.status == 200).then_some(answer.bytes)
    }

    fn wait(&mut self) {
        let begin = Instant::now();
        while self.get("/readyz").is_none() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "the factory is not ready: {ended:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Factory {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
