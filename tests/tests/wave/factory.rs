//! A whole factory on a fake archive: machine, state folder, catalogue.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use assemble::{Catalogue, ImageLock};
use plan::{Decision, Outcome, Publication, WaveSummary};
use registry::Store;
use tests::{FakeArchive, FakeServer};
use worker::{
    Archive, ArchiveSettings, Builder, Client, Debs, Failure, FeedSettings, InReleases, Indexes, Judging, Layers,
    Observer, Publications, Publisher, RetryPolicy, RulesCache, Scanner, Segments, Signers, SigningSettings, State,
    Wave, WaveRequest, silent,
};

/// Images that the small archive can give.
pub(crate) const IMAGES: [&str; 10] = [
    "static",
    "static-debug",
    "base-nossl",
    "base-nossl-debug",
    "base",
    "base-debug",
    "cc",
    "cc-debug",
    "python",
    "python-debug",
];

/// A wave for these images on all platforms.
pub(crate) fn request(images: &[&str]) -> WaveRequest {
    WaveRequest { images: images.iter().map(ToString::to_string).collect(), platforms: Vec::new() }
}

fn impatient() -> RetryPolicy {
    let soon = Duration::from_millis(2);
    RetryPolicy { attempts: 3, first_delay: soon, longest_delay: soon, longest_asked: soon }
}

/// The built-in catalogue, with the archive's keys in place of Debian's.
pub(crate) fn catalogue(archive: &FakeArchive) -> Catalogue {
    let files = archive.trusting(catalog::files());
    Catalogue::read(files.iter().map(|(path, text)| (*path, text.as_str()))).unwrap()
}

/// A factory in a folder, whose APT sources name the server, and which knows nothing about vulnerabilities.
pub(crate) fn factory(archive: &FakeArchive, server: &FakeServer, folder: &Path) -> (State, Factory) {
    factory_with(archive, server, folder, &no_feeds(), Judging::default())
}

/// The same with feeds, and a catalogue that says something about findings.
pub(crate) fn factory_with(
    archive: &FakeArchive,
    server: &FakeServer,
    folder: &Path,
    feeds: &FeedSettings,
    judging: Judging,
) -> (State, Factory) {
    let sources = folder.join("etc/apt/sources.list.d");
    std::fs::create_dir_all(&sources).unwrap();
    std::fs::write(sources.join("debian.sources"), archive.apt_sources(&server.url())).unwrap();
    let found = Arc::new(Archive::find(&ArchiveSettings::default(), folder).unwrap());
    let state = State::open(&folder.join("state")).unwrap();
    let client = Client::new(impatient(), silent()).unwrap();
    let root = state.root();
    let builder = Builder {
        catalogue: Arc::new(catalogue(archive)),
        debs: Debs::of_state(root).unwrap(),
        segments: Segments::of_state(root).unwrap(),
        layers: Layers::of_state(root).unwrap(),
        rules: RulesCache::default(),
        reporter: silent(),
    };
    let (catalogue, reporter) = (Arc::clone(&builder.catalogue), silent());
    let scanner = blocked(Scanner::open(root, catalogue, judging, feeds, &reporter));
    let scanner = scanner.unwrap();
    let wave = Wave {
        builder,
        observer: Observer::new(client.clone(), Arc::clone(&found), InReleases::of_state(root)),
        client,
        archive: found,
        indexes: Indexes::of_state(root).unwrap(),
        publications: Publications::of_state(root).unwrap(),
        store: Arc::new(Store::open(state.registry()).unwrap()),
        scanner: scanner.clone(),
    };
    let signers = Signers::open(&SigningSettings::default(), state.root()).unwrap();
    let publisher =
        Publisher { store: Arc::clone(&wave.store), signers: Arc::new(signers), name: NAME.into(), scanner };
    (state, Factory { wave, publisher })
}

/// Nothing is known about vulnerabilities.
fn no_feeds() -> FeedSettings {
    FeedSettings { enabled: false, ..FeedSettings::default() }
}

/// Waits in a thread of its own, because callers may have a runtime or none.
fn blocked<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let wait = || tokio::runtime::Runtime::new().unwrap().block_on(future);
    std::thread::scope(|scope| scope.spawn(wait).join().unwrap())
}

/// The name that images are signed under.
pub(crate) const NAME: &str = "images.example";

/// A wave, and who publishes what it builds.
#[derive(Clone)]
pub(crate) struct Factory {
    pub(crate) wave: Wave,
    pub(crate) publisher: Publisher,
}

impl Factory {
    pub(crate) async fn run(&self, request: &WaveRequest) -> Result<WaveSummary, Failure> {
        self.wave.run(request, &self.publisher).await
    }

    pub(crate) async fn decide(&self, lock: &ImageLock) -> (Decision, Option<Publication>) {
        self.wave.decide(lock, Some(&self.publisher)).await.unwrap()
    }
}

impl Deref for Factory {
    type Target = Wave;

    fn deref(&self) -> &Wave {
        &self.wave
    }
}

impl DerefMut for Factory {
    fn deref_mut(&mut self) -> &mut Wave {
        &mut self.wave
    }
}

/// What failed, as `image: message`.
pub(crate) fn failures(summary: &WaveSummary) -> Vec<String> {
    let message = |outcome: &Outcome| match outcome {
        Outcome::Failed { message, .. } => Some(message.clone()),
        _ => None,
    };
    summary.images.iter().filter_map(|one| message(&one.outcome).map(|text| format!("{}: {text}", one.image))).collect()
}
