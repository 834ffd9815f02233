//! Clocks that jump: files from the future and from 1970.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use registry::{Collecting, Retention};
use tests::{Content, Hash, RegistryUnderTest};

use crate::images::Image;

const REPOSITORY: &str = "team/image";
const DAY: Duration = Duration::from_hours(24);

fn set_times(folder: &Path, time: SystemTime) {
    for path in crate::reader::files(folder) {
        if path.is_dir() {
            set_times(&path, time);
        }
        File::open(&path).unwrap().set_modified(time).unwrap();
    }
}

/// Times at which a file cannot have been written.
fn odd_times() -> [SystemTime; 3] {
    let now = SystemTime::now();
    [SystemTime::UNIX_EPOCH, now + DAY, now + 36_500 * DAY]
}

#[tokio::test]
async fn whatever_the_times_of_its_files_everything_is_served_and_can_change() {
    for time in odd_times() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let registry = RegistryUnderTest::start(&root).await;
        let images = [Image::new(1000), Image::new(1000)];
        images[0].push(&registry, REPOSITORY, "1").await;
        set_times(&root, time);
        images[0].is_pulled(&registry, REPOSITORY, "1").await;
        images[1].push(&registry, REPOSITORY, "1").await;
        images[1].is_pulled(&registry, REPOSITORY, "1").await;
        set_times(&root, time);
        let again = RegistryUnderTest::start(&root).await;
        images[1].is_pulled(&again, REPOSITORY, "1").await;
        images[0].is_pulled(&again, REPOSITORY, &images[0].manifest.digest).await;
        images[0].push(&registry, REPOSITORY, "1").await;
        images[0].is_pulled(&again, REPOSITORY, "1").await;
    }
}

#[tokio::test]
async fn collection_takes_what_is_tagged_at_no_time_and_what_comes_from_the_future_later() {
    for time in odd_times() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("registry");
        let registry = RegistryUnderTest::start(&root).await;
        let (image, unneeded) = (Image::new(1000), Content::noise(100, Hash::Sha256));
        image.push(&registry, REPOSITORY, "1").await;
        registry.push_blob(REPOSITORY, &unneeded).await;
        set_times(&root, time);
        let name = REPOSITORY.parse().unwrap();
        registry.store.collect(&name, &Retention::default(), Collecting::Remove).unwrap();
        image.is_pulled(&registry, REPOSITORY, "1").await;
        let path = format!("/v2/{REPOSITORY}/blobs/{}", unneeded.digest);
        let is_past = time < SystemTime::now();
        registry.head(&path).await.is(if is_past { 404 } else { 200 });
    }
}

#[tokio::test]
async fn uploads_from_1970_are_swept_and_those_of_today_and_tomorrow_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    for (time, is_swept) in [(odd_times()[0], true), (SystemTime::now(), false), (odd_times()[1], false)] {
        let registry = RegistryUnderTest::start(&root).await;
        let path = registry.begin(REPOSITORY).await;
        registry.ask("PATCH", &path, &[], "hello").await.is(202);
        set_times(&root.join(".uploads"), time);
        let swept = registry.store.sweep_uploads(&Retention::default(), Collecting::Remove).unwrap();
        assert_eq!(swept > 0, is_swept);
        // Another process does not have it in memory.
        let again = RegistryUnderTest::start(&root).await;
        let digest = Hash::Sha256.digest(b"hello");
        let answer = again.ask("PUT", &tests::closing_path(&path, &digest), &[], "").await;
        assert_eq!(answer.status, if is_swept { 404 } else { 201 }, "{answer}");
        let answer = registry.get(&path).await;
        assert_eq!(answer.status, 404, "{answer}");
    }
    assert_eq!(fs::read_dir(root.join(".uploads")).unwrap().count(), 0);
}
