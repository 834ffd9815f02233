//! The server killed at random moments under load: everything visible is whole, and everything that it acknowledged is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tests::{Content, RegistryClient, closing_path, noise};

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
    /// Tags that are to be deleted: they may be gone, and are if that was acknowledged.
    deleted: BTreeMap<(String, String), bool>,
    /// All digests that a moving tag may point to.
    moves: BTreeMap<(String, String), BTreeSet<String>>,
    /// Moving tags of which at least one move was acknowledged.
    moved: BTreeSet<(String, String)>,
}

type Shared = Arc<Mutex<Record>>;

fn pair(repository: &str, name: &str) -> (String, String) {
    (repository.to_owned(), name.to_owned())
}

/// Who pushes, and where.
struct Writer {
    client: RegistryClient,
    record: Shared,
    repository: String,
    name: String,
}

impl Writer {
    /// Pushes images until the server is gone.
    async fn write(self) {
        for turn in 0..10_000 {
            if self.push(&format!("{}-{turn}", self.name)).await.is_none() {
                return;
            }
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    /// One image under a tag of its own and under one that all move; `None` when the server is gone.
    async fn push(&self, tag: &str) -> Option<()> {
        let image = Image::new(usize::from(noise(1)[0]) * 64);
        self.push_blob(&image.config).await?;
        self.push_in_chunks(&image.layers[0]).await?;
        self.put(tag, &image).await?;
        self.record().tags.insert(pair(&self.repository, tag), image.manifest.digest.clone());
        let latest = pair(&self.repository, "latest");
        self.record().moves.entry(latest.clone()).or_default().insert(image.manifest.digest.clone());
        self.put("latest", &image).await?;
        self.record().moved.insert(latest);
        if noise(1)[0] < 64 { self.delete(tag).await } else { self.mount(&image.layers[0]).await }
    }

    async fn push_blob(&self, blob: &Content) -> Option<()> {
        self.client.try_push_blob(&self.repository, blob).await.ok()?.is(201);
        self.record().blobs.insert(pair(&self.repository, &blob.digest));
        Some(())
    }

    async fn push_in_chunks(&self, blob: &Content) -> Option<()> {
        let path = format!("/v2/{}/blobs/uploads/", self.repository);
        let mut path = self.client.try_ask("POST", &path, &[], "").await.ok()?.is(202).location();
        for chunk in blob.bytes.chunks(6000) {
            path = self.client.try_ask("PATCH", &path, &[], chunk.to_vec()).await.ok()?.is(202).location();
        }
        self.client.try_ask("PUT", &closing_path(&path, &blob.digest), &[], "").await.ok()?.is(201);
        self.record().blobs.insert(pair(&self.repository, &blob.digest));
        Some(())
    }

    async fn put(&self, tag: &str, image: &Image) -> Option<()> {
        self.client.try_put_manifest(&self.repository, tag, &image.manifest).await.ok()?.is(201);
        Some(())
    }

    async fn delete(&self, tag: &str) -> Option<()> {
        let tagged = pair(&self.repository, tag);
        self.record().deleted.insert(tagged.clone(), false);
        self.client.try_ask("DELETE", &format!("/v2/{}/manifests/{tag}", self.repository), &[], "").await.ok()?.is(202);
        self.record().deleted.insert(tagged, true);
        Some(())
    }

    async fn mount(&self, blob: &Content) -> Option<()> {
        let path = format!("/v2/load/mounted/blobs/uploads/?mount={}&from={}", blob.digest, self.repository);
        self.client.try_ask("POST", &path, &[], "").await.ok()?.is(201);
        self.record().blobs.insert(pair("load/mounted", &blob.digest));
        Some(())
    }
}

/// Lets the server work for a while, then kills it.
async fn work_and_be_killed(folder: &Path, record: &Shared, kill: usize) {
    let process = Process::start(folder, &[]);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, record) = (process.client.clone(), Arc::clone(record));
            let (repository, name) = (format!("load/{}", writer % 2), format!("{kill}-{writer}"));
            tokio::spawn(Writer { client, record, repository, name }.write())
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
        let (now, deleted) = (found.tag(repository, tag), record.deleted.get(&pair(repository, tag)));
        let is_as_told = match deleted {
            None => now == Some(digest.as_str()),
            Some(false) => now.is_none_or(|now| now == digest),
            Some(true) => now.is_none(),
        };
        assert!(is_as_told, "`{repository}:{tag}` is {now:?}, should be {digest}, deleted: {deleted:?}");
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
    let mut tags = record.lock().unwrap().tags.clone();
    tags.retain(|tagged, _| !record.lock().unwrap().deleted.contains_key(tagged));
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
