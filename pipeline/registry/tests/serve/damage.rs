//! Files that are not what they should be: never served as good, and never in the way of others.

use std::fs;

use oci::{ImageIndex, MEDIA_TYPE_INDEX};
use registry::Store;

use crate::fixture::{Registry, layer, tag};

#[tokio::test]
async fn a_blob_of_another_size_than_its_manifest_says_is_not_served() {
    let registry = Registry::start().await;
    let path = registry.store.blob_path(&registry.repository, &registry.layer.digest);
    fs::write(&path, &layer()[1..]).unwrap();
    for method in ["GET", "HEAD"] {
        assert_eq!(registry.ask(method, &registry.blob(), &[]).await.status(), 404);
    }
    let good = registry.folder.path().join("good");
    fs::write(&good, layer()).unwrap();
    registry.store.put_blob_from_path(&registry.repository, &registry.layer.digest, &good).unwrap();
    assert_eq!(registry.get(&registry.blob()).await.status(), 200, "putting it again heals it");
}

#[tokio::test]
async fn a_damaged_manifest_is_not_served_and_the_others_are() {
    let registry = Registry::start().await;
    let other = ImageIndex::new(Vec::new()).to_bytes();
    let other = registry.store.put_manifest(&registry.repository, &other, MEDIA_TYPE_INDEX).unwrap();
    registry.store.tag(&registry.repository, &tag("other"), &other).unwrap();
    let path = registry.store.blob_path(&registry.repository, &registry.index.digest);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let fresh = Store::open(registry.folder.path().join("registry")).unwrap();
    assert_eq!(fresh.resolve(&registry.repository, &tag("3.13")).unwrap(), None);
    assert_eq!(fresh.manifest(&registry.repository, &registry.index.digest).unwrap(), None);
    assert_eq!(fresh.resolve(&registry.repository, &tag("other")).unwrap(), Some(other));
}

#[tokio::test]
async fn a_manifest_in_memory_outlives_its_file() {
    let registry = Registry::start().await;
    let path = format!("/v2/team/python/manifests/{}", registry.index.digest);
    assert_eq!(registry.get(&path).await.status(), 200);
    fs::remove_file(registry.store.blob_path(&registry.repository, &registry.index.digest)).unwrap();
    assert_eq!(registry.get(&path).await.status(), 200);
}

#[tokio::test]
async fn a_broken_list_is_our_fault_and_tells_no_path() {
    let registry = Registry::start().await;
    fs::write(registry.store.layout_path(&registry.repository).join("index.json"), "{\"schema").unwrap();
    let response = registry.get("/v2/team/python/tags/list").await;
    assert_eq!(response.status(), 500);
    let text = response.text().await.unwrap();
    assert!(text.contains("cannot read its own files") && !text.contains("index.json"), "{text}");
}

#[tokio::test]
async fn a_blob_cut_short_while_it_is_sent_ends_the_connection() {
    let registry = Registry::start().await;
    let path = registry.store.blob_path(&registry.repository, &registry.layer.digest);
    let large = registry.folder.path().join("large");
    let bytes = vec![7; 64 * 1024 * 1024];
    fs::write(&large, &bytes).unwrap();
    let digest = blob::Digest::of(&bytes);
    registry.store.put_blob_from_path(&registry.repository, &digest, &large).unwrap();
    let mut response = registry.get(&format!("/v2/team/python/blobs/{digest}")).await;
    assert_eq!(response.status(), 200);
    response.chunk().await.unwrap().unwrap();
    fs::OpenOptions::new().write(true).open(path.with_file_name(digest.hex())).unwrap().set_len(1).unwrap();
    assert!(response.bytes().await.is_err(), "a short answer must not look whole");
}
