//! The real program collects garbage: what nobody needs goes, also while a factory works in the state folder, and what is published stays.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use tests::binary;

use crate::publisher::{Publisher, layer};

const DAY: Duration = Duration::from_hours(24);
/// An index, two manifests, their configurations and layer; for each of the three four bundles with their referrers, and `{}` once; and for
/// each of the three a classic signature: manifest, configuration and payload.
const FORGOTTEN: usize = 6 + 3 * 8 + 1 + 3 * 3;

fn collect(publisher: &Publisher, arguments: &[&str]) -> Value {
    let mut command = Command::new(binary());
    command.args(["gc", "--format", "json"]).args(arguments).arg("--state").arg(publisher.state());
    let output = command.current_dir(publisher.state()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All manifests and blobs of a repository become so old.
fn grow_old(publisher: &Publisher, repository: &str, age: Duration) {
    let folder = publisher.store.layout_path(&repository.parse().unwrap()).join("blobs/sha256");
    for path in worker::list(&folder).unwrap() {
        File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn what_lost_its_tag_long_ago_goes_and_what_is_tagged_stays() {
    let publisher = Publisher::new();
    let python = publisher.two()[1].clone();
    let about = publisher.state_about(&python);
    let forgotten = publisher.publish("old", "1", &[layer("old")]);
    for tag in ["latest", "1"] {
        let tag = tag.parse().unwrap();
        publisher.store.remove_tag(&forgotten.repository, &tag).unwrap();
    }
    for name in ["base", "python", "old"] {
        grow_old(&publisher, name, 40 * DAY);
    }
    let blobs = |value: &Value| -> usize {
        let repositories = value["repositories"].as_array().unwrap();
        repositories.iter().map(|one| one["blobs"].as_array().unwrap().len()).sum()
    };
    assert_eq!(blobs(&collect(&publisher, &["--older-than", "50d"])), 0);
    let dry = collect(&publisher, &["--dry-run"]);
    assert_eq!((blobs(&dry), &dry["dry-run"]), (FORGOTTEN, &true.into()), "{dry:#}");
    assert!(dry["caches"].is_array());
    let held = worker::State::open(&publisher.state()).unwrap();
    let collected = collect(&publisher, &[]);
    drop(held);
    assert_eq!(
        (blobs(&collected), &collected["caches"]),
        (FORGOTTEN, &Value::Null),
        "the caches belong to whoever holds the folder"
    );
    assert_eq!(blobs(&collect(&publisher, &[])), 0);
    let has = |image: &worker::ImageTags, digest: &blob::Digest| publisher.store.has_blob(&image.repository, digest);
    assert!(!has(&forgotten, &forgotten.index));
    assert!(
        has(&python, &python.index) && has(&python, &about.digest) && has(&python, &blob::Digest::of(layer("python")))
    );
}
