//! Tags that move only if they are where the writer saw them.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110#section-13>.

use tests::{Answer, Content};

use crate::content_sets::{Set, Style};
use crate::round_trip::is_pushed;
use crate::server::{REPOSITORY, Registry};

async fn put(registry: &Registry, manifest: &Content, header: &str, value: &str) -> Answer {
    let headers = [("content-type", manifest.media_type.as_str()), (header, value)];
    registry.ask("PUT", &format!("/v2/{REPOSITORY}/manifests/latest"), &headers, manifest.bytes.clone()).await
}

async fn with_two_images() -> (Registry, Content, Content) {
    let registry = Registry::start().await;
    let [one, two] = [(); 2].map(|()| Set::of_image(&Style::image()));
    is_pushed(&registry, &one).await;
    is_pushed(&registry, &two).await;
    (registry, one.manifests[0].clone(), two.manifests[0].clone())
}

#[tokio::test]
async fn a_tag_is_made_only_where_it_is_not_there() {
    let (registry, one, two) = with_two_images().await;
    put(&registry, &one, "if-none-match", "*").await.is(201);
    put(&registry, &two, "if-none-match", "*").await.is(412);
    let answer = registry.get(&format!("/v2/{REPOSITORY}/manifests/latest")).await.is(200);
    assert_eq!(answer.header("docker-content-digest"), one.digest);
}

#[tokio::test]
async fn a_tag_moves_only_from_where_it_was_seen() {
    let (registry, one, two) = with_two_images().await;
    let tag = |content: &Content| format!("\"{}\"", content.digest);
    put(&registry, &one, "if-match", &tag(&one)).await.is(412);
    registry.put_manifest(REPOSITORY, "latest", &one).await.is(201);
    put(&registry, &two, "if-match", &tag(&two)).await.is(412);
    put(&registry, &two, "if-match", &tag(&one)).await.is(201);
    put(&registry, &one, "if-match", &tag(&one)).await.is(412);
    put(&registry, &one, "if-match", "*").await.is(201);
}
