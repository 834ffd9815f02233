//! Registries that lie, by mistake or not: nothing false is taken for good, and no answer is longer than memory.

use axum::body::{Body, Bytes};
use axum::response::Response;
use blob::Digest;
use futures_util::stream;
use oci::{MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};
use registry::{BlobSource, Named};

use crate::fixture::{Registry, answer, blob, quiet, tag};

/// A body without an end.
fn endless(headers: &[(&str, &str)]) -> Response {
    let mut response = answer(200, headers, "");
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    *response.body_mut() = Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())));
    response
}

#[tokio::test]
async fn a_manifest_with_other_bytes_is_refused_whoever_vouches_for_it() {
    let registry = Registry::before(|seen| {
        let other = Digest::of("other").to_string();
        let headers = [("content-type", MEDIA_TYPE_INDEX), ("docker-content-digest", other.as_str())];
        (seen.method == "GET").then(|| answer(200, &headers, "{}"))
    })
    .await;
    let remote = registry.remote("a");
    for what in [Named::Tag(tag("1")), Named::Digest(Digest::of("asked"))] {
        let error = remote.manifest(&what).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read the manifest `{what}`")), "{error}");
        assert!(error.contains("promised: expected sha256:") && error.contains("do not use it"), "{error}");
    }
}

#[tokio::test]
async fn a_digest_in_an_answer_that_contradicts_the_question_is_refused() {
    let registry = Registry::with(
        |seen| {
            let other = Digest::of("other").to_string();
            let headers = [
                ("content-type", MEDIA_TYPE_INDEX),
                ("docker-content-digest", other.as_str()),
                ("content-length", "2"),
            ];
            (seen.is("HEAD", "/manifests/")).then(|| answer(200, &headers, ""))
        },
        |seen, response| {
            if seen.method == "PUT" {
                let other = Digest::of("other").to_string();
                response.headers_mut().insert("docker-content-digest", other.parse().unwrap());
            }
        },
    )
    .await;
    let remote = registry.remote("a");
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    let head = remote.head(&Named::Digest(Digest::of("asked"))).await.unwrap_err().to_string();
    assert!(head.contains("speaks of `sha256:d9298a10"), "{head}");
    let put = remote.push_manifest(index, MEDIA_TYPE_INDEX, &Named::Tag(tag("1"))).await.unwrap_err().to_string();
    assert!(put.contains("expected the digest that was asked for"), "{put}");
    let (layer, bytes) = blob(10);
    let push = remote.push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await.unwrap_err().to_string();
    assert!(push.contains("stored `sha256:d9298a10"), "{push}");
}

#[tokio::test]
async fn a_manifest_that_says_of_itself_what_the_registry_denies_is_refused() {
    let registry = Registry::before(|seen| {
        let text = format!(r#"{{"mediaType":"{MEDIA_TYPE_MANIFEST}"}}"#);
        let media_type = if seen.path.ends_with("plain") { "text/plain" } else { MEDIA_TYPE_INDEX };
        let nothing = seen.path.ends_with("nothing");
        let body = if nothing { "{}" } else { text.as_str() };
        let headers = [("content-type", if nothing { "application/json" } else { media_type })];
        (seen.method == "GET").then(|| answer(200, &headers, body))
    })
    .await;
    let remote = registry.remote("a");
    let error = remote.manifest(&Named::Tag(tag("both"))).await.unwrap_err().to_string();
    assert!(
        error.contains("image.index.v1+json` of a manifest that says `application/vnd.oci.image.manifest"),
        "{error}"
    );
    let found = remote.manifest(&Named::Tag(tag("plain"))).await.unwrap().unwrap();
    assert_eq!(found.descriptor.media_type, MEDIA_TYPE_MANIFEST, "a type that says nothing contradicts nothing");
    let error = remote.manifest(&Named::Tag(tag("nothing"))).await.unwrap_err().to_string();
    assert!(error.contains("does not say what kind of manifest this is: expected `Content-Type`"), "{error}");
}

#[tokio::test]
async fn a_blob_with_other_bytes_or_another_length_is_refused_and_not_asked_for_again() {
    let (layer, bytes) = blob(1000);
    for (change, text) in
        [("other", "expected sha256:"), ("longer", "expected 1000 bytes, got 1001"), ("shorter", "got 999")]
    {
        let mut sent = bytes.clone();
        match change {
            "other" => sent[0] ^= 1,
            "longer" => sent.push(0),
            _ => sent.truncate(999),
        }
        let registry = Registry::before(move |_| {
            let mut response = answer(200, &[], "");
            *response.body_mut() = Body::from(sent.clone());
            Some(response)
        })
        .await;
        let error = registry.remote("a").pull_blob(&layer, &mut Vec::new(), &quiet).await.unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("the registry's copy is damaged, or it lies"), "{error}");
        assert_eq!(registry.count("GET", "/blobs/"), 1);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_where_such_a_thing_must_end() {
    let registry = Registry::before(|_| Some(endless(&[("content-type", MEDIA_TYPE_INDEX)]))).await;
    let remote = registry.remote("a");
    let manifest = remote.manifest(&Named::Tag(tag("1"))).await.unwrap_err().to_string();
    assert!(manifest.contains("sent more than the 4194304 bytes that a manifest may have"), "{manifest}");
    let tags = remote.tags().await.unwrap_err().to_string();
    assert!(tags.contains("bytes that a page of a list may have"), "{tags}");
    let referrers = remote.referrers(&Digest::of("x")).await.unwrap_err().to_string();
    assert!(referrers.contains("bytes that a page of a list may have"), "{referrers}");
    let (layer, _) = blob(1000);
    let mut came = Vec::new();
    let blob = remote.pull_blob(&layer, &mut came, &quiet).await.unwrap_err().to_string();
    assert!(blob.contains("expected 1000 bytes, got") && came.len() <= 1000, "{blob}");
}

#[tokio::test]
async fn a_refusal_without_end_is_read_a_little_way() {
    let registry = Registry::before(|_| {
        let mut response = endless(&[]);
        *response.status_mut() = 400.try_into().unwrap();
        Some(response)
    })
    .await;
    let error = registry.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("was answered by 400 Bad Request; the registry does not take this"), "{error}");
}

#[tokio::test]
async fn a_location_that_is_missing_or_nonsense_is_told() {
    for (location, text) in
        [(None, "answered 202 Accepted without `Location`"), (Some("http://[nonsense"), "it is no address")]
    {
        let registry = Registry::before(move |seen| {
            let headers: Vec<_> = location.iter().map(|location| ("location", *location)).collect();
            (seen.method == "POST").then(|| answer(202, &headers, ""))
        })
        .await;
        let (layer, bytes) = blob(10);
        let pushed = registry.remote("a").push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await;
        let error = pushed.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
