//! `bedplate copy` between registries: one that lists referrers, and one that knows nothing of them and gets a fallback tag.

use serde_json::{Value, json};
use tests::{Content, Hash, RegistryClient, binary};
use tokio::runtime::Runtime;

use super::sample::Sample;
use super::server::{Guard, Kind, Registry};
use super::tools::must;

const SBOM: &str = "application/spdx+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Puts an image, a referrer of its index, one of an image in it, a referrer of the first referrer, and a signature as a tag.
fn fill(registry: &Registry, sample: &Sample) -> Vec<String> {
    sample.push(registry, "python", "3");
    let (client, runtime) = (RegistryClient::new(registry.address()), Runtime::new().unwrap());
    let empty = Content::new("application/vnd.oci.empty.v1+json", "{}", Hash::Sha256);
    runtime.block_on(client.push_blob("python", &empty));
    let mut digests = Vec::new();
    let mut put = |subject: &str, size: usize, kind: &str, tag: Option<String>| {
        let subject = json!({"mediaType": MANIFEST, "digest": subject, "size": size});
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": SBOM, "annotations": {"is": kind},
            "config": empty.descriptor(), "layers": [empty.descriptor()], "subject": if tag.is_some() { Value::Null } else { subject },
        });
        let mut manifest = manifest;
        if tag.is_some() {
            manifest.as_object_mut().unwrap().remove("subject");
        }
        let manifest = Content::json(MANIFEST, &manifest, Hash::Sha256);
        let reference = tag.unwrap_or_else(|| manifest.digest.clone());
        runtime.block_on(client.put_manifest("python", &reference, &manifest)).is(201);
        digests.push(manifest.digest.clone());
        (manifest.digest, manifest.bytes.len())
    };
    let contents = sample.contents();
    let (first, size) = put(sample.index(), contents.get(sample.index()).len(), "of the index", None);
    put(&first, size, "of the referrer", None);
    put(&sample.manifest(), contents.get(&sample.manifest()).len(), "of an image", None);
    put("", 0, "a signature", Some(signature(sample)));
    digests
}

fn signature(sample: &Sample) -> String {
    format!("{}.sig", sample.index().replace(':', "-"))
}

fn copy(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(binary());
    must(command.args(["copy", "--progress", "none", from, to]).current_dir(folder.path()))
}

/// The descriptors that a fallback tag lists.
fn fallback(registry: &Registry, repository: &str, subject: &str) -> Vec<Value> {
    let index = registry.reader().json(repository, &subject.replace(':', "-"));
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    index["manifests"].as_array().unwrap().clone()
}

#[test]
#[ignore = "needs docker-registry: .ci/run installs it"]
fn copies_with_all_that_refers_to_an_image_through_a_registry_that_knows_no_referrers() {
    let (source, sample, back) = (Registry::start(), Sample::build(), Registry::start());
    let middle = Registry::launch(Kind::DockerRegistry, Guard::Open).expect("docker-registry is not installed");
    let digests = fill(&source, &sample);
    for _ in 0..2 {
        copy(&source.name("python:3"), &middle.name("mirror/python:3"));
    }
    assert_eq!(middle.reader().contents("mirror/python", "3"), sample.contents());
    for (subject, referrer, kind) in [
        (sample.index(), &digests[0], "of the index"),
        (digests[0].as_str(), &digests[1], "of the referrer"),
        (sample.manifest().as_str(), &digests[2], "of an image"),
    ] {
        let listed = fallback(&middle, "mirror/python", subject);
        assert_eq!((listed.len(), &listed[0]["digest"]), (1, &json!(referrer)), "{listed:?}");
        assert_eq!((&listed[0]["artifactType"], &listed[0]["annotations"]["is"]), (&json!(SBOM), &json!(kind)));
    }
    assert_eq!(middle.reader().digest("mirror/python", &signature(&sample)), digests[3]);
    copy(&middle.name("mirror/python:3"), &back.name("python:3"));
    assert_eq!(back.reader().contents("python", "3"), sample.contents());
    assert_eq!(back.reader().referrers("python", sample.index()), source.reader().referrers("python", sample.index()));
    assert_eq!(back.reader().referrers("python", &digests[0])[0]["digest"], json!(digests[1]));
    assert_eq!(back.reader().digest("python", &signature(&sample)), digests[3]);
}

#[test]
#[ignore = "needs zot, where it is on this machine"]
fn copies_with_all_that_refers_to_an_image_to_zot_and_back() {
    let Some(zot) = Registry::launch(Kind::Zot, Guard::Open) else {
        eprintln!("not run: there is no `zot` on this machine");
        return;
    };
    let (source, sample, back) = (Registry::start(), Sample::build(), Registry::start());
    let digests = fill(&source, &sample);
    copy(&source.name("python:3"), &zot.name("mirror/python:3"));
    assert_eq!(zot.reader().contents("mirror/python", "3"), sample.contents());
    assert_eq!(zot.reader().referrers("mirror/python", sample.index())[0]["digest"], json!(digests[0]));
    copy(&zot.name("mirror/python:3"), &back.name("python:3"));
    for (subject, referrer) in [(sample.index(), &digests[0]), (&digests[0], &digests[1])] {
        assert_eq!(back.reader().referrers("python", subject)[0]["digest"], json!(referrer));
    }
}
