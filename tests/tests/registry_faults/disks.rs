//! Disks that are full or can only be read: refused in the specification's words, and nothing that was there is harmed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::{Answer, Content, Hash, RegistryUnderTest};

use crate::images::Image;
use crate::reader::Found;

const REPOSITORY: &str = "team/image";

/// A small file system of its own.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new() -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        disk.mount("rw,size=2m");
        disk
    }

    fn mount(&self, options: &str) {
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(self.folder.path()).status();
        assert!(status.unwrap().success(), "a small file system needs root");
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("registry")
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.folder.path().join("filler");
        let _ = fs::write(&path, vec![1; 4_000_000]);
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// Refused because of the disk, with a body as the specification wants it.
fn is_refused(answer: &Answer) {
    assert!(matches!(answer.status, 405 | 500 | 503 | 507), "{answer}");
    assert!(answer.json()["errors"][0]["code"].is_string(), "{answer}");
}

/// Everything that can be asked to be written.
async fn every_write_is_refused(registry: &RegistryUnderTest, image: &Image) {
    let other = Content::noise(600_000, Hash::Sha256);
    is_refused(&registry.try_push_blob(REPOSITORY, &other).await.unwrap());
    let post = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", other.digest);
    is_refused(&registry.ask("POST", &post, &[], other.bytes.clone()).await);
    is_refused(&registry.put_manifest(REPOSITORY, "2", &image.manifest).await);
    registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", other.digest)).await.is(404);
    registry.head(&format!("/v2/{REPOSITORY}/manifests/2")).await.is(404);
}

fn holds(root: &Path, image: &Image) {
    assert_eq!(Found::read(root).tag(REPOSITORY, "1"), Some(image.manifest.digest.as_str()));
}

#[tokio::test]
#[ignore = "needs root for a small file system: .ci/run has it"]
async fn a_full_disk_takes_nothing_loses_nothing_and_works_again_when_there_is_room() {
    let disk = Disk::new();
    let registry = RegistryUnderTest::start(&disk.root()).await;
    let image = Image::new(100_000);
    image.push(&registry, REPOSITORY, "1").await;
    let filler = disk.fill();
    every_write_is_refused(&registry, &image).await;
    image.is_pulled(&registry, REPOSITORY, "1").await;
    holds(&disk.root(), &image);
    let again = RegistryUnderTest::start(&disk.root()).await;
    image.is_pulled(&again, REPOSITORY, "1").await;
    fs::remove_file(filler).unwrap();
    let other = Image::new(600_000);
    other.push(&registry, REPOSITORY, "1").await;
    other.is_pulled(&registry, REPOSITORY, "1").await;
    holds(&disk.root(), &other);
}

#[tokio::test]
#[ignore = "needs root for a small file system: .ci/run has it"]
async fn a_disk_that_fills_up_in_mid_upload_takes_back_what_did_not_fit() {
    let disk = Disk::new();
    let registry = RegistryUnderTest::start(&disk.root()).await;
    let blob = Content::noise(1_200_000, Hash::Sha256);
    let path = registry.begin(REPOSITORY).await;
    let half = blob.bytes.len() / 2;
    registry.ask("PATCH", &path, &[], blob.bytes[..half].to_vec()).await.is(202);
    let filler = disk.fill();
    is_refused(&registry.ask("PATCH", &path, &[], blob.bytes[half..].to_vec()).await);
    fs::remove_file(filler).unwrap();
    let state = registry.get(&path).await.is(204);
    assert_eq!(state.header("range"), format!("0-{}", half - 1));
    registry.ask("PATCH", &path, &[], blob.bytes[half..].to_vec()).await.is(202);
    registry.ask("PUT", &tests::closing_path(&path, &blob.digest), &[], "").await.is(201);
    registry.has_blob(REPOSITORY, &blob).await;
}

#[tokio::test]
#[ignore = "needs root for a small file system: .ci/run has it"]
async fn a_disk_that_is_only_read_serves_and_takes_nothing() {
    let disk = Disk::new();
    let registry = RegistryUnderTest::start(&disk.root()).await;
    let image = Image::new(100_000);
    image.push(&registry, REPOSITORY, "1").await;
    let left_by_a_crash = disk.root().join("team%2Fimage/.bedplate-half");
    fs::write(left_by_a_crash, "{").unwrap();
    disk.mount("remount,ro");
    every_write_is_refused(&registry, &image).await;
    for path in
        [format!("/v2/{REPOSITORY}/manifests/1"), format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)]
    {
        is_refused(&registry.delete(&path).await);
    }
    image.is_pulled(&registry, REPOSITORY, "1").await;
    let again = RegistryUnderTest::start(&disk.root()).await;
    image.is_pulled(&again, REPOSITORY, "1").await;
    holds(&disk.root(), &image);
}
