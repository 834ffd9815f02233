//! Images to push: small, and no two alike.
//!
//! In: nothing, or a size. Out: an [`Image`], and whether a registry took it.

use tests::{Content, Hash, RegistryClient};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A manifest with its blobs.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) config: Content,
    pub(crate) layers: Vec<Content>,
    pub(crate) manifest: Content,
}

impl Image {
    /// One layer of so many bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self::of(vec![Content::new(LAYER, tests::noise(size), Hash::Sha256)])
    }

    pub(crate) fn of(layers: Vec<Content>) -> Self {
        let text = serde_json::json!({ "architecture": "amd64", "os": "linux", "author": tests::noise(8) });
        let config = Content::json(CONFIG, &text, Hash::Sha256);
        let manifest = Content::image(&config, &layers);
        Self { config, layers, manifest }
    }

    pub(crate) fn blobs(&self) -> impl Iterator<Item = &Content> {
        self.layers.iter().chain([&self.config])
    }

    /// Pushes it and wants success.
    pub(crate) async fn push(&self, client: &RegistryClient, repository: &str, tag: &str) {
        for blob in self.blobs() {
            client.push_blob(repository, blob).await;
        }
        client.put_manifest(repository, tag, &self.manifest).await.is(201);
    }

    /// Pulls it by tag, as clients do, and finds every byte.
    pub(crate) async fn is_pulled(&self, client: &RegistryClient, repository: &str, tag: &str) {
        let manifest = client.get(&format!("/v2/{repository}/manifests/{tag}")).await.is(200);
        assert!(manifest.bytes == self.manifest.bytes, "{manifest}");
        for blob in self.blobs() {
            let answer = client.get(&format!("/v2/{repository}/blobs/{}", blob.digest)).await.is(200);
            assert!(answer.bytes == blob.bytes, "{answer}");
        }
    }
}
