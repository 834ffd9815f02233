//! What is deleted is gone at once, and nothing else is.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management>.

use tests::{Content, Hash};

use crate::content_sets::{Set, Style};
use crate::round_trip::{is_pulled, is_pushed};
use crate::server::{OTHER, REPOSITORY, Registry};
use crate::sets;

fn manifest(reference: &str) -> String {
    format!("/v2/{REPOSITORY}/manifests/{reference}")
}

#[tokio::test]
async fn a_deleted_tag_leaves_its_manifest_and_its_other_tags() {
    let registry = Registry::start().await;
    let mut set = sets::image();
    is_pushed(&registry, &set).await;
    registry.put_manifest(REPOSITORY, "other", &set.manifests[0]).await.is(201);
    registry.delete(&manifest("other")).await.is(202);
    registry.get(&manifest("other")).await.is_refusal(404, "MANIFEST_UNKNOWN");
    registry.delete(&manifest("other")).await.is_refusal(404, "MANIFEST_UNKNOWN");
    is_pulled(&registry, &set).await;
    registry.delete(&manifest("image")).await.is(202);
    set.tags.clear();
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn a_deleted_manifest_takes_its_tags_with_it() {
    let registry = Registry::start().await;
    let (one, two) = (sets::image(), sets::uncompressed());
    is_pushed(&registry, &one).await;
    is_pushed(&registry, &two).await;
    registry.put_manifest(REPOSITORY, "other", &one.manifests[0]).await.is(201);
    registry.delete(&manifest(&one.manifests[0].digest)).await.is(202);
    for reference in ["image", "other", one.manifests[0].digest.as_str()] {
        registry.get(&manifest(reference)).await.is_refusal(404, "MANIFEST_UNKNOWN");
    }
    let list = registry.get(&format!("/v2/{REPOSITORY}/tags/list")).await.is(200);
    assert_eq!(list.json()["tags"], serde_json::json!(["image-uncompressed"]));
    is_pulled(&registry, &two).await;
    registry.delete(&manifest(&one.manifests[0].digest)).await.is_refusal(404, "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn a_deleted_index_leaves_its_images() {
    let registry = Registry::start().await;
    let mut set = sets::index();
    is_pushed(&registry, &set).await;
    let index = set.manifests.pop().unwrap();
    registry.delete(&manifest(&index.digest)).await.is(202);
    set.tags.clear();
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn a_manifest_that_was_deleted_may_be_pushed_again() {
    let registry = Registry::start().await;
    let set = sets::artifacts_with_subject();
    for _ in 0..2 {
        is_pushed(&registry, &set).await;
        is_pulled(&registry, &set).await;
        for one in &set.manifests {
            registry.delete(&manifest(&one.digest)).await.is(202);
        }
    }
}

#[tokio::test]
async fn a_blob_deleted_in_one_repository_stays_in_the_other() {
    let registry = Registry::start().await;
    let blob = Content::noise(512, Hash::Sha256);
    registry.push_blob(REPOSITORY, &blob).await;
    let path = format!("/v2/{OTHER}/blobs/uploads/?mount={}&from={REPOSITORY}", blob.digest);
    registry.ask("POST", &path, &[], "").await.is(201);
    registry.has_and_deletes(REPOSITORY, &blob).await;
    registry.delete(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is_refusal(404, "BLOB_UNKNOWN");
    registry.has_and_deletes(OTHER, &blob).await;
}

#[tokio::test]
async fn a_blob_that_was_deleted_may_be_pushed_again() {
    let registry = Registry::start().await;
    let blob = Content::noise(512, Hash::Sha256);
    for _ in 0..3 {
        registry.push_blob(REPOSITORY, &blob).await;
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn nothing_is_deleted_in_a_repository_that_is_not_there() {
    let registry = Registry::start().await;
    let set = Set::of_image(&Style::image());
    let digest = &set.manifests[0].digest;
    registry.delete(&manifest(digest)).await.is_refusal(404, "MANIFEST_UNKNOWN");
    registry.delete(&manifest("latest")).await.is_refusal(404, "MANIFEST_UNKNOWN");
    registry.delete(&format!("/v2/{REPOSITORY}/blobs/{digest}")).await.is_refusal(404, "BLOB_UNKNOWN");
}

#[tokio::test]
async fn what_a_manifest_needs_is_not_deleted_before_it() {
    let registry = Registry::start().await;
    let set = sets::index();
    is_pushed(&registry, &set).await;
    registry.delete(&manifest(&set.manifests[0].digest)).await.is_refusal(405, "DENIED");
    for blob in &set.blobs {
        registry.delete(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is_refusal(405, "DENIED");
    }
    is_pulled(&registry, &set).await;
}
