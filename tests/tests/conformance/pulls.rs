//! What every answer to a pull says beside the bytes.

use tests::Hash;

use crate::content_sets::Set;
use crate::round_trip::is_pushed;
use crate::server::{REPOSITORY, Registry};
use crate::sets;

/// A registry with an index, and what it holds: paths with digests.
async fn with_index() -> (Registry, Set, Vec<(String, String)>) {
    let (registry, set) = (Registry::start().await, sets::index());
    is_pushed(&registry, &set).await;
    let (manifest, blob) = (&set.manifests[0].digest, &set.blobs[0].digest);
    let paths = vec![
        (format!("/v2/{REPOSITORY}/manifests/index"), set.tags[0].1.clone()),
        (format!("/v2/{REPOSITORY}/manifests/{manifest}"), manifest.clone()),
        (format!("/v2/{REPOSITORY}/blobs/{blob}"), blob.clone()),
    ];
    (registry, set, paths)
}

#[tokio::test]
async fn head_says_what_get_says_without_the_body() {
    let (registry, _, paths) = with_index().await;
    for (path, _) in paths {
        let (head, get) = (registry.head(&path).await.is(200), registry.get(&path).await.is(200));
        let names =
            ["content-type", "content-length", "docker-content-digest", "etag", "accept-ranges", "cache-control"];
        for name in names {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{name}: {head}");
        }
    }
}

#[tokio::test]
async fn the_digest_is_the_entity_tag_and_what_is_known_is_not_sent() {
    let (registry, _, paths) = with_index().await;
    for (path, digest) in paths {
        let tag = format!("\"{digest}\"");
        assert_eq!(registry.get(&path).await.is(200).header("etag"), tag);
        for method in ["GET", "HEAD"] {
            let answer = registry.ask(method, &path, &[("if-none-match", &tag)], "").await.is(304);
            assert!(answer.bytes.is_empty(), "{answer}");
        }
        registry.ask("GET", &path, &[("if-none-match", "\"other\"")], "").await.is(200);
    }
}

#[tokio::test]
async fn what_is_accepted_changes_nothing() {
    let (registry, set, paths) = with_index().await;
    for accept in ["*/*", "application/vnd.oci.image.manifest.v1+json", "text/html"] {
        let answer = registry.ask("GET", &paths[0].0, &[("accept", accept)], "").await.is(200);
        assert!(answer.bytes == set.manifests.last().unwrap().bytes, "{accept}: {answer}");
    }
}

#[tokio::test]
async fn manifests_and_blobs_are_served_under_their_own_kind_of_path() {
    let (registry, set, _) = with_index().await;
    registry
        .get(&format!("/v2/{REPOSITORY}/manifests/{}", set.blobs[0].digest))
        .await
        .is_refusal(404, "MANIFEST_UNKNOWN");
    let digest = Hash::Sha512.digest(&set.blobs[0].bytes);
    registry.get(&format!("/v2/{REPOSITORY}/blobs/{digest}")).await.is_refusal(404, "BLOB_UNKNOWN");
}
