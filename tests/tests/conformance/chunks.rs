//! Uploads in chunks: their order, their state, and their end.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks>.

use tests::{Answer, Content, Hash, closing_path};

use crate::server::{OTHER, REPOSITORY, Registry};
use crate::uploads::{CHUNK, close, patch, range};

/// Asks how far an upload is: the last byte that arrived, and where to go on.
async fn state(registry: &Registry, path: &str) -> (String, String) {
    let answer = registry.get(path).await.is(204);
    (answer.header("range").to_owned(), answer.location())
}

/// A `PUT` with a chunk.
async fn put(registry: &Registry, path: &str, blob: &Content, start: usize, chunk: &[u8]) -> Answer {
    let range = range(start, chunk.len());
    registry.ask("PUT", &closing_path(path, &blob.digest), &[("content-range", &range)], chunk.to_vec()).await
}

/// Sends a chunk that is not next, finds out by GET what is, and goes on.
async fn out_of_order(registry: &Registry, blob: &Content, last_by_put: bool) -> Answer {
    let mut path = registry.begin(REPOSITORY).await;
    let starts = [0, CHUNK, 2 * CHUNK];
    let chunk = |start: usize| &blob.bytes[start..(start + CHUNK).min(blob.bytes.len())];
    for (start, wrong) in starts.into_iter().zip([CHUNK, 2 * CHUNK, 0]) {
        let answer = if last_by_put && wrong == 2 * CHUNK {
            put(registry, &path, blob, wrong, chunk(wrong)).await
        } else {
            patch(registry, &path, wrong, chunk(wrong)).await
        };
        answer.is(416);
        let (range, next) = state(registry, &path).await;
        assert_eq!(range, format!("0-{}", start.saturating_sub(1)));
        if last_by_put && start == 2 * CHUNK {
            return put(registry, &next, blob, start, chunk(start)).await;
        }
        path = patch(registry, &next, start, chunk(start)).await.is(202).location();
    }
    close(registry, &path, blob, Vec::new()).await
}

#[tokio::test]
async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(3 * CHUNK - 5, hash);
        out_of_order(&registry, &blob, false).await.is(201);
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn a_last_chunk_out_of_order_is_refused_and_the_upload_goes_on() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(3 * CHUNK - 5, hash);
        out_of_order(&registry, &blob, true).await.is(201);
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn the_refusal_of_a_chunk_says_where_the_upload_is() {
    let registry = Registry::start().await;
    let path = registry.begin(REPOSITORY).await;
    let path = patch(&registry, &path, 0, &[1; 10]).await.is(202).location();
    for start in [0, 5, 9, 11, 1_000_000] {
        let answer = patch(&registry, &path, start, &[1; 10]).await.is(416);
        assert_eq!(answer.header("range"), "0-9", "{answer}");
        assert!(!answer.location().is_empty());
    }
}

#[tokio::test]
async fn a_chunk_whose_length_is_not_that_of_its_range_is_refused() {
    let registry = Registry::start().await;
    let path = registry.begin(REPOSITORY).await;
    for wrong in ["0-8", "0-10", "0", "-9", "9-0", "a-b", "", "0-99999999999999999999999"] {
        let answer = registry.ask("PATCH", &path, &[("content-range", wrong)], vec![1; 10]).await;
        assert!(matches!(answer.status, 400 | 416), "`{wrong}`: {answer}");
    }
    patch(&registry, &path, 0, &[1; 10]).await.is(202);
}

#[tokio::test]
async fn chunks_may_come_without_a_range() {
    let registry = Registry::start().await;
    let blob = Content::noise(3 * CHUNK, Hash::Sha256);
    let mut path = registry.begin(REPOSITORY).await;
    for chunk in blob.bytes.chunks(CHUNK) {
        path = registry.ask("PATCH", &path, &[], chunk.to_vec()).await.is(202).location();
    }
    close(&registry, &path, &blob, Vec::new()).await.is(201);
    registry.has_and_deletes(REPOSITORY, &blob).await;
}

#[tokio::test]
async fn a_cancelled_upload_is_gone() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(10, hash);
        let path = registry.begin(REPOSITORY).await;
        registry.delete(&path).await.is(204);
        let path = registry.begin(REPOSITORY).await;
        let path = patch(&registry, &path, 0, &blob.bytes).await.is(202).location();
        registry.delete(&path).await.is(204);
        registry.get(&path).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
        patch(&registry, &path, 0, &blob.bytes).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
        close(&registry, &path, &blob, blob.bytes.clone()).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
        registry.delete(&path).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
        registry.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is(404);
    }
}

#[tokio::test]
async fn a_finished_upload_is_gone_and_its_blob_stays() {
    let registry = Registry::start().await;
    let blob = Content::noise(10, Hash::Sha256);
    let path = registry.begin(REPOSITORY).await;
    close(&registry, &path, &blob, blob.bytes.clone()).await.is(201);
    close(&registry, &path, &blob, Vec::new()).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
    registry.get(&path).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
    registry.has_blob(REPOSITORY, &blob).await;
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository() {
    let registry = Registry::start().await;
    let path = registry.begin(REPOSITORY).await;
    let elsewhere = path.replace(REPOSITORY, OTHER);
    assert_ne!(path, elsewhere);
    registry.get(&elsewhere).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
    patch(&registry, &elsewhere, 0, &[1; 10]).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
    registry.delete(&elsewhere).await.is_refusal(404, "BLOB_UPLOAD_UNKNOWN");
    patch(&registry, &path, 0, &[1; 10]).await.is(202);
}

#[tokio::test]
async fn an_upload_begins_with_nothing() {
    let registry = Registry::start().await;
    let answer = registry.ask("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"), &[], "").await.is(202);
    assert_eq!(answer.header("range"), "0-0");
    assert_eq!(state(&registry, &answer.location()).await.0, "0-0");
    let identifier = answer.header("docker-upload-uuid");
    let parts: Vec<_> = identifier.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{identifier}");
    assert!(answer.location().contains(identifier));
}
