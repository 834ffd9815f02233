//! Manifests that are not there, not named as they should be, or not what they say.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes>.

use serde_json::json;
use tests::{Answer, Content, Hash, noise};

use crate::content_sets::{IMAGE, INDEX, Set, Style};
use crate::round_trip::{is_pulled, is_pushed};
use crate::server::{OTHER, REPOSITORY, Registry};
use crate::sets;

/// A registry that has an image, and that image.
async fn with_image() -> (Registry, Set) {
    let (registry, set) = (Registry::start().await, sets::image());
    is_pushed(&registry, &set).await;
    (registry, set)
}

async fn put(registry: &Registry, reference: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
    registry.ask("PUT", &path, &[("content-type", media_type)], body.into()).await
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_unknown_by_digest_and_by_tag() {
    let (registry, _) = with_image().await;
    let digest = Hash::Sha256.digest(&noise(1024));
    for reference in [digest.as_str(), "missing-tag"] {
        let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
        registry.get(&path).await.is_refusal(404, "MANIFEST_UNKNOWN");
        registry.head(&path).await.is(404);
        registry.delete(&path).await.is_refusal(404, "MANIFEST_UNKNOWN");
    }
}

#[tokio::test]
async fn a_digest_that_is_none_takes_and_gives_no_manifest() {
    let (registry, set) = with_image().await;
    let manifest = &set.manifests[0];
    put(&registry, "sha256:baddigeststring", IMAGE, manifest.bytes.clone()).await.is_refusal(400, "DIGEST_INVALID");
    let path = format!("/v2/{REPOSITORY}/manifests/sha256:baddigeststring");
    registry.get(&path).await.is_refusal(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn a_digest_of_other_bytes_takes_no_manifest() {
    let (registry, set) = with_image().await;
    let mut other = Set::of_image(&Style::image()).manifests.remove(0);
    other.bytes.extend(b"  ");
    registry.put_manifest(REPOSITORY, &other.digest, &other).await.is_refusal(400, "DIGEST_INVALID");
    registry.head(&format!("/v2/{REPOSITORY}/manifests/{}", other.digest)).await.is(404);
    let real = Hash::Sha256.digest(&other.bytes);
    registry.head(&format!("/v2/{REPOSITORY}/manifests/{real}")).await.is(404);
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn a_tag_that_is_none_takes_no_manifest() {
    let (registry, set) = with_image().await;
    for tag in [".dot", "-dash", "a+b", &"a".repeat(129)] {
        let answer = put(&registry, tag, IMAGE, set.manifests[0].bytes.clone()).await;
        assert!(matches!(answer.status, 400 | 404), "{answer}");
    }
    let longest = "a".repeat(128);
    put(&registry, &longest, IMAGE, set.manifests[0].bytes.clone()).await.is(201);
    registry.get(&format!("/v2/{REPOSITORY}/manifests/{longest}")).await.is(200);
}

#[tokio::test]
async fn what_is_no_manifest_is_invalid_and_leaves_the_tag_where_it_was() {
    let (registry, set) = with_image().await;
    let text = String::from_utf8(set.manifests[0].bytes.clone()).unwrap();
    for body in ["", "{}", "[]", "null", "hello", "{\"schemaVersion\": 2", &text[..text.len() - 1], &format!("{text}x")]
    {
        put(&registry, "image", IMAGE, body).await.is_refusal(400, "MANIFEST_INVALID");
    }
    for value in [
        json!({ "schemaVersion": 2, "mediaType": IMAGE }),
        json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": { "digest": "x" }, "layers": [] }),
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [{ "digest": "sha256:../../x", "size": 1 }] }),
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": "none" }),
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [], "subject": { "size": -1 } }),
    ] {
        let media_type = value["mediaType"].as_str().unwrap().to_owned();
        put(&registry, "image", &media_type, value.to_string()).await.is_refusal(400, "MANIFEST_INVALID");
    }
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn a_manifest_that_says_to_be_another_type_than_its_header_is_invalid() {
    let (registry, set) = with_image().await;
    put(&registry, "image", INDEX, set.manifests[0].bytes.clone()).await.is_refusal(400, "MANIFEST_INVALID");
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn parameters_of_the_content_type_are_ignored() {
    let (registry, set) = with_image().await;
    let media_type = format!("{IMAGE}; charset=utf-8");
    put(&registry, "other", &media_type, set.manifests[0].bytes.clone()).await.is(201);
    let answer = registry.get(&format!("/v2/{REPOSITORY}/manifests/other")).await.is(200);
    assert_eq!(answer.header("content-type"), IMAGE);
}

#[tokio::test]
async fn a_media_type_field_is_enough_where_the_header_is_missing() {
    let (registry, set) = with_image().await;
    let path = format!("/v2/{REPOSITORY}/manifests/other");
    registry.ask("PUT", &path, &[], set.manifests[0].bytes.clone()).await.is(201);
    assert_eq!(registry.get(&path).await.is(200).header("content-type"), IMAGE);
}

#[tokio::test]
async fn a_header_is_enough_where_the_media_type_field_is_missing() {
    let (registry, set) = with_image().await;
    let mut value: serde_json::Value = serde_json::from_slice(&set.manifests[0].bytes).unwrap();
    value.as_object_mut().unwrap().remove("mediaType");
    let manifest = Content::json(IMAGE, &value, Hash::Sha256);
    registry.put_manifest(REPOSITORY, "other", &manifest).await.is(201);
    let answer = registry.get(&format!("/v2/{REPOSITORY}/manifests/other")).await.is(200);
    assert_eq!(answer.header("content-type"), IMAGE);
    assert!(answer.bytes == manifest.bytes);
}

#[tokio::test]
async fn a_manifest_over_the_limit_is_too_large() {
    let (registry, set) = with_image().await;
    let large = "x".repeat(5 * 1024 * 1024);
    let value = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": { "large": large } });
    put(&registry, "image", INDEX, value.to_string()).await.is(413);
    is_pulled(&registry, &set).await;
}

#[tokio::test]
async fn a_manifest_whose_blobs_are_not_in_its_repository_is_refused_and_says_which() {
    let (registry, set) = with_image().await;
    let manifest = &set.manifests[0];
    for reference in ["image", manifest.digest.as_str()] {
        let answer = registry.put_manifest(OTHER, reference, manifest).await;
        let code = if answer.status == 400 { 400 } else { 404 };
        let answer = answer.is_refusal(code, "MANIFEST_BLOB_UNKNOWN");
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(set.blobs.iter().any(|blob| text.contains(&blob.digest)), "{answer}");
        registry.get(&format!("/v2/{OTHER}/manifests/{reference}")).await.is(404);
    }
    is_pulled(&registry, &set).await;
}
