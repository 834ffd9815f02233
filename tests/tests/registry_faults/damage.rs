//! Files of the store that have other bytes than they should: never served as good.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tests::{Content, RegistryClient, RegistryUnderTest};

use crate::images::Image;

const REPOSITORY: &str = "team/image";

fn file(root: &Path, content: &Content) -> PathBuf {
    root.join(REPOSITORY.replace('/', "%2F")).join("blobs").join(content.digest.replace(':', "/"))
}

/// Changes one byte of a file where it is; the time that it was written to stays, as when a disk decays, or not.
fn spoil(path: &Path, at: u64, keep_time: bool) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    if keep_time {
        file.set_modified(time).unwrap();
    }
}

/// A registry that had an image of three megabytes pushed, on its folder.
async fn with_image(root: &Path) -> (RegistryUnderTest, Image) {
    with_image_of(root, 3_000_000).await
}

async fn with_image_of(root: &Path, size: usize) -> (RegistryUnderTest, Image) {
    let registry = RegistryUnderTest::start(root).await;
    let image = Image::new(size);
    image.push(&registry, REPOSITORY, "1").await;
    (registry, image)
}

/// A whole answer of 200 or 206 would be a lie.
async fn is_not_served(client: &RegistryClient, path: &str, headers: &[(&str, &str)]) {
    if let Ok(answer) = client.try_ask("GET", path, headers, "").await {
        assert!(answer.status >= 400, "{headers:?}: {} bytes with status {}", answer.bytes.len(), answer.status);
    }
}

async fn nothing_of_it_is_served(client: &RegistryClient, blob: &Content) {
    let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
    for range in ["bytes=0-99", "bytes=-100", "bytes=0-", "bytes=0-9,20-29", "bytes=1000000-2000000"] {
        is_not_served(client, &path, &[("range", range)]).await;
    }
    for _ in 0..2 {
        is_not_served(client, &path, &[]).await;
    }
    is_not_served(client, &path, &[("range", "bytes=0-99")]).await;
}

#[tokio::test]
async fn a_blob_changed_under_a_running_registry_is_not_served() {
    for at in [0, 1_500_000, 2_999_999] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let (registry, image) = with_image(&root).await;
        image.is_pulled(&registry, REPOSITORY, "1").await;
        spoil(&file(&root, &image.layers[0]), at, false);
        nothing_of_it_is_served(&registry, &image.layers[0]).await;
    }
}

#[tokio::test]
async fn a_blob_that_decayed_before_the_registry_began_is_not_served() {
    for at in [0, 1_500_000, 2_999_999] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let (_, image) = with_image(&root).await;
        spoil(&file(&root, &image.layers[0]), at, true);
        let again = RegistryUnderTest::start(&root).await;
        nothing_of_it_is_served(&again, &image.layers[0]).await;
        // The first request may as well be for all of it.
        let again = RegistryUnderTest::start(&root).await;
        is_not_served(&again, &format!("/v2/{REPOSITORY}/blobs/{}", image.layers[0].digest), &[]).await;
    }
}

#[tokio::test]
async fn a_small_blob_that_decayed_is_not_served() {
    for size in [1, 100, 262_144, 262_145] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let (_, image) = with_image_of(&root, size).await;
        spoil(&file(&root, &image.layers[0]), 0, true);
        let again = RegistryUnderTest::start(&root).await;
        is_not_served(&again, &format!("/v2/{REPOSITORY}/blobs/{}", image.layers[0].digest), &[]).await;
    }
}

#[tokio::test]
async fn who_asks_whether_a_decayed_blob_is_there_learns_that_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let (_, image) = with_image(&root).await;
    spoil(&file(&root, &image.layers[0]), 1_500_000, true);
    let again = RegistryUnderTest::start(&root).await;
    // Pushers ask, and send only what is not there.
    again.head(&format!("/v2/{REPOSITORY}/blobs/{}", image.layers[0].digest)).await.is(404);
    image.push(&again, REPOSITORY, "1").await;
    image.is_pulled(&again, REPOSITORY, "1").await;
}

#[tokio::test]
async fn a_blob_of_another_length_is_not_served() {
    for length in [0, 1_000_000, 2_999_999, 3_000_001] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let (registry, image) = with_image(&root).await;
        File::options().write(true).open(file(&root, &image.layers[0])).unwrap().set_len(length).unwrap();
        nothing_of_it_is_served(&registry, &image.layers[0]).await;
        let again = RegistryUnderTest::start(&root).await;
        nothing_of_it_is_served(&again, &image.layers[0]).await;
    }
}

#[tokio::test]
async fn a_damaged_blob_that_is_pushed_again_is_whole_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let (registry, image) = with_image(&root).await;
    spoil(&file(&root, &image.layers[0]), 7, false);
    nothing_of_it_is_served(&registry, &image.layers[0]).await;
    image.push(&registry, REPOSITORY, "1").await;
    image.is_pulled(&registry, REPOSITORY, "1").await;
}

#[tokio::test]
async fn a_damaged_blob_is_not_mounted() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let (registry, image) = with_image(&root).await;
    let layer = &image.layers[0];
    spoil(&file(&root, layer), 7, false);
    for from in [format!("&from={REPOSITORY}"), String::new()] {
        let path = format!("/v2/team/other/blobs/uploads/?mount={}{from}", layer.digest);
        registry.ask("POST", &path, &[], "").await.is(202);
    }
    registry.push_blob("team/other", layer).await;
    registry.has_blob("team/other", layer).await;
}

#[tokio::test]
async fn a_damaged_manifest_is_not_served_and_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let (_, image) = with_image(&root).await;
    let other = Image::new(100);
    let registry = RegistryUnderTest::start(&root).await;
    other.push(&registry, REPOSITORY, "2").await;
    spoil(&file(&root, &image.manifest), 30, true);
    let registry = RegistryUnderTest::start(&root).await;
    for reference in ["1", image.manifest.digest.as_str()] {
        is_not_served(&registry, &format!("/v2/{REPOSITORY}/manifests/{reference}"), &[]).await;
    }
    other.is_pulled(&registry, REPOSITORY, "2").await;
    image.push(&registry, REPOSITORY, "1").await;
    image.is_pulled(&registry, REPOSITORY, "1").await;
}

#[tokio::test]
async fn a_list_that_is_no_json_is_an_error_and_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let (registry, image) = with_image(&root).await;
    let list = root.join("team%2Fimage/index.json");
    let good = fs::read(&list).unwrap();
    fs::write(&list, "{\"schemaVersion\":2,").unwrap();
    is_not_served(&registry, &format!("/v2/{REPOSITORY}/manifests/1"), &[]).await;
    let answer = registry.put_manifest(REPOSITORY, "2", &image.manifest).await;
    assert!(answer.status >= 500, "{answer}");
    assert_eq!(fs::read_to_string(&list).unwrap(), "{\"schemaVersion\":2,", "somebody may want to mend it");
    fs::write(&list, good).unwrap();
    File::open(&list).unwrap().set_modified(SystemTime::now()).unwrap();
    image.is_pulled(&registry, REPOSITORY, "1").await;
}
