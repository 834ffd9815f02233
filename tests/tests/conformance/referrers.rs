//! What speaks about a digest, in whatever order it came and whatever goes.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers>.

use serde_json::{Value, json};
use tests::{Hash, noise};

use crate::content_sets::{IMAGE, Set, Style};
use crate::round_trip::is_pushed;
use crate::server::{OTHER, REPOSITORY, Registry};
use crate::sets::{KIND, OTHER_KIND};

async fn digests(registry: &Registry, repository: &str, subject: &Value, query: &str) -> Vec<String> {
    let subject = subject["digest"].as_str().unwrap();
    let answer = registry.get(&format!("/v2/{repository}/referrers/{subject}{query}")).await.is(200);
    let entries = answer.json()["manifests"].as_array().unwrap().clone();
    entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect()
}

fn unknown(hash: Hash) -> Value {
    json!({ "mediaType": IMAGE, "digest": hash.digest(&noise(8)), "size": 8 })
}

#[tokio::test]
async fn a_referrer_that_comes_first_is_listed_before_and_after_its_subject_came() {
    let registry = Registry::start().await;
    let mut image = Set::default();
    let subject = image.add_image(&Style::image(), "amd64");
    let referrer = Set::of_image(&Style::artifact(KIND).about(&subject));
    is_pushed(&registry, &referrer).await;
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await, [referrer.manifests[0].digest.clone()]);
    is_pushed(&registry, &image).await;
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await, [referrer.manifests[0].digest.clone()]);
}

#[tokio::test]
async fn the_filter_takes_the_kind_that_is_wanted_and_says_so() {
    let registry = Registry::start().await;
    let subject = unknown(Hash::Sha256);
    let kinds = [KIND, KIND, OTHER_KIND].map(|kind| Set::of_image(&Style::artifact(kind).about(&subject)));
    for set in &kinds {
        is_pushed(&registry, set).await;
    }
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await.len(), 3);
    let query = format!("?artifactType={}", OTHER_KIND.replace('/', "%2F"));
    assert_eq!(digests(&registry, REPOSITORY, &subject, &query).await, [kinds[2].manifests[0].digest.clone()]);
    assert_eq!(digests(&registry, REPOSITORY, &subject, "?artifactType=none/none").await, [""; 0]);
    let path = format!("/v2/{REPOSITORY}/referrers/{}", subject["digest"].as_str().unwrap());
    let plain = registry.get(&path).await;
    assert!(!plain.headers.contains_key("oci-filters-applied"), "{plain}");
}

#[tokio::test]
async fn a_subject_named_by_sha512_has_referrers_too() {
    let registry = Registry::start().await;
    let subject = unknown(Hash::Sha512);
    let referrer = Set::of_image(&Style::artifact(KIND).about(&subject));
    is_pushed(&registry, &referrer).await;
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await, [referrer.manifests[0].digest.clone()]);
}

#[tokio::test]
async fn referrers_are_those_of_one_repository() {
    let registry = Registry::start().await;
    let subject = unknown(Hash::Sha256);
    is_pushed(&registry, &Set::of_image(&Style::artifact(KIND).about(&subject))).await;
    assert_eq!(digests(&registry, OTHER, &subject, "").await, [""; 0]);
}

#[tokio::test]
async fn a_deleted_referrer_is_not_listed_and_a_deleted_subject_keeps_its_list() {
    let registry = Registry::start().await;
    let mut image = Set::default();
    let subject = image.add_image(&Style::image(), "amd64");
    is_pushed(&registry, &image).await;
    let sets = [KIND, OTHER_KIND].map(|kind| Set::of_image(&Style::artifact(kind).about(&subject)));
    for set in &sets {
        is_pushed(&registry, set).await;
    }
    registry.delete(&format!("/v2/{REPOSITORY}/manifests/{}", sets[0].manifests[0].digest)).await.is(202);
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await, [sets[1].manifests[0].digest.clone()]);
    registry.delete(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifests[0].digest)).await.is(202);
    assert_eq!(digests(&registry, REPOSITORY, &subject, "").await, [sets[1].manifests[0].digest.clone()]);
}
