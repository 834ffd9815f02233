//! A registry that nothing was pushed to.

use tests::{Content, Hash};

use crate::server::{REPOSITORY, Registry};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[tokio::test]
async fn the_base_says_that_the_specification_is_spoken() {
    let registry = Registry::start().await;
    let answer = registry.get("/v2/").await.is(200);
    assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
    registry.head("/v2/").await.is(200);
}

#[tokio::test]
async fn an_unknown_repository_has_no_tags() {
    let registry = Registry::start().await;
    registry.get(&format!("/v2/{REPOSITORY}/tags/list")).await.is_refusal(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn an_unknown_digest_has_an_empty_list_of_referrers() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let nobody = Content::noise(20, hash).digest;
        let answer = registry.get(&format!("/v2/{REPOSITORY}/referrers/{nobody}")).await.is(200);
        assert_eq!(answer.header("content-type"), INDEX);
        let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
        assert_eq!(answer.json(), index);
    }
}

#[tokio::test]
async fn a_digest_that_is_none_is_a_bad_request_for_referrers() {
    let registry = Registry::start().await;
    registry.get(&format!("/v2/{REPOSITORY}/referrers/sha256:short")).await.is_refusal(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn a_blob_that_was_never_pushed_is_not_found() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let path = format!("/v2/{REPOSITORY}/blobs/{}", Content::noise(512, hash).digest);
        registry.get(&path).await.is(404);
        registry.head(&path).await.is(404);
        registry.delete(&path).await.is(404);
    }
}
