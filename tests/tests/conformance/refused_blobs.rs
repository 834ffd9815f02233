//! Blobs whose bytes are not those of their digest: refused in every way, and nothing of them is there.

use tests::{Answer, Content, Hash, closing_path};

use crate::server::{REPOSITORY, Registry};
use crate::uploads::{CHUNK, Way, push};

async fn is_refused(way: Way) {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let mut blob = Content::noise(3 * CHUNK - 5, hash);
        blob.bytes.extend(b"oh no");
        push(&registry, way, REPOSITORY, &blob).await.is_refusal(400, "DIGEST_INVALID");
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        registry.head(&path).await.is(404);
        let real = hash.digest(&blob.bytes);
        registry.head(&path.replace(&blob.digest, &real)).await.is(404);
    }
}

#[tokio::test]
async fn other_bytes_in_one_post() {
    is_refused(Way::PostOnly).await;
}

#[tokio::test]
async fn other_bytes_in_a_put() {
    is_refused(Way::PostPut).await;
}

#[tokio::test]
async fn other_bytes_in_chunks() {
    is_refused(Way::Chunks(CHUNK)).await;
}

#[tokio::test]
async fn other_bytes_in_chunks_of_which_the_put_has_the_last() {
    is_refused(Way::ChunksPutLast(CHUNK)).await;
}

#[tokio::test]
async fn other_bytes_in_a_stream() {
    is_refused(Way::Stream).await;
}

async fn closed_with(digest: &str) -> Answer {
    let registry = Registry::start().await;
    let path = registry.begin(REPOSITORY).await;
    registry.ask("PUT", &closing_path(&path, digest), &[], "hello").await
}

#[tokio::test]
async fn a_digest_that_is_none_closes_nothing() {
    for digest in ["", "sha256", "sha256:", "sha256:short", "md5:5d41402abc4b2a76b9719d911017c592", "hello"] {
        closed_with(digest).await.is_refusal(400, "DIGEST_INVALID");
    }
    let upper = format!("sha256:{}", Hash::Sha256.digest(b"hello")[7..].to_uppercase());
    closed_with(&upper).await.is_refusal(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn an_upload_without_a_digest_is_not_closed() {
    let registry = Registry::start().await;
    let path = registry.begin(REPOSITORY).await;
    registry.ask("PUT", &path, &[], "hello").await.is_refusal(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn a_single_post_needs_a_digest_that_is_one() {
    let registry = Registry::start().await;
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest=sha256:short");
    registry.ask("POST", &path, &[], "hello").await.is_refusal(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn an_upload_that_was_never_begun_is_unknown() {
    let registry = Registry::start().await;
    registry.push_blob(REPOSITORY, &Content::noise(10, Hash::Sha256)).await;
    for identifier in ["c0ffee00-0000-4000-8000-000000000000", "1", "a%2Fb"] {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/{identifier}");
        for method in ["PATCH", "PUT", "GET", "DELETE"] {
            let digest = Hash::Sha256.digest(b"hello");
            let answer = registry.ask(method, &format!("{path}?digest={digest}"), &[], "hello").await;
            assert!(matches!(answer.status, 400 | 404 | 405), "{answer}");
        }
    }
}
