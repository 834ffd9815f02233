//! Garbage collection while pushes and pulls go on: what somebody was promised is there.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use registry::{Collecting, Retention, Store};
use tests::{Content, Hash, RegistryUnderTest};

use crate::images::Image;

const REPOSITORY: &str = "team/image";

/// Makes a blob look as if nobody had cared for it for a long time. It may be collected already: two names of one file age together.
fn age(root: &Path, repository: &str, content: &Content) {
    let layout = root.join(repository.replace('/', "%2F"));
    let path = layout.join("blobs").join(content.digest.replace(':', "/"));
    if let Ok(file) = File::open(path) {
        file.set_modified(SystemTime::now() - Duration::from_hours(24 * 90)).unwrap();
    }
}

/// Collects again and again until told to stop: how often.
fn collect(store: &Store, stop: &AtomicBool) -> usize {
    let mut turns = 0;
    while !stop.load(Ordering::Relaxed) {
        for repository in store.repositories().unwrap() {
            store.collect(&repository, &Retention::default(), Collecting::Remove).unwrap();
        }
        store.sweep_uploads(&Retention::default(), Collecting::Remove).unwrap();
        turns += 1;
    }
    turns
}

/// How a client comes to rely on a blob that is there already.
#[derive(Debug, Clone, Copy)]
enum Reliance {
    Look,
    Push,
    Mount,
}

/// Makes sure that the registry has an old blob: `false` where the registry says that it has not.
async fn rely(registry: &RegistryUnderTest, reliance: Reliance, blob: &Content) -> bool {
    match reliance {
        Reliance::Look => registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.status == 200,
        Reliance::Push => registry.try_push_blob(REPOSITORY, blob).await.unwrap().status == 201,
        Reliance::Mount => {
            let path = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}&from=team/source", blob.digest);
            registry.ask("POST", &path, &[], "").await.status == 201
        }
    }
}

/// An old blob is relied on, pushed where it is gone, and then named by a manifest.
async fn push_with_old_layer(registry: &RegistryUnderTest, root: &Path, reliance: Reliance, tag: &str) {
    let image = Image::new(500);
    let layer = &image.layers[0];
    for repository in [REPOSITORY, "team/source"] {
        registry.push_blob(repository, layer).await;
    }
    for repository in [REPOSITORY, "team/source"] {
        age(root, repository, layer);
    }
    if !rely(registry, reliance, layer).await {
        registry.push_blob(REPOSITORY, layer).await;
    }
    registry.push_blob(REPOSITORY, &image.config).await;
    let answer = registry.put_manifest(REPOSITORY, tag, &image.manifest).await;
    assert_eq!(answer.status, 201, "{reliance:?}: {answer}");
    image.is_pulled(registry, REPOSITORY, tag).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collection_while_others_push_and_pull_takes_nothing_that_they_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let registry = RegistryUnderTest::start(&root).await;
    let stop = Arc::new(AtomicBool::new(false));
    let collector = std::thread::spawn({
        let (store, stop) = (Arc::clone(&registry.store), Arc::clone(&stop));
        move || collect(&store, &stop)
    });
    for turn in 0..60 {
        for reliance in [Reliance::Look, Reliance::Push, Reliance::Mount] {
            push_with_old_layer(&registry, &root, reliance, &format!("{reliance:?}-{turn}")).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(collector.join().unwrap() > 10, "collection hardly ran");
    assert_eq!(crate::reader::Found::read(&root).tags.len(), 180);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_needs_goes_and_what_somebody_needs_stays() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let registry = RegistryUnderTest::start(&root).await;
    let [tagged, untagged, pinned] = [(); 3].map(|()| Image::new(500));
    let unnamed = Content::noise(100, Hash::Sha256);
    tagged.push(&registry, REPOSITORY, "1").await;
    untagged.push(&registry, REPOSITORY, &untagged.manifest.digest).await;
    pinned.push(&registry, REPOSITORY, &pinned.manifest.digest).await;
    registry.push_blob(REPOSITORY, &unnamed).await;
    for image in [&tagged, &untagged, &pinned] {
        image.blobs().chain([&image.manifest]).for_each(|content| age(&root, REPOSITORY, content));
    }
    age(&root, REPOSITORY, &unnamed);
    pinned.is_pulled(&registry, REPOSITORY, &pinned.manifest.digest).await;
    let name = REPOSITORY.parse().unwrap();
    let collected = registry.store.collect(&name, &Retention::default(), Collecting::Remove).unwrap();
    assert_eq!(collected.manifests.len(), 1, "{collected:?}");
    tagged.is_pulled(&registry, REPOSITORY, "1").await;
    pinned.is_pulled(&registry, REPOSITORY, &pinned.manifest.digest).await;
    for content in untagged.blobs().chain([&untagged.manifest, &unnamed]) {
        registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", content.digest)).await.is(404);
    }
}
