//! Looks at a registry all the time, as people do who pull: each tag that is listed must be pullable down to its last byte.
//!
//! In: a client. Out: how often it looked, and what it found missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use signing::{COSIGN_SIGNATURE, CYCLONEDX, PROVENANCE, SPDX};
use tests::{Hash, RegistryClient};
use tokio::task::JoinHandle;

const ACCEPT: [(&str, &str); 1] =
    [("accept", "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json")];

/// Somebody who looks.
pub(crate) struct Watcher {
    stop: Arc<AtomicBool>,
    task: JoinHandle<usize>,
}

impl Watcher {
    pub(crate) fn start(client: &RegistryClient) -> Self {
        let (client, stop) = (client.clone(), Arc::new(AtomicBool::new(false)));
        let until = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut looks = 0;
            while !until.load(Ordering::SeqCst) {
                looks += pull_all(&client).await.len();
            }
            looks
        });
        Self { stop, task }
    }

    /// How many tags it pulled; it fails where one could not be.
    pub(crate) async fn stop(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

/// Pulls everything that is tagged: `repository:tag` and the digest there.
pub(crate) async fn pull_all(client: &RegistryClient) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let catalog = client.get("/v2/_catalog").await.is(200).json();
    for repository in strings(&catalog["repositories"]) {
        let list = client.get(&format!("/v2/{repository}/tags/list")).await;
        for tag in strings(&list.json()["tags"]) {
            let digest = pull(client, &repository, &tag).await;
            // The tags of signatures are no images.
            if !tag.starts_with("sha256-") {
                signed(client, &repository, &digest).await;
                found.push((format!("{repository}:{tag}"), digest));
            }
        }
    }
    found
}

/// Pulls one manifest and all that it names, and says which digest it has.
async fn pull(client: &RegistryClient, repository: &str, reference: &str) -> String {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let manifest = client.ask("GET", &path, &ACCEPT, "").await.is(200);
    let digest = Hash::Sha256.digest(&manifest.bytes);
    assert_eq!(manifest.header("docker-content-digest"), digest, "{path}");
    let document = manifest.json();
    for child in document["manifests"].as_array().into_iter().flatten() {
        let child = child["digest"].as_str().unwrap();
        assert_eq!(Box::pin(pull(client, repository, child)).await, child);
    }
    let layers = document["layers"].as_array().into_iter().flatten();
    for blob in layers.chain(document.get("config")) {
        let digest = blob["digest"].as_str().unwrap();
        let answer = client.get(&format!("/v2/{repository}/blobs/{digest}")).await.is(200);
        assert_eq!(Hash::Sha256.digest(&answer.bytes), digest);
    }
    digest
}

/// Whoever sees the tag can verify what it leads to: both forms of the signature, and the statements, of the index and of each platform.
async fn signed(client: &RegistryClient, repository: &str, digest: &str) {
    let manifest = client.ask("GET", &format!("/v2/{repository}/manifests/{digest}"), &ACCEPT, "").await.is(200).json();
    for child in manifest["manifests"].as_array().into_iter().flatten() {
        Box::pin(signed(client, repository, child["digest"].as_str().unwrap())).await;
    }
    let classic = format!("/v2/{repository}/manifests/{}.sig", digest.replace(':', "-"));
    client.ask("GET", &classic, &ACCEPT, "").await.is(200);
    let referrers = client.get(&format!("/v2/{repository}/referrers/{digest}")).await.is(200).json();
    let types: Vec<&Value> = referrers["manifests"].as_array().unwrap().iter().map(predicate_type).collect();
    for wanted in [COSIGN_SIGNATURE, SPDX, CYCLONEDX, PROVENANCE] {
        assert_eq!(types.iter().filter(|found| ***found == *wanted).count(), 1, "{wanted}: {referrers:#}");
    }
}

fn predicate_type(referrer: &Value) -> &Value {
    &referrer["annotations"]["dev.sigstore.bundle.predicateType"]
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
}
