//! Blobs and manifests on their way here.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use blob::Digest;
use futures_util::{StreamExt, stream};
use oci::{Descriptor, MEDIA_TYPE_INDEX};
use registry::Named;

use crate::fixture::{Registry, answer, blob, name, noise, put_image, quiet, tag};

/// A body that says it has `length` bytes, gives these, and breaks off a moment later.
fn broken(status: u16, headers: &[(&str, &str)], length: usize, bytes: Vec<u8>) -> Response {
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::other("cut"))
    });
    let mut response = answer(status, headers, "");
    response.headers_mut().insert("content-length", length.into());
    *response.body_mut() = Body::from_stream(stream::once(async { Ok(Bytes::from(bytes)) }).chain(end));
    response
}

#[tokio::test]
async fn manifests_come_by_tag_and_digest_and_are_described_alike() {
    let registry = Registry::start().await;
    let (index, manifest) = put_image(&registry.store, &name("team/app"), "layer");
    registry.store.tag(&name("team/app"), &tag("1"), &index).unwrap();
    let remote = registry.remote("team/app");
    for (what, expected) in [
        (Named::Tag(tag("1")), &index),
        (Named::Digest(index.digest.clone()), &index),
        (Named::Digest(manifest.digest.clone()), &manifest),
    ] {
        let found = remote.manifest(&what).await.unwrap().unwrap();
        assert_eq!((&found.descriptor, Digest::of(&found.bytes)), (expected, expected.digest.clone()));
        assert_eq!(remote.head(&what).await.unwrap().as_ref(), Some(expected));
    }
    for what in [Named::Tag(tag("none")), Named::Digest(Digest::of("none"))] {
        assert_eq!(remote.manifest(&what).await.unwrap(), None);
        assert_eq!(remote.head(&what).await.unwrap(), None);
    }
    assert_eq!(registry.remote("nobody").tags().await.unwrap(), []);
}

#[tokio::test]
async fn where_head_is_not_offered_or_says_too_little_get_says_it() {
    let registry = Registry::with(
        |seen| (seen.method == "HEAD" && seen.nth == 0).then(|| answer(405, &[], "")),
        |_, response| drop(response.headers_mut().remove("docker-content-digest")),
    )
    .await;
    let (index, _) = put_image(&registry.store, &name("team/app"), "layer");
    registry.store.tag(&name("team/app"), &tag("1"), &index).unwrap();
    let remote = registry.remote("team/app");
    for _ in 0..2 {
        assert_eq!(remote.head(&Named::Tag(tag("1"))).await.unwrap(), Some(index.clone()));
    }
    assert_eq!(registry.count("GET", "/manifests/1"), 2);
}

#[tokio::test]
async fn a_blob_that_breaks_off_is_gone_on_with() {
    let (layer, bytes) = blob(300_000);
    let sent = bytes.clone();
    let registry = Registry::before(move |seen| match (seen.is("GET", "/blobs/"), seen.nth, seen.header("range")) {
        (true, 0, None) => Some(broken(200, &[], sent.len(), sent[..100_000].to_vec())),
        (true, 1, Some("bytes=100000-")) => {
            let headers = [("content-range", "bytes 100000-299999/300000")];
            Some(broken(206, &headers, 200_000, sent[100_000..150_000].to_vec()))
        }
        _ => None,
    })
    .await;
    registry.store.put_bytes(&name("team/app"), &bytes).unwrap();
    let mut came = Vec::new();
    registry.remote("team/app").pull_blob(&layer, &mut came, &quiet).await.unwrap();
    assert_eq!(came, bytes);
    let seen = registry.seen();
    let ranges: Vec<_> =
        seen.iter().filter(|seen| seen.is("GET", "/blobs/")).map(|seen| seen.header("range")).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-"), Some("bytes=150000-")]);
}

#[tokio::test]
async fn a_registry_without_ranges_sends_again_and_what_is_known_is_passed_over() {
    let (layer, bytes) = blob(300_000);
    let sent = bytes.clone();
    let registry = Registry::before(move |seen| {
        let body = String::new();
        match (seen.is("GET", "/blobs/"), seen.nth) {
            (true, 0) => Some(broken(200, &[], sent.len(), sent[..100_000].to_vec())),
            (true, _) => {
                let mut response = answer(200, &[], &body);
                *response.body_mut() = Body::from(sent.clone());
                Some(response)
            }
            _ => None,
        }
    })
    .await;
    let mut came = Vec::new();
    registry.remote("team/app").pull_blob(&layer, &mut came, &quiet).await.unwrap();
    assert_eq!(came, bytes);
    assert_eq!(registry.count("GET", "/blobs/"), 2);
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_a_refusal_that_is_not_repeated() {
    let registry = Registry::start().await;
    let (layer, _) = blob(10);
    let mut came = Vec::new();
    let error = registry.remote("team/app").pull_blob(&layer, &mut came, &quiet).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    assert!(
        error.to_string().starts_with(&format!("cannot read the blob `{}` of `127.0.0.1:", layer.digest)),
        "{error}"
    );
    assert_eq!((registry.count("GET", "/blobs/"), came.len()), (1, 0));
}

#[tokio::test]
async fn what_is_written_is_what_is_read_with_the_same_bytes() {
    let registry = Registry::start().await;
    let remote = registry.remote("team/app");
    let text = format!("{{ \"schemaVersion\" : 2, \"mediaType\": \"{MEDIA_TYPE_INDEX}\",\n \"manifests\" : [] }}\n");
    let expected = Descriptor::of(MEDIA_TYPE_INDEX, text.as_bytes());
    for what in [Named::Digest(expected.digest.clone()), Named::Tag(tag("1"))] {
        let put = remote.push_manifest(text.as_bytes(), MEDIA_TYPE_INDEX, &what).await.unwrap();
        assert_eq!(put, expected);
        assert_eq!(remote.manifest(&what).await.unwrap().unwrap().bytes, text.as_bytes());
    }
    remote.delete(&Named::Tag(tag("1"))).await.unwrap();
    remote.delete(&Named::Tag(tag("1"))).await.unwrap();
    assert_eq!(remote.head(&Named::Tag(tag("1"))).await.unwrap(), None);
    remote.delete(&Named::Digest(expected.digest.clone())).await.unwrap();
    assert_eq!(remote.head(&Named::Digest(expected.digest)).await.unwrap(), None);
}

#[tokio::test]
async fn a_manifest_under_a_digest_that_is_not_its_own_is_not_even_sent() {
    let registry = Registry::start().await;
    let other = Named::Digest(Digest::of("other"));
    let error = registry.remote("a").push_manifest(&noise(10), MEDIA_TYPE_INDEX, &other).await.unwrap_err().to_string();
    assert!(error.contains("are not those that were promised"), "{error}");
    assert_eq!(registry.count("PUT", ""), 0);
}
