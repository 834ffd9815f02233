//! How long and how large things may be.

use serde_json::json;
use tests::{Content, Hash};

use crate::content_sets::{INDEX, Set, Style};
use crate::round_trip::is_pushed;
use crate::server::{REPOSITORY, Registry};
use crate::sets::KIND;

/// The largest manifest that everybody should expect to work.
const FOUR_MEBIBYTES: usize = 4 * 1024 * 1024;

/// An index of exactly so many bytes.
fn index_of(size: usize) -> Content {
    let value =
        |text: String| json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": { "x": text } });
    let rest = size - value(String::new()).to_string().len();
    let index = Content::json(INDEX, &value("x".repeat(rest)), Hash::Sha256);
    assert_eq!(index.bytes.len(), size);
    index
}

#[tokio::test]
async fn a_manifest_of_four_mebibytes_is_taken_and_one_byte_more_is_not() {
    let registry = Registry::start().await;
    let path = format!("/v2/{REPOSITORY}/manifests/large");
    let index = index_of(FOUR_MEBIBYTES);
    registry.put_manifest(REPOSITORY, "large", &index).await.is(201);
    assert!(registry.get(&path).await.is(200).bytes == index.bytes);
    registry.put_manifest(REPOSITORY, "large", &index_of(FOUR_MEBIBYTES + 1)).await.is_refusal(413, "SIZE_INVALID");
    assert!(registry.get(&path).await.is(200).bytes == index.bytes);
}

#[tokio::test]
async fn more_referrers_than_fit_into_one_manifest_come_in_pages() {
    let registry = Registry::start().await;
    let mut image = Set::default();
    let subject = image.add_image(&Style::image(), "amd64");
    let mut wanted = Vec::new();
    for number in 0..60 {
        let annotations = json!({ "large": "x".repeat(100_000), "number": number.to_string() });
        let set = Set::of_image(&Style { annotations, ..Style::artifact(KIND) }.about(&subject));
        is_pushed(&registry, &set).await;
        wanted.push(set.manifests[0].digest.clone());
    }
    let start = format!("/v2/{REPOSITORY}/referrers/{}", subject["digest"].as_str().unwrap());
    for query in [String::new(), format!("?artifactType={KIND}")] {
        let (mut path, mut found, mut pages) = (format!("{start}{query}"), Vec::new(), 0);
        loop {
            let answer = registry.get(&path).await.is(200);
            assert!(answer.bytes.len() <= FOUR_MEBIBYTES, "{} bytes", answer.bytes.len());
            assert_eq!(answer.headers.contains_key("oci-filters-applied"), !query.is_empty());
            found.extend(answer.json()["manifests"].as_array().unwrap().clone());
            pages += 1;
            let Some(link) = answer.headers.get("link") else { break };
            let (target, relation) = link.to_str().unwrap().split_once('>').unwrap();
            assert_eq!(relation, "; rel=\"next\"");
            target.trim_start_matches('<').clone_into(&mut path);
        }
        let mut found: Vec<_> = found.iter().map(|one| one["digest"].as_str().unwrap().to_owned()).collect();
        found.sort();
        wanted.sort();
        assert!(found == wanted && pages > 1, "{} in {pages} pages", found.len());
    }
}

#[tokio::test]
async fn a_repository_may_have_a_long_name_of_many_words() {
    let registry = Registry::start().await;
    let set = Set::of_image(&Style::image());
    for name in ["a".repeat(255), "a/".repeat(63) + "a", format!("{}/{}", "b".repeat(200), "c".repeat(52))] {
        for blob in &set.blobs {
            registry.push_blob(&name, blob).await;
        }
        registry.put_manifest(&name, "1", &set.manifests[0]).await.is(201);
        registry.get(&format!("/v2/{name}/manifests/1")).await.is(200);
        let list = registry.get(&format!("/v2/{name}/tags/list")).await.is(200);
        assert_eq!(list.json(), json!({ "name": name, "tags": ["1"] }));
        let catalog = registry.get("/v2/_catalog").await.is(200);
        assert!(catalog.json()["repositories"].as_array().unwrap().contains(&json!(name)), "{catalog}");
    }
}

#[tokio::test]
async fn a_name_that_no_folder_can_have_is_refused_when_something_is_pushed() {
    let registry = Registry::start().await;
    let name = "a/".repeat(127) + "a";
    registry.ask("POST", &format!("/v2/{name}/blobs/uploads/"), &[], "").await.is_refusal(400, "NAME_INVALID");
    registry.put_manifest(&name, "1", &index_of(1000)).await.is_refusal(400, "NAME_INVALID");
    registry.get(&format!("/v2/{name}/tags/list")).await.is_refusal(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn a_name_that_is_too_long_or_none_is_refused() {
    let registry = Registry::start().await;
    for name in [
        "a".repeat(256),
        "a/".repeat(128) + "a",
        "A".to_owned(),
        "a..b".to_owned(),
        "a-".to_owned(),
        "a___b".to_owned(),
    ] {
        let path = format!("/v2/{name}/blobs/uploads/");
        registry.ask("POST", &path, &[], "").await.is_refusal(400, "NAME_INVALID");
        registry.get(&format!("/v2/{name}/tags/list")).await.is_refusal(400, "NAME_INVALID");
    }
}

#[tokio::test]
async fn more_tags_in_one_push_than_are_taken_set_none() {
    let registry = Registry::start().await;
    let set = Set::of_image(&Style::image());
    is_pushed(&registry, &set).await;
    let query: Vec<_> = (0..200).map(|number| format!("tag=t{number}")).collect();
    let reference = format!("{}?{}", set.manifests[0].digest, query.join("&"));
    registry.put_manifest(REPOSITORY, &reference, &set.manifests[0]).await.is(414);
    let list = registry.get(&format!("/v2/{REPOSITORY}/tags/list")).await.is(200);
    assert_eq!(list.json()["tags"], json!([]));
}
