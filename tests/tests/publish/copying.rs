//! The real program copies: between registries, layouts and the state folder's registry, with everything that speaks about an image.

use std::path::Path;
use std::process::{Command, Output};

use oci::MEDIA_TYPE_INDEX;
use serde_json::Value;
use worker::Sending;

use tests::binary;

use crate::binary::finish;
use crate::publisher::Publisher;
use crate::target::Target;
use crate::watcher::pull_all;

async fn copy(state: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(["copy", "--format", "json", "--progress", "none"]).args(arguments).arg("--state").arg(state);
    finish(command).await
}

async fn copied(state: &Path, arguments: &[&str]) -> Value {
    let output = copy(state, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn an_image_goes_round_and_comes_back_with_all_that_speaks_about_it() {
    let (publisher, one, other) = (Publisher::new(), Target::start().await, Target::start().await);
    let image = publisher.two()[1].clone();
    let statement = publisher.state_about(&image);
    let index = publisher.store.manifest(&image.repository, &image.index).unwrap().unwrap();
    assert_eq!(index.descriptor.media_type, MEDIA_TYPE_INDEX);
    publisher.send(&one.place("x"), std::slice::from_ref(&image), Sending::All).await;
    let folder = tempfile::tempdir().unwrap();
    let (layout, state) = (format!("oci:{}/layout:3.13", folder.path().display()), folder.path().join("state"));
    let from = format!("{}/python:3.13", one.place("x"));
    let first = copied(&state, &[&from, &layout]).await;
    // Of the index and of each platform four bundles and a tagged signature; and the statement.
    assert_eq!((&first["amounts"]["referrers"], &first["amounts"]["tags"]), (&16.into(), &4.into()), "{first:#}");
    copied(&state, &[&layout, "mirror/python"]).await;
    let to = format!("{}/python", other.place("y"));
    copied(&state, &["mirror/python:3.13", &to]).await;
    let found = pull_all(&other.client).await;
    assert_eq!(found, [("y/python:3.13".to_owned(), image.index.to_string())]);
    let path = format!("/v2/y/python/referrers/{}", image.index);
    let referrers = other.client.get(&path).await.json();
    let listed = referrers["manifests"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["digest"] == statement.digest.to_string()), "{referrers:#}");
    other.heard();
    let again = copied(&state, &["mirror/python:3.13", &to]).await;
    assert_eq!(again["amounts"]["sent"]["blobs"], 0);
    assert_eq!(Target::asked(&other.heard(), "PUT"), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn all_tags_go_where_they_are_wanted_and_what_is_wrong_is_said() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    publisher.state_about(&images[1]);
    let (state, place) = (publisher.state(), format!("{}/python", target.place("z")));
    let dry = copied(&state, &["python", &place, "--all-tags", "--dry-run"]).await;
    assert_eq!(dry["amounts"]["blobs"].as_object().unwrap().len(), 4 + 3 * 6 + 1, "{dry:#}");
    assert_eq!(pull_all(&target.client).await, []);
    let done = copied(&state, &["python", &place, "--all-tags", "--no-referrers"]).await;
    assert_eq!((&done["amounts"]["tags"], &done["amounts"]["referrers"]), (&2.into(), &0.into()), "{done:#}");
    let listed = target.client.get("/v2/z/python/tags/list").await.json();
    assert_eq!(listed["tags"].as_array().unwrap().len(), 2, "{listed}");
    let wrong = format!("{place}@{}", blob::Digest::of("other"));
    for (arguments, message) in [
        (["python:9", &place], "expected a tag or digest that it has"),
        (["python:3.13", &wrong], "the target is to have"),
        (["ruby", &place], "`ruby` is not published in"),
        (["python:3.13", "python:3.13"], "are the same"),
        (["./nowhere", &place], "is no OCI image layout"),
    ] {
        let output = copy(&state, &arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(message), "{arguments:?}: {said}");
    }
}
