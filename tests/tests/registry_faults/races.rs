//! Many at once: what they bring together is kept once, and what they take from each other is one of theirs.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use futures_util::future::join_all;
use tests::{Answer, Content, Hash, RegistryUnderTest, closing_path};

use crate::images::Image;
use crate::reader::Found;

const REPOSITORY: &str = "team/image";

async fn start() -> (tempfile::TempDir, RegistryUnderTest) {
    let folder = tempfile::tempdir().unwrap();
    let registry = RegistryUnderTest::start(&folder.path().join("registry")).await;
    (folder, registry)
}

/// The inode of a blob's file.
fn inode(folder: &Path, repository: &str, blob: &Content) -> u64 {
    let layout = folder.join("registry").join(repository.replace('/', "%2F"));
    std::fs::metadata(layout.join("blobs").join(blob.digest.replace(':', "/"))).unwrap().ino()
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_blob_pushed_by_many_at_once_is_stored_once() {
    let (folder, registry) = start().await;
    let blob = Content::noise(500_000, Hash::Sha256);
    let repositories: Vec<_> = (0..16).map(|number| format!("team/{}", number % 4)).collect();
    let pushes = repositories.iter().map(|repository| registry.try_push_blob(repository, &blob));
    let answers: Vec<_> = join_all(pushes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(statuses(&answers), [201; 16]);
    let inodes: Vec<_> = repositories.iter().map(|repository| inode(folder.path(), repository, &blob)).collect();
    assert!(inodes.iter().all(|inode| *inode == inodes[0]), "{inodes:?}");
    let left = crate::reader::files(&folder.path().join("registry/.uploads"));
    assert!(left.is_empty(), "{left:?}");
    registry.has_blob("team/0", &blob).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_many_write_is_one_of_theirs_and_no_manifest_is_lost() {
    let (folder, registry) = start().await;
    let images: Vec<_> = (0..16).map(|_| Image::new(200)).collect();
    for image in &images {
        for blob in image.blobs() {
            registry.push_blob(REPOSITORY, blob).await;
        }
    }
    let puts = images.iter().map(|image| registry.put_manifest(REPOSITORY, "latest", &image.manifest));
    assert_eq!(statuses(&join_all(puts).await), [201; 16]);
    let found = Found::read(&folder.path().join("registry"));
    let winner = found.tag(REPOSITORY, "latest").unwrap();
    let winner = images.iter().find(|image| image.manifest.digest == winner).expect("one of those that were put");
    winner.is_pulled(&registry, REPOSITORY, "latest").await;
    for image in &images {
        image.is_pulled(&registry, REPOSITORY, &image.manifest.digest).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_that_many_write_are_all_there() {
    let (folder, registry) = start().await;
    let image = Image::new(200);
    image.push(&registry, REPOSITORY, "0").await;
    let tags: Vec<_> = (1..60).map(|number| number.to_string()).collect();
    let puts = tags.iter().map(|tag| registry.put_manifest(REPOSITORY, tag, &image.manifest));
    assert_eq!(statuses(&join_all(puts).await), [201; 59]);
    assert_eq!(Found::read(&folder.path().join("registry")).tags.len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_upload_that_two_write_to_at_once_is_never_a_mixture() {
    let (_folder, registry) = start().await;
    for _ in 0..10 {
        let blob = Content::noise(400_000, Hash::Sha256);
        let path = registry.begin(REPOSITORY).await;
        let range = format!("0-{}", blob.bytes.len() - 1);
        let headers = [("content-range", range.as_str())];
        let chunks = (0..4).map(|_| registry.ask("PATCH", &path, &headers, blob.bytes.clone()));
        let answers = join_all(chunks).await;
        let taken = answers.iter().filter(|answer| answer.status == 202).count();
        assert_eq!(taken, 1, "{:?}", statuses(&answers));
        registry.ask("PUT", &closing_path(&path, &blob.digest), &[], "").await.is(201);
        registry.has_blob(REPOSITORY, &blob).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_closed_twice_at_once_is_one_blob() {
    let (folder, registry) = start().await;
    for _ in 0..10 {
        let blob = Content::noise(100_000, Hash::Sha256);
        let path = registry.begin(REPOSITORY).await;
        let target = closing_path(&path, &blob.digest);
        let puts = (0..2).map(|_| registry.ask("PUT", &target, &[], blob.bytes.clone()));
        let answers = join_all(puts).await;
        assert!(answers.iter().any(|answer| answer.status == 201), "{:?}", statuses(&answers));
        assert!(answers.iter().all(|answer| answer.status < 500), "{:?}", statuses(&answers));
        registry.has_blob(REPOSITORY, &blob).await;
    }
    Found::read(&folder.path().join("registry"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_a_tag_while_it_moves_gets_one_of_both_and_all_of_it() {
    let (_folder, registry) = start().await;
    let images = [Image::new(300), Image::new(300)];
    for image in &images {
        image.push(&registry, REPOSITORY, "latest").await;
    }
    let moves = async {
        for turn in 0..100 {
            registry.put_manifest(REPOSITORY, "latest", &images[turn % 2].manifest).await.is(201);
        }
    };
    let reads = async {
        for _ in 0..200 {
            let answer = registry.get(&format!("/v2/{REPOSITORY}/manifests/latest")).await.is(200);
            let image = images.iter().find(|image| image.manifest.bytes == answer.bytes).expect("one of both");
            assert_eq!(answer.header("docker-content-digest"), image.manifest.digest);
        }
    };
    tokio::join!(moves, reads);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_while_it_is_pushed_is_whole_or_not_there() {
    let (folder, registry) = start().await;
    let (root, image) = (folder.path().join("registry"), Image::new(200));
    image.push(&registry, REPOSITORY, "1").await;
    let manifest = format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest);
    let blob = format!("/v2/{REPOSITORY}/blobs/{}", image.layers[0].digest);
    for turn in 0..60 {
        let deletes = async {
            registry.delete(&manifest).await;
            registry.delete(&blob).await;
        };
        let pushes = async {
            registry.push_blob(REPOSITORY, &image.layers[0]).await;
            registry.put_manifest(REPOSITORY, "1", &image.manifest).await
        };
        let ((), put) = tokio::join!(deletes, pushes);
        assert!(matches!(put.status, 201 | 400), "{put}");
        let found = Found::read(&root);
        if found.tag(REPOSITORY, "1").is_some() {
            image.is_pulled(&registry, REPOSITORY, "1").await;
        } else {
            registry.get(&format!("/v2/{REPOSITORY}/manifests/1")).await.is(404);
        }
        if turn % 2 == 0 {
            image.push(&registry, REPOSITORY, "1").await;
        }
    }
}
