//! skopeo and podman under a policy that refuses everything but ours, with the files that `bedplate keys export` writes.
//!
//! In: a factory whose images have a public name of their own, and a second registry that it publishes to: their mirror. Out: what is
//! pulled, and what is refused with which words.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::SKOPEO;
use super::factory::Factory;
use super::hand::Hand;
use crate::registry::podman::Podman;
use crate::registry::{Registry, Tool};

/// How long the mirror may lack the image.
const PATIENCE: Duration = Duration::from_mins(1);

/// Puts the exported files, or those of another key, where skopeo and podman look in a home.
fn configure(home: &Path, exported: &Path) {
    let folder = home.join(".config/containers");
    fs::create_dir_all(folder.join("registries.d")).unwrap();
    fs::copy(exported.join("containers-policy.json"), folder.join("policy.json")).unwrap();
    fs::copy(exported.join("registries.d.yaml"), folder.join("registries.d/bedplate.yaml")).unwrap();
}

/// Says that images of `name` are really fetched from `mirror`.
fn mirrored(home: &Path, name: &str, mirror: &str) {
    let text = format!(
        "[[registry]]\nprefix = {name:?}\nlocation = {name:?}\n[[registry.mirror]]\nlocation = {mirror:?}\ninsecure = true\n"
    );
    fs::write(home.join(".config/containers/registries.conf"), text).unwrap();
}

/// The factory is ready before other registries have everything.
fn until_published(registry: &Registry, repository: &str, tag: &str) {
    let (reader, begin) = (registry.reader(), Instant::now());
    while reader.get(&format!("{repository}/manifests/{tag}")).status != 200 {
        assert!(begin.elapsed() < PATIENCE, "nothing was published to the mirror");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn copy(image: &str) -> Vec<String> {
    let image = format!("docker://{image}");
    ["copy", "--remove-signatures", "--src-tls-verify=false", &image, "oci:copied:1"].map(str::to_owned).to_vec()
}

fn pulled(skopeo: &Tool, image: &str) -> String {
    skopeo.run(&copy(image).iter().map(String::as_str).collect::<Vec<_>>())
}

fn refused(skopeo: &Tool, image: &str) -> String {
    skopeo.fail(&copy(image).iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
#[ignore = "needs the built binary and a newer skopeo: tests/tools.sh brings it"]
fn skopeo_takes_our_images_and_refuses_all_others() {
    let Some(skopeo) = Tool::newer(SKOPEO) else { return };
    let factory = Factory::start("static", "");
    let exported = factory.export("containers");
    configure(skopeo.home(), &exported);
    pulled(&skopeo, &factory.name("static:latest"));
    for digest in factory.digests("static", "latest") {
        pulled(&skopeo, &factory.name(&format!("static@{digest}")));
    }
    skopeo.run(&[
        "copy",
        "--all",
        "--src-tls-verify=false",
        &format!("docker://{}", factory.name("static:latest")),
        "dir:all",
    ]);
    let hand = Hand::new(factory.address());
    hand.image("unsigned", "1", "unsigned");
    let said = refused(&skopeo, &factory.name("unsigned:1"));
    assert!(said.contains("no signature exists"), "{said}");
    let evil = hand.image("evil", "1", "evil");
    hand.classic("evil", "evil", &evil, &evil.digest);
    let said = refused(&skopeo, &factory.name("evil:1"));
    assert!(said.contains("invalid signature"), "{said}");
    let elsewhere = Registry::start();
    Hand::new(elsewhere.address()).image("static", "1", "static");
    let said = refused(&skopeo, &elsewhere.name("static:1"));
    assert!(said.contains("is rejected by policy"), "{said}");
    another_key_is_none_of_ours(&skopeo, &factory, &exported);
}

/// The same policy with the keys of another factory.
fn another_key_is_none_of_ours(skopeo: &Tool, factory: &Factory, exported: &Path) {
    let of = |folder: &Path| fs::read_to_string(folder.join("containers-policy.json")).unwrap();
    let key = |text: &str| {
        let policy: serde_json::Value = serde_json::from_str(text).unwrap();
        let rules = policy["transports"]["docker"].as_object().unwrap().values().next().unwrap().clone();
        rules[0]["keyData"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (of(exported), of(&Factory::start("static", "").export("containers")));
    let changed = ours.replace(&key(&ours), &key(&theirs));
    fs::write(skopeo.home().join(".config/containers/policy.json"), changed).unwrap();
    let said = refused(skopeo, &factory.name("static:latest"));
    assert!(said.contains("invalid signature"), "{said}");
}

/// The images are signed under their public name, and fetched from a mirror.
#[test]
#[ignore = "needs the built binary, a newer skopeo and podman: tests/tools.sh brings them"]
fn skopeo_and_podman_take_images_of_a_mirror_by_their_public_name() {
    let mirror = Registry::start();
    let settings =
        format!("signing: {{name: images.example/team}}\npublish: [{{to: '{}/copies'}}]\n", mirror.address());
    let factory = Factory::start("static", &settings);
    until_published(&mirror, "copies/static", "latest");
    let (exported, name) = (factory.export("containers"), "images.example/team/static:latest");
    let fetched_from = mirror.name("copies");
    if let Some(skopeo) = Tool::newer(SKOPEO) {
        configure(skopeo.home(), &exported);
        mirrored(skopeo.home(), "images.example/team", &fetched_from);
        pulled(&skopeo, name);
        Hand::new(mirror.address()).image("copies/unsigned", "latest", "unsigned");
        let said = refused(&skopeo, "images.example/team/unsigned:latest");
        assert!(said.contains("no signature exists"), "{said}");
        let said = refused(&skopeo, &mirror.name("copies/static:latest"));
        assert!(said.contains("is rejected by policy"), "no rule speaks about the mirror's own name: {said}");
    }
    if let Some(podman) = Podman::newer() {
        configure(podman.home(), &exported);
        mirrored(podman.home(), "images.example/team", &fetched_from);
        podman.run(&["pull", name]);
        let output = podman.command(&["pull", "images.example/team/unsigned:latest"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("no signature exists"), "{said}");
    }
}
