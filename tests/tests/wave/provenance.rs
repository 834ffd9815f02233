//! Provenance: what it says, and that from it alone the same image comes out again, elsewhere, or a clear no.

use std::collections::BTreeMap;

use assemble::{Catalogue, ImageLock, LOCK_SCHEMA};
use debian::Architecture;
use signing::{Provenance, Resource};
use tests::{FakeArchive, FakeServer, mini_trixie};
use worker::{BuildTimes, BuiltImage, Recipe, Wave, definition_digest};

use crate::factory::{factory, request};

/// A statement's length in a bundle: base64 of it.
const LARGEST: usize = 300_000;

pub(crate) struct Made {
    pub(crate) archive: FakeArchive,
    pub(crate) server: FakeServer,
    pub(crate) built: BuiltImage,
    pub(crate) provenance: Provenance,
    pub(crate) folder: tempfile::TempDir,
}

/// An image that was built on the fake archive, and its provenance.
pub(crate) async fn made(image: &str, architectures: &[&str]) -> Made {
    let (archive, folder) = (mini_trixie(architectures), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let wave = with_labels(wave.wave, &[("org.opencontainers.image.vendor", "Example")]);
    let platforms = architectures.iter().map(|name| format!("linux/{name}").parse().unwrap()).collect();
    let request = worker::WaveRequest { platforms, ..request(&[image]) };
    let lock = wave.locks(&request).await.unwrap().remove(0).1.unwrap();
    wave.fetch(std::slice::from_ref(&lock)).await.unwrap();
    let builder = wave.builder.clone();
    let built = worker::blocking(move || builder.build(&[lock])).await.remove(0).unwrap();
    let provenance = worker::provenance(&built, &wave.builder.catalogue, times(), &[]).unwrap();
    Made { archive, server, built, provenance, folder }
}

fn with_labels(mut wave: Wave, labels: &[(&str, &str)]) -> Wave {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    wave.builder.catalogue = Catalogue { labels, ..(*wave.builder.catalogue).clone() }.into();
    wave
}

pub(crate) fn times() -> BuildTimes {
    let time = |text: &str| text.parse().unwrap();
    BuildTimes { started: time("2026-08-03T10:00:00Z"), finished: time("2026-08-03T10:00:20Z") }
}

fn paths(resources: &[Resource]) -> Vec<&str> {
    resources.iter().filter_map(|one| one.download_location.as_deref()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_every_file_that_the_image_comes_from_and_stays_small() {
    let made = made("python", &["amd64", "arm64"]).await;
    let parts = &made.provenance.build_definition;
    let found = paths(&parts.resolved_dependencies);
    for wanted in [
        "dists/trixie/InRelease",
        "dists/trixie/main/binary-arm64/Packages.xz",
        "dists/trixie-security/main/binary-amd64/Packages.xz",
    ] {
        assert!(found.contains(&wanted), "{wanted} is not in {found:?}");
    }
    let debs = found.iter().filter(|path| path.starts_with("pool/")).count();
    let expected: std::collections::BTreeSet<_> = made.built.lock.packages().map(|package| &package.sha256).collect();
    assert_eq!(debs, expected.len());
    let suites: Vec<&str> = parts.internal_parameters.snapshots.iter().map(|one| one.suite.as_str()).collect();
    assert_eq!(suites, ["trixie", "trixie-updates", "trixie-security"]);
    assert_eq!(parts.internal_parameters.snapshots[0].signed_by, made.archive.fingerprints());
    assert_eq!(parts.external_parameters.platforms, ["linux/amd64", "linux/arm64"]);
    let length = serde_json::to_vec(&made.provenance).unwrap().len();
    assert!(length * 4 / 3 < LARGEST, "a bundle of {} bytes", length * 4 / 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_comes_out_the_same_in_a_fresh_state_folder_with_one_thread() {
    for image in ["python", "base-debug"] {
        let made = made(image, &["amd64", "arm64"]).await;
        let text = serde_json::to_vec(&made.provenance).unwrap();
        let recipe = Recipe::read(&serde_json::from_slice(&text).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (_locked, mut wave) = factory(&made.archive, &made.server, folder.path());
        wave.builder.catalogue = recipe.catalogue.into();
        wave.fetch_locked(std::slice::from_ref(&recipe.lock), None).await.unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let built = tokio::task::block_in_place(|| pool.install(|| wave.builder.build(&[recipe.lock])));
        assert_eq!(built[0].as_ref().unwrap().index, made.built.index, "{image}");
    }
}

#[test]
fn every_image_of_the_catalogue_is_read_back_as_it_was_written() {
    let catalogue = Catalogue::read(catalog::files()).unwrap();
    assert!(catalogue.definitions.len() > 10);
    for (name, definition) in &catalogue.definitions {
        let lock = lock(name, &definition.release, &catalogue);
        let texts = catalogue.texts_for(&lock).unwrap();
        let again = Catalogue::read(texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))).unwrap();
        assert_eq!(definition_digest(&again, name).unwrap(), lock.definition, "{name}");
        for architecture in [Architecture::Amd64, Architecture::Arm64] {
            let chain = |catalogue: &Catalogue| catalogue.expanded_chain(name, architecture).unwrap();
            assert_eq!(chain(&again), chain(&catalogue), "{name}");
        }
    }
}

fn lock(name: &str, release: &str, catalogue: &Catalogue) -> ImageLock {
    ImageLock {
        schema: LOCK_SCHEMA.to_owned(),
        name: name.to_owned(),
        release: release.to_owned(),
        definition: definition_digest(catalogue, name).unwrap(),
        snapshot: Vec::new(),
        platforms: BTreeMap::new(),
    }
}
