//! Manifests of Docker, of older drafts, and of types that nobody knows: kept as they came.

use serde_json::{Value, json};
use tests::{Content, Hash};

use crate::round_trip::goes_round;
use crate::server::{REPOSITORY, Registry};

/// What a manifest is pushed with: blobs and the manifest, tagged.
fn set(blobs: Vec<Content>, manifests: Vec<Content>) -> crate::content_sets::Set {
    let tags = vec![("latest".to_owned(), manifests.last().unwrap().digest.clone())];
    crate::content_sets::Set { blobs, manifests, tags, ..Default::default() }
}

fn docker_image() -> (Vec<Content>, Content) {
    let config =
        Content::json("application/vnd.docker.container.image.v1+json", &json!({ "os": "linux" }), Hash::Sha256);
    let layer = Content::new("application/vnd.docker.image.rootfs.diff.tar.gzip", tests::noise(500), Hash::Sha256);
    let media_type = "application/vnd.docker.distribution.manifest.v2+json";
    let layers = [layer.descriptor()];
    let value = json!({ "schemaVersion": 2, "mediaType": media_type, "config": config.descriptor(), "layers": layers });
    (vec![config, layer], Content::json(media_type, &value, Hash::Sha256))
}

#[tokio::test]
async fn an_image_of_docker() {
    let (blobs, manifest) = docker_image();
    goes_round(&set(blobs, vec![manifest])).await;
}

#[tokio::test]
async fn a_list_of_docker() {
    let (blobs, manifest) = docker_image();
    let media_type = "application/vnd.docker.distribution.manifest.list.v2+json";
    let mut entry = manifest.descriptor();
    entry["platform"] = json!({ "architecture": "amd64", "os": "linux", "os.features": ["x"], "unknown": 1 });
    let list = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": [entry] });
    goes_round(&set(blobs, vec![manifest, Content::json(media_type, &list, Hash::Sha256)])).await;
}

#[tokio::test]
async fn a_type_that_nobody_knows() {
    let media_type = "application/vnd.example.fridge.v7+json";
    let value = json!({ "mediaType": media_type, "shelves": [{ "milk": 1.5 }], "door": null });
    goes_round(&set(Vec::new(), vec![Content::json(media_type, &value, Hash::Sha256)])).await;
}

#[tokio::test]
async fn an_artifact_manifest_of_the_draft_is_a_referrer_with_its_type() {
    let registry = Registry::start().await;
    let blob = Content::noise(100, Hash::Sha256);
    registry.push_blob(REPOSITORY, &blob).await;
    let (media_type, kind) = ("application/vnd.oci.artifact.manifest.v1+json", "application/vnd.example.sbom");
    let (_, subject) = docker_image();
    let value: Value = json!({ "mediaType": media_type, "artifactType": kind, "blobs": [blob.descriptor()],
        "subject": subject.descriptor(), "annotations": { "a": "b" } });
    let artifact = Content::json(media_type, &value, Hash::Sha256);
    let answer = registry.put_manifest(REPOSITORY, &artifact.digest, &artifact).await.is(201);
    assert_eq!(answer.header("oci-subject"), subject.digest);
    let list =
        registry.get(&format!("/v2/{REPOSITORY}/referrers/{}?artifactType={kind}", subject.digest)).await.is(200);
    let mut entry = artifact.descriptor();
    entry["artifactType"] = kind.into();
    entry["annotations"] = json!({ "a": "b" });
    assert_eq!(list.json()["manifests"], json!([entry]));
}

#[tokio::test]
async fn bytes_are_kept_as_they_came_whatever_their_order_and_white_space() {
    let registry = Registry::start().await;
    let media_type = "application/vnd.oci.image.index.v1+json";
    for text in [
        " {\"manifests\" : [ ],\r\n\t\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"schemaVersion\":2}\n\n",
        "{\"schemaVersion\":2,\"manifests\":[],\"x\":\"\\u00e9\\ud83d\\ude00 é\",\"y\":1e400,\"z\":{\"a\":1,\"a\":2}}",
    ] {
        let index = Content::new(media_type, text, Hash::Sha256);
        let answer = registry.put_manifest(REPOSITORY, "x", &index).await;
        if answer.status == 201 {
            let served = registry.get(&format!("/v2/{REPOSITORY}/manifests/x")).await.is(200);
            assert!(served.bytes == index.bytes, "{served}");
        } else {
            answer.is_refusal(400, "MANIFEST_INVALID");
        }
    }
}
