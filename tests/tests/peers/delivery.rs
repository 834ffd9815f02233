//! What `bedplate up` builds goes to other registries too: those of the settings, after each wave.

use std::fs::{self, File};
use std::io::Write;

use serde_json::Value;
use tests::RegistryUnderTest;

use crate::binary::{Place, error_of};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn a_wave_ends_in_every_registry_of_the_settings_and_one_that_is_away_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let target = RegistryUnderTest::start(&folder.path().join("target")).await;
    let place = Place::of(&["amd64"]);
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = nowhere.local_addr().unwrap();
    drop(nowhere);
    let mut settings = File::options().append(true).open(place.folder().join("settings.yaml")).unwrap();
    writeln!(settings, "publish:\n  - to: {away}\n  - to: {}/team\n    tags: ['3.*']", target.address()).unwrap();
    let mut command = place.up(&place.state());
    command.args(["--format", "json"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(3), "part of it failed: {}", error_of(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let results: Vec<(&str, &str)> =
        report["sent"].as_array().unwrap().iter().map(|one| (text(&one["target"]), text(&one["result"]))).collect();
    assert_eq!(results, [(&*away.to_string(), "failed"), (&*format!("{}/team", target.address()), "published")]);
    assert_eq!(report["sent"][0]["whose"], "upstream");
    let tags = target.get("/v2/team/python/tags/list").await.is(200).json();
    let tags: Vec<&str> = tags["tags"].as_array().unwrap().iter().map(text).collect();
    assert!(tags.contains(&"3.13") && !tags.contains(&"latest"), "{tags:?}");
    let published = fs::read(place.state().join("publications/python.json")).unwrap();
    let published: Value = serde_json::from_slice(&published).unwrap();
    let there = target.head("/v2/team/python/manifests/3.13").await.is(200);
    assert_eq!(there.header("docker-content-digest"), text(&published["index"]));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
