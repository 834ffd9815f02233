//! Blobs pushed in every way, with both hash functions: there at once, gone at once.

use tests::{Content, Hash};

use crate::server::{REPOSITORY, Registry};
use crate::uploads::{CHUNK, Way, push};

/// Pushes in one way with both hash functions, as the suite does: 201, a location that can be pulled, HEAD, GET, DELETE.
async fn is_pushed_pulled_and_deleted(way: Way, length: usize) {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(length, hash);
        arrives(&registry, way, &blob).await;
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

async fn arrives(registry: &Registry, way: Way, blob: &Content) {
    let answer = push(registry, way, REPOSITORY, blob).await.is(201);
    assert_eq!(answer.header("docker-content-digest"), blob.digest, "{answer}");
    let found = registry.get(&answer.location()).await.is(200);
    assert!(found.bytes == blob.bytes, "{found}");
}

#[tokio::test]
async fn one_post_with_everything() {
    is_pushed_pulled_and_deleted(Way::PostOnly, 512).await;
}

#[tokio::test]
async fn a_post_and_a_put_with_everything() {
    is_pushed_pulled_and_deleted(Way::PostPut, 512).await;
}

#[tokio::test]
async fn a_single_chunk() {
    is_pushed_pulled_and_deleted(Way::Chunks(CHUNK), 512).await;
}

#[tokio::test]
async fn several_chunks_and_a_put_without_a_body() {
    is_pushed_pulled_and_deleted(Way::Chunks(CHUNK), 3 * CHUNK - 5).await;
}

#[tokio::test]
async fn several_chunks_of_which_the_put_has_the_last() {
    is_pushed_pulled_and_deleted(Way::ChunksPutLast(CHUNK), 3 * CHUNK - 5).await;
}

#[tokio::test]
async fn a_stream_of_unknown_length() {
    is_pushed_pulled_and_deleted(Way::Stream, 512).await;
    is_pushed_pulled_and_deleted(Way::Stream, 3_000_000).await;
}

#[tokio::test]
async fn no_bytes_at_all_are_a_blob() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::new("application/octet-stream", "", hash);
        for way in [Way::PostOnly, Way::PostPut, Way::Stream, Way::Chunks(CHUNK)] {
            arrives(&registry, way, &blob).await;
            registry.has_and_deletes(REPOSITORY, &blob).await;
        }
    }
}

#[tokio::test]
async fn an_empty_json_object_is_a_blob() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::new("application/vnd.oci.empty.v1+json", "{}", hash);
        for way in Way::ALL {
            arrives(&registry, way, &blob).await;
            registry.has_and_deletes(REPOSITORY, &blob).await;
        }
    }
}

#[tokio::test]
async fn what_is_there_may_be_pushed_again_in_every_way() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(3 * CHUNK - 5, hash);
        for way in Way::ALL {
            arrives(&registry, way, &blob).await;
        }
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn the_algorithm_may_be_announced() {
    let registry = Registry::start().await;
    let blob = Content::noise(512, Hash::Sha512);
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest-algorithm=sha512");
    let path = registry.ask("POST", &path, &[], "").await.is(202).location();
    crate::uploads::close(&registry, &path, &blob, blob.bytes.clone()).await.is(201);
    registry.has_and_deletes(REPOSITORY, &blob).await;
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest-algorithm=md5");
    registry.ask("POST", &path, &[], "").await.is_refusal(400, "DIGEST_INVALID");
}
