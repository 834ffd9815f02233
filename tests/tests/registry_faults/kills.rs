//! The server killed at random moments under load: everything visible is whole, and everything that it acknowledged is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tests::{RegistryClient, noise};

use crate::images::Image;
use crate::process::Process;
use crate::reader::Found;

const KILLS: usize = 300;
/// A folder is used for so many kills, so that reading it all after each stays short.
const KILLS_A_FOLDER: usize = 20;
const WRITERS: usize = 4;

/// What the writers sent and what was acknowledged, over all kills of one folder.
#[derive(Debug, Default)]
struct Record {
    /// Acknowledged blobs.
    blobs: BTreeSet<(String, String)>,
    /// Acknowledged tags, each with its digest.
    tags: BTreeMap<(String, String), String>,
    /// All digests that a moving tag may point to.
    moves: BTreeMap<(String, String), BTreeSet<String>>,
    /// Moving tags of which at least one move was acknowledged.
    moved: BTreeSet<(String, String)>,
}

type Shared = Arc<Mutex<Record>>;

fn pair(repository: &str, name: &str) -> (String, String) {
    (repository.to_owned(), name.to_owned())
}

/// Pushes images until the server is gone.
async fn write(client: RegistryClient, record: Shared, repository: String, name: String) {
    for turn in 0..10_000 {
        if push(&client, &record, &repository, &format!("{name}-{turn}")).await.is_none() {
            return;
        }
    }
}

/// One image under a tag of its own and under one that all move; `None` when the server is gone.
async fn push(client: &RegistryClient, record: &Shared, repository: &str, tag: &str) -> Option<()> {
    let image = Image::new(usize::from(noise(1)[0]) * 64);
    for blob in image.blobs() {
        client.try_push_blob(repository, blob).await.ok()?.is(201);
        record.lock().unwrap().blobs.insert(pair(repository, &blob.digest));
    }
    let digest = &image.manifest.digest;
    client.try_put_manifest(repository, tag, &image.manifest).await.ok()?.is(201);
    record.lock().unwrap().tags.insert(pair(repository, tag), digest.clone());
    let latest = pair(repository, "latest");
    record.lock().unwrap().moves.entry(latest.clone()).or_default().insert(digest.clone());
    client.try_put_manifest(repository, "latest", &image.manifest).await.ok()?.is(201);
    record.lock().unwrap().moved.insert(latest);
    Some(())
}

/// Lets the server work for a while, then kills it.
async fn work_and_be_killed(folder: &Path, record: &Shared, kill: usize) {
    let process = Process::start(folder, &[]);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, record) = (process.client.clone(), Arc::clone(record));
            let repository = format!("load/{}", writer % 2);
            tokio::spawn(write(client, record, repository, format!("{kill}-{writer}")))
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(5 + u64::from(noise(1)[0]) / 4)).await;
    process.kill();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn is_whole(folder: &Path, record: &Record) {
    let found = Found::read(folder);
    for (repository, digest) in &record.blobs {
        assert!(found.has_blob(repository, digest), "`{repository}` lost {digest}, which it had acknowledged");
    }
    for ((repository, tag), digest) in &record.tags {
        assert_eq!(found.tag(repository, tag), Some(digest.as_str()), "`{repository}:{tag}`");
    }
    for ((repository, tag), digests) in &record.moves {
        let now = found.tag(repository, tag);
        let is_one = now.is_some_and(|digest| digests.contains(digest));
        let may_be_none = now.is_none() && !record.moved.contains(&pair(repository, tag));
        assert!(is_one || may_be_none, "`{repository}:{tag}` is {now:?}");
    }
}

/// The last server on the folder: what is acknowledged is served, and nothing half written is left.
async fn is_served(folder: &Path, record: &Shared) {
    let process = Process::start(folder, &[]);
    let tags = record.lock().unwrap().tags.clone();
    for ((repository, tag), digest) in tags {
        let answer = process.client.head(&format!("/v2/{repository}/manifests/{tag}")).await.is(200);
        assert_eq!(answer.header("docker-content-digest"), digest);
    }
    process.kill();
    let layouts = crate::reader::files(folder);
    let blobs = layouts.iter().flat_map(|layout| crate::reader::files(&layout.join("blobs/sha256")));
    let names = layouts.iter().flat_map(|layout| crate::reader::files(layout)).chain(blobs);
    let is_half = |path: &std::path::PathBuf| path.file_name().unwrap().as_encoded_bytes().starts_with(b".bedplate");
    assert_eq!(names.filter(is_half).count(), 0, "the opening of the store removes what a crash left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes most of a minute: .ci/run has it"]
async fn killed_three_hundred_times_it_loses_nothing_that_it_acknowledged() {
    let mut acknowledged = 0;
    for round in 0..KILLS / KILLS_A_FOLDER {
        let folder = tempfile::tempdir().unwrap();
        let (root, record) = (folder.path().join("registry"), Shared::default());
        for kill in 0..KILLS_A_FOLDER {
            work_and_be_killed(&root, &record, round * KILLS_A_FOLDER + kill).await;
            is_whole(&root, &record.lock().unwrap());
        }
        is_served(&root, &record).await;
        acknowledged += record.lock().unwrap().tags.len();
    }
    assert!(acknowledged > KILLS, "the load was too small to prove anything: {acknowledged} pushes");
}
