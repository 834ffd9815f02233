//! The small archive carries real definitions: the catalogue's images resolve on it, build and pass every audit.
//!
//! In: [`mini_trixie`] and the built-in catalogue, whose keys are replaced by the archive's. Out: what became of each image.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::path::Path;
use std::sync::Arc;

use assemble::Catalogue;
use plan::{Outcome, WaveSummary};
use registry::Store;
use tests::{FakeArchive, FakeServer, mini_trixie};
use worker::{
    Archive, ArchiveSettings, Builder, Client, Debs, InReleases, Indexes, Layers, Observer, Publications, RetryPolicy,
    Segments, State, Wave, WaveRequest, silent,
};

const IMAGES: [&str; 10] = [
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

fn catalogue(archive: &FakeArchive) -> Catalogue {
    let trusted = |(path, text): (&'static str, &'static str)| match path {
        "releases.yaml" => (path, archive.trusted_in(text)),
        _ => (path, text.to_owned()),
    };
    let files: Vec<_> = catalog::files().into_iter().map(trusted).collect();
    Catalogue::read(files.iter().map(|(path, text)| (*path, text.as_str()))).unwrap()
}

/// A factory in a folder, whose APT sources name the server.
fn factory(archive: &FakeArchive, server: &FakeServer, folder: &Path) -> (State, Wave) {
    let sources = folder.join("etc/apt/sources.list.d");
    std::fs::create_dir_all(&sources).unwrap();
    std::fs::write(sources.join("debian.sources"), archive.apt_sources(&server.url())).unwrap();
    let found = Arc::new(Archive::find(&ArchiveSettings::default(), folder).unwrap());
    let state = State::open(&folder.join("state")).unwrap();
    let client = Client::new(RetryPolicy::default(), silent()).unwrap();
    let root = state.root();
    let builder = Builder {
        catalogue: Arc::new(catalogue(archive)),
        debs: Debs::of_state(root).unwrap(),
        segments: Segments::of_state(root).unwrap(),
        layers: Layers::of_state(root).unwrap(),
        labels: std::collections::BTreeMap::new(),
        reporter: silent(),
    };
    let wave = Wave {
        builder,
        observer: Observer::new(client.clone(), Arc::clone(&found), InReleases::of_state(root)),
        client,
        archive: found,
        indexes: Indexes::of_state(root).unwrap(),
        publications: Publications::of_state(root).unwrap(),
        store: Arc::new(Store::open(state.registry()).unwrap()),
    };
    (state, wave)
}

fn failures(summary: &WaveSummary) -> Vec<String> {
    let message = |outcome: &Outcome| match outcome {
        Outcome::Failed { message, .. } => Some(message.clone()),
        _ => None,
    };
    summary.images.iter().filter_map(|one| message(&one.outcome).map(|text| format!("{}: {text}", one.image))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogues_images_are_published_from_it_and_then_left_alone() {
    let (archive, folder) = (mini_trixie(&["amd64", "arm64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let request = WaveRequest { images: IMAGES.map(str::to_owned).into(), platforms: Vec::new() };
    let first = wave.run(&request).await.unwrap();
    assert_eq!(failures(&first), [""; 0]);
    assert_eq!(first.counts(), (IMAGES.len(), 0, 0));
    server.forget_requests();
    let second = wave.run(&request).await.unwrap();
    assert_eq!(second.counts(), (0, IMAGES.len(), 0));
    assert!(server.requests().iter().all(|path| path.ends_with("/InRelease")), "{:?}", server.requests());
}
