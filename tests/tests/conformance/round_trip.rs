//! A set is pushed, listed, looked at, pulled and deleted, as the suite does with each of its sets.
//!
//! In: a registry and a [`Set`]. Out: nothing, or a test that stops where an answer is not as the specification wants it.

use tests::{Answer, Content};

use crate::content_sets::Set;
use crate::server::{REPOSITORY, Registry};

/// Everything in turn, on a registry of its own.
pub(crate) async fn goes_round(set: &Set) {
    goes_round_on(&Registry::start().await, set).await;
}

/// Everything in turn.
pub(crate) async fn goes_round_on(registry: &Registry, set: &Set) {
    is_pushed(registry, set).await;
    is_listed(registry, set).await;
    is_pulled(registry, set).await;
    are_deleted(registry, std::slice::from_ref(set)).await;
}

/// Blobs, manifests by digest, tags.
pub(crate) async fn is_pushed(registry: &Registry, set: &Set) {
    for blob in &set.blobs {
        registry.push_blob(REPOSITORY, blob).await;
    }
    for manifest in &set.manifests {
        let tags = set.tags.iter().filter(|(_, digest)| *digest == manifest.digest && set.tags_by_parameter);
        let tags: Vec<_> = tags.map(|(tag, _)| tag.clone()).collect();
        let query: Vec<_> = tags.iter().map(|tag| format!("tag={tag}")).collect();
        let reference = format!("{}?{}", manifest.digest, query.join("&"));
        let answer = is_put(registry, set, manifest, reference.trim_end_matches('?')).await;
        let named = answer.list("oci-tag");
        assert!(tags.iter().all(|tag| named.contains(tag)), "{tags:?}: {answer}");
    }
    for (tag, digest) in set.tags.iter().filter(|_| !set.tags_by_parameter) {
        let manifest = set.manifests.iter().find(|manifest| manifest.digest == *digest).unwrap();
        is_put(registry, set, manifest, tag).await;
    }
}

/// One manifest: created, at a location that gives the same bytes, and its subject is named.
async fn is_put(registry: &Registry, set: &Set, manifest: &Content, reference: &str) -> Answer {
    let answer = registry.put_manifest(REPOSITORY, reference, manifest).await.is(201);
    assert_eq!(answer.header("docker-content-digest"), manifest.digest, "{answer}");
    is_manifest(&registry.get(&answer.location()).await, manifest);
    let subject = set.referrers.iter().find(|(_, entry)| entry["digest"] == manifest.digest);
    let named = answer.headers.get("oci-subject").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(named, subject.map(|(subject, _)| subject.clone()), "{answer}");
    answer
}

fn is_manifest(answer: &Answer, manifest: &Content) {
    is_about(answer, manifest);
    assert!(answer.bytes == manifest.bytes, "{answer}");
}

/// The status and the headers of a manifest that is there.
fn is_about(answer: &Answer, manifest: &Content) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), manifest.media_type, "{answer}");
    assert_eq!(answer.header("content-length"), manifest.bytes.len().to_string(), "{answer}");
    assert_eq!(answer.header("docker-content-digest"), manifest.digest, "{answer}");
}

/// All tags, sorted; and those after one in the middle.
pub(crate) async fn is_listed(registry: &Registry, set: &Set) {
    let path = format!("/v2/{REPOSITORY}/tags/list");
    let list = |answer: Answer| -> Vec<String> { serde_json::from_value(answer.json()["tags"].clone()).unwrap() };
    let all = list(registry.get(&path).await.is(200));
    assert!(all.is_sorted(), "{all:?}");
    assert!(set.tags.iter().all(|(tag, _)| all.contains(tag)), "{all:?}");
    if let Some(last) = (all.len() / 2).checked_sub(1) {
        let rest = list(registry.get(&format!("{path}?last={}", all[last])).await.is(200));
        assert_eq!(rest, all[last + 1..]);
    }
}

/// Manifests by tag and digest, blobs, referrers; each also by HEAD.
pub(crate) async fn is_pulled(registry: &Registry, set: &Set) {
    for (tag, digest) in &set.tags {
        let manifest = set.manifests.iter().find(|manifest| manifest.digest == *digest).unwrap();
        has_manifest(registry, tag, manifest).await;
    }
    for manifest in &set.manifests {
        has_manifest(registry, &manifest.digest, manifest).await;
    }
    for blob in &set.blobs {
        registry.has_blob(REPOSITORY, blob).await;
    }
    for (subject, entry) in &set.referrers {
        let path = format!("/v2/{REPOSITORY}/referrers/{subject}");
        let all = registry.get(&path).await.is(200);
        assert_eq!(all.header("content-type"), crate::content_sets::INDEX, "{all}");
        assert!(all.json()["manifests"].as_array().unwrap().contains(entry), "{entry}: {all}");
        let Some(kind) = entry["artifactType"].as_str() else { continue };
        let some = registry.get(&format!("{path}?artifactType={}", kind.replace('+', "%2B"))).await.is(200);
        assert_eq!(some.list("oci-filters-applied"), ["artifactType"], "{some}");
        let json = some.json();
        let some = json["manifests"].as_array().unwrap();
        assert!(some.contains(entry) && some.iter().all(|one| one["artifactType"] == kind), "{some:?}");
    }
}

async fn has_manifest(registry: &Registry, reference: &str, manifest: &Content) {
    let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
    is_manifest(&registry.get(&path).await, manifest);
    let head = registry.head(&path).await;
    assert!(head.bytes.is_empty(), "{head}");
    is_about(&head, manifest);
}

/// Tags, then manifests from the last to the first, then blobs; each is gone at once. Sets may share what they need.
pub(crate) async fn are_deleted(registry: &Registry, sets: &[Set]) {
    let removed =
        async |kind: &str, reference: &str| is_removed(registry, &format!("/v2/{REPOSITORY}/{kind}/{reference}")).await;
    for (tag, _) in sets.iter().flat_map(|set| &set.tags) {
        removed("manifests", tag).await;
    }
    for manifest in sets.iter().flat_map(|set| set.manifests.iter().rev()) {
        removed("manifests", &manifest.digest).await;
    }
    for blob in sets.iter().flat_map(|set| &set.blobs) {
        removed("blobs", &blob.digest).await;
    }
    for (subject, entry) in sets.iter().flat_map(|set| &set.referrers) {
        let left = registry.get(&format!("/v2/{REPOSITORY}/referrers/{subject}")).await.is(200);
        assert!(!left.json()["manifests"].as_array().unwrap().contains(entry), "{left}");
    }
}

/// Deleted now, or before, because sets share blobs.
async fn is_removed(registry: &Registry, path: &str) {
    let there = registry.head(path).await.status == 200;
    registry.delete(path).await.is(if there { 202 } else { 404 });
    registry.head(path).await.is(404);
    registry.get(path).await.is(404);
}
