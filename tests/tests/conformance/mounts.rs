//! Blobs taken over from another repository.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository>.

use tests::{Answer, Content, Hash};

use crate::server::{OTHER, REPOSITORY, Registry};
use crate::uploads::close;

async fn mount(registry: &Registry, digest: &str, from: Option<&str>) -> Answer {
    let from = from.map(|from| format!("&from={}", from.replace('/', "%2F"))).unwrap_or_default();
    let digest = digest.replace(':', "%3A");
    registry.ask("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/?mount={digest}{from}"), &[], "").await
}

#[tokio::test]
async fn a_blob_is_mounted_from_the_repository_that_is_named() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(512, hash);
        registry.push_blob(OTHER, &blob).await;
        let answer = mount(&registry, &blob.digest, Some(OTHER)).await.is(201);
        assert_eq!(answer.header("docker-content-digest"), blob.digest);
        assert!(registry.get(&answer.location()).await.is(200).bytes == blob.bytes);
        registry.has_and_deletes(REPOSITORY, &blob).await;
        registry.has_and_deletes(OTHER, &blob).await;
    }
}

#[tokio::test]
async fn a_blob_is_found_when_no_repository_is_named() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(512, hash);
        registry.push_blob(OTHER, &blob).await;
        let answer = mount(&registry, &blob.digest, None).await.is(201);
        assert_eq!(answer.header("docker-content-digest"), blob.digest);
        registry.has_and_deletes(REPOSITORY, &blob).await;
        registry.has_and_deletes(OTHER, &blob).await;
    }
}

#[tokio::test]
async fn what_cannot_be_mounted_is_uploaded() {
    let registry = Registry::start().await;
    registry.push_blob(OTHER, &Content::noise(10, Hash::Sha256)).await;
    for hash in Hash::ALL {
        for from in [Some(OTHER), Some("nobody/nothing"), None] {
            let blob = Content::noise(512, hash);
            let path = mount(&registry, &blob.digest, from).await.is(202).location();
            close(&registry, &path, &blob, blob.bytes.clone()).await.is(201);
            registry.has_and_deletes(REPOSITORY, &blob).await;
        }
    }
}

#[tokio::test]
async fn a_mount_of_what_is_there_succeeds() {
    let registry = Registry::start().await;
    let blob = Content::noise(512, Hash::Sha256);
    registry.push_blob(REPOSITORY, &blob).await;
    for from in [Some(REPOSITORY), None] {
        mount(&registry, &blob.digest, from).await.is(201);
    }
    registry.has_blob(REPOSITORY, &blob).await;
}

#[tokio::test]
async fn a_mount_of_no_digest_or_from_no_repository_is_a_bad_request() {
    let registry = Registry::start().await;
    mount(&registry, &Hash::Sha256.digest(b"x"), Some("NO/NAME")).await.is_refusal(400, "NAME_INVALID");
    mount(&registry, "sha256:short", Some(OTHER)).await.is_refusal(400, "DIGEST_INVALID");
}
