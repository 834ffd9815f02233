//! What the clients push: an image that bedplate built from the fake archive, for two platforms.
//!
//! In: nothing. Out: an image layout with one tag, `latest`, and the digest of its index.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tests::{Content, Hash, RegistryClient};
use tokio::runtime::Runtime;

use super::reader::{Contents, of_layout};
use super::server::Registry;
use super::tools::{must, text};
use crate::binary::Place;

/// An image in a folder of its own.
pub(crate) struct Sample {
    place: Place,
    index: String,
}

impl Sample {
    /// Builds it; it has five layers a platform, and the config, manifests and index of a published one.
    pub(crate) fn build() -> Self {
        let sample = Self { place: Place::of(&["amd64", "arm64"]), index: String::new() };
        let mut command = sample.place.command("build", &sample.place.state());
        command.args(["python", "--output"]).arg(sample.layout());
        must(&mut command);
        let path = sample.layout().join("index.json");
        let index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let mut latest = index["manifests"][0].clone();
        latest["annotations"]["org.opencontainers.image.ref.name"] = "latest".into();
        fs::write(path, json!({"schemaVersion": 2, "manifests": [latest]}).to_string()).unwrap();
        Self { index: latest["digest"].as_str().unwrap().to_owned(), ..sample }
    }

    /// The layout's folder.
    pub(crate) fn layout(&self) -> PathBuf {
        self.place.folder().join("layout")
    }

    /// The layout as a client names it: `oci:FOLDER` without the word before the colon.
    pub(crate) fn path(&self) -> String {
        text(&self.layout())
    }

    /// The index's digest.
    pub(crate) fn index(&self) -> &str {
        &self.index
    }

    /// The digest of the manifest for this machine.
    pub(crate) fn manifest(&self) -> String {
        self.descriptor()["digest"].as_str().unwrap().to_owned()
    }

    /// All that belongs to it.
    pub(crate) fn contents(&self) -> Contents {
        of_layout(&self.layout(), &self.index)
    }

    /// What belongs to the image for this machine.
    pub(crate) fn contents_of_one(&self) -> Contents {
        of_layout(&self.layout(), &self.manifest())
    }

    /// Puts it on a registry by plain requests: blobs, then manifests by digest, then the tag.
    pub(crate) fn push(&self, registry: &Registry, repository: &str, tag: &str) {
        let (contents, client) = (self.contents(), RegistryClient::new(registry.address()));
        let is_manifest = |bytes: &[u8]| bytes.starts_with(b"{\"schemaVersion\"");
        let content = |bytes: &[u8]| {
            let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
            Content::new(value["mediaType"].as_str().unwrap_or_default(), bytes, Hash::Sha256)
        };
        let (manifests, blobs): (Vec<_>, Vec<_>) = contents.iter().partition(|(_, bytes)| is_manifest(bytes));
        let images = manifests.iter().filter(|(digest, _)| **digest != self.index);
        Runtime::new().unwrap().block_on(async {
            for (_, bytes) in blobs {
                client.push_blob(repository, &content(bytes)).await;
            }
            for (digest, bytes) in images {
                client.put_manifest(repository, digest, &content(bytes)).await.is(201);
            }
            client.put_manifest(repository, tag, &content(contents.get(&self.index))).await.is(201);
        });
    }

    /// Writes it as an archive that Docker and containerd load under this name.
    pub(crate) fn write_archive(&self, file: &Path, name: &str) {
        let (path, staged) = (self.layout().join("index.json"), self.place.folder().join("staged"));
        let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        index["manifests"][0]["annotations"]["io.containerd.image.name"] = name.into();
        must(Command::new("cp").arg("-r").arg(self.layout()).arg(&staged));
        fs::write(staged.join("index.json"), index.to_string()).unwrap();
        must(Command::new("tar").arg("-cf").arg(file).arg("-C").arg(&staged).args([
            "oci-layout",
            "index.json",
            "blobs",
        ]));
    }

    fn descriptor(&self) -> Value {
        let index = self.contents().json(&self.index);
        let is_ours = |it: &&Value| it["platform"]["architecture"] == "amd64";
        index["manifests"].as_array().unwrap().iter().find(is_ours).unwrap().clone()
    }
}
