//! Lists of tags, and tags that move.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags>.

use tests::Answer;

use crate::content_sets::{Set, Style};
use crate::round_trip::is_pushed;
use crate::server::{REPOSITORY, Registry};
use crate::sets;

async fn list(registry: &Registry, query: &str) -> (Vec<String>, Answer) {
    let answer = registry.get(&format!("/v2/{REPOSITORY}/tags/list{query}")).await.is(200);
    let json = answer.json();
    assert_eq!(json["name"], REPOSITORY);
    (serde_json::from_value(json["tags"].clone()).unwrap(), answer)
}

/// A registry with one image under many tags.
async fn with_tags(tags: &[&str]) -> (Registry, Set) {
    let (registry, set) = (Registry::start().await, Set::of_image(&Style::image()));
    is_pushed(&registry, &set).await;
    for tag in tags {
        registry.put_manifest(REPOSITORY, tag, &set.manifests[0]).await.is(201);
    }
    (registry, set)
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list() {
    let (registry, _) = with_tags(&[]).await;
    assert_eq!(list(&registry, "").await.0, [""; 0]);
}

#[tokio::test]
async fn tags_come_in_ascii_order() {
    let (registry, _) = with_tags(&["b", "B", "10", "9", "_x", "a.1", "a-1", "a"]).await;
    assert_eq!(list(&registry, "").await.0, ["10", "9", "B", "_x", "a", "a-1", "a.1", "b"]);
}

#[tokio::test]
async fn pages_lead_through_all_tags_and_end() {
    let tags: Vec<_> = (0..25).map(|number| format!("tag-{number:02}")).collect();
    let names: Vec<_> = tags.iter().map(String::as_str).collect();
    let (registry, _) = with_tags(&names).await;
    let (mut found, mut path, mut pages) = (Vec::new(), format!("/v2/{REPOSITORY}/tags/list?n=10"), 0);
    loop {
        let answer = registry.get(&path).await.is(200);
        let page: Vec<String> = serde_json::from_value(answer.json()["tags"].clone()).unwrap();
        assert!(page.len() <= 10, "{answer}");
        found.extend(page);
        pages += 1;
        if !answer.headers.contains_key("link") {
            break;
        }
        let (target, relation) = answer.header("link").split_once('>').unwrap();
        assert_eq!(relation.trim(), "; rel=\"next\"");
        target.trim_start_matches('<').clone_into(&mut path);
    }
    assert_eq!((found, pages), (tags, 3));
}

#[tokio::test]
async fn last_need_not_be_a_tag_that_is_there() {
    let (registry, _) = with_tags(&["a", "c"]).await;
    assert_eq!(list(&registry, "?last=b").await.0, ["c"]);
    assert_eq!(list(&registry, "?last=c").await.0, [""; 0]);
    assert_eq!(list(&registry, "?n=1&last=a").await.0, ["c"]);
}

#[tokio::test]
async fn none_wanted_gives_none_and_no_link() {
    let (registry, _) = with_tags(&["a", "b"]).await;
    let (tags, answer) = list(&registry, "?n=0").await;
    assert_eq!(tags, [""; 0]);
    assert!(!answer.headers.contains_key("link"), "{answer}");
}

#[tokio::test]
async fn a_number_that_is_none_is_a_bad_request() {
    let (registry, _) = with_tags(&["a"]).await;
    for number in ["x", "-1", "1.5"] {
        let answer = registry.get(&format!("/v2/{REPOSITORY}/tags/list?n={number}")).await;
        assert_eq!(answer.status, 400, "{answer}");
    }
}

#[tokio::test]
async fn a_tag_moves_and_what_it_left_stays() {
    let (registry, first) = with_tags(&["latest"]).await;
    let second = Set::of_image(&Style::image().tagged("latest"));
    is_pushed(&registry, &second).await;
    let path = format!("/v2/{REPOSITORY}/manifests");
    let answer = registry.get(&format!("{path}/latest")).await.is(200);
    assert_eq!(answer.header("docker-content-digest"), second.manifests[0].digest);
    registry.get(&format!("{path}/{}", first.manifests[0].digest)).await.is(200);
    assert_eq!(list(&registry, "").await.0, ["latest"]);
}

#[tokio::test]
async fn ten_tags_and_more_come_with_one_manifest() {
    let (registry, set) = with_tags(&[]).await;
    let tags: Vec<_> = (0..20).map(|number| format!("t{number:02}")).collect();
    let query: Vec<_> = tags.iter().map(|tag| format!("tag={tag}")).collect();
    let reference = format!("{}?{}", set.manifests[0].digest, query.join("&"));
    let answer = registry.put_manifest(REPOSITORY, &reference, &set.manifests[0]).await.is(201);
    assert_eq!(answer.list("oci-tag"), tags);
    assert_eq!(list(&registry, "").await.0, tags);
}

#[tokio::test]
async fn a_parameter_that_is_no_tag_sets_none_of_them() {
    let (registry, set) = with_tags(&[]).await;
    let reference = format!("{}?tag=good&tag=..%2Fbad", set.manifests[0].digest);
    let answer = registry.put_manifest(REPOSITORY, &reference, &set.manifests[0]).await;
    assert_eq!(answer.status, 400, "{answer}");
    assert_eq!(list(&registry, "").await.0, [""; 0]);
}

#[tokio::test]
async fn the_catalogue_lists_repositories_in_pages() {
    let registry = Registry::start().await;
    let set = sets::image();
    for repository in ["b", "a/b", "a"] {
        for blob in &set.blobs {
            registry.push_blob(repository, blob).await;
        }
        registry.put_manifest(repository, "1", &set.manifests[0]).await.is(201);
    }
    let answer = registry.get("/v2/_catalog?n=2").await.is(200);
    assert_eq!(answer.json(), serde_json::json!({ "repositories": ["a", "a/b"] }));
    assert!(answer.header("link").starts_with("</v2/_catalog?n=2&last=a"), "{answer}");
}
