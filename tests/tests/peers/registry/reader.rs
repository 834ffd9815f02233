//! What a registry really holds, read without a client's cleverness: plain GETs, and every digest computed anew.
//!
//! In: an address, a repository, a tag or digest; or a folder with an image layout. Out: everything that can be reached from there, by
//! digest. Two places hold the same if what was read from them is equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::{Answer, Hash, RegistryClient};
use tokio::runtime::Runtime;

/// What somebody says who understands every kind of manifest.
const EVERY_TYPE: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, */*";

/// Everything reachable, by digest.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Contents(BTreeMap<String, Vec<u8>>);

impl Contents {
    /// The bytes that have this digest.
    pub(crate) fn get(&self, digest: &str) -> &[u8] {
        &self.0[digest]
    }

    /// Digests and bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        self.0.iter()
    }

    /// How many things.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A manifest as JSON.
    pub(crate) fn json(&self, digest: &str) -> Value {
        serde_json::from_slice(self.get(digest)).unwrap()
    }

    /// Whether all of the other is here too.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        other.iter().all(|(digest, bytes)| self.0.get(digest) == Some(bytes))
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes: &[u8]| match bytes.first() {
            Some(b'{') => String::from_utf8_lossy(bytes).into_owned(),
            _ => format!("{} bytes", bytes.len()),
        };
        formatter.debug_map().entries(self.0.iter().map(|(digest, bytes)| (digest, text(bytes)))).finish()
    }
}

/// Reads from a registry that asks nobody who they are.
#[derive(Debug)]
pub(crate) struct Reader {
    runtime: Runtime,
    client: RegistryClient,
}

impl Reader {
    /// Of a registry such as `127.0.0.1:5000`, in plain HTTP.
    pub(crate) fn new(address: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, client: RegistryClient::new(address) }
    }

    /// One GET below `/v2/`.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let path = format!("/v2/{path}");
        self.runtime.block_on(self.client.ask("GET", &path, &[("accept", EVERY_TYPE)], ""))
    }

    /// The digest that a tag leads to, computed from what is served.
    pub(crate) fn digest(&self, repository: &str, reference: &str) -> String {
        Hash::Sha256.digest(&self.manifest(repository, reference).bytes)
    }

    /// A manifest as JSON.
    pub(crate) fn json(&self, repository: &str, reference: &str) -> Value {
        self.manifest(repository, reference).json()
    }

    /// Every tag.
    pub(crate) fn tags(&self, repository: &str) -> Vec<String> {
        let tags = self.get(&format!("{repository}/tags/list")).is(200).json()["tags"].as_array().cloned();
        tags.unwrap_or_default().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
    }

    /// Everything that a tag or digest leads to.
    pub(crate) fn contents(&self, repository: &str, reference: &str) -> Contents {
        let (mut contents, digest) = (Contents::default(), self.digest(repository, reference));
        gather(&digest, true, &mut contents, &|digest, is_manifest| {
            if is_manifest { self.manifest(repository, digest).bytes } else { self.blob(repository, digest) }
        });
        contents
    }

    /// What refers to a manifest, as the registry lists it.
    pub(crate) fn referrers(&self, repository: &str, digest: &str) -> Vec<Value> {
        let answer = self.get(&format!("{repository}/referrers/{digest}")).is(200);
        answer.json()["manifests"].as_array().unwrap().clone()
    }

    /// A blob, of the length that the answer says.
    pub(crate) fn blob(&self, repository: &str, digest: &str) -> Vec<u8> {
        let answer = self.get(&format!("{repository}/blobs/{digest}")).is(200);
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string(), "{answer}");
        answer.bytes
    }

    /// A manifest, served under the type that it names itself, and under its digest.
    fn manifest(&self, repository: &str, reference: &str) -> Answer {
        let answer = self.get(&format!("{repository}/manifests/{reference}")).is(200);
        let named = answer.json()["mediaType"].as_str().map(str::to_owned);
        assert!(named.is_none_or(|it| it == answer.header("content-type")), "{answer}");
        assert_eq!(answer.header("docker-content-digest"), Hash::Sha256.digest(&answer.bytes), "{answer}");
        answer
    }
}

/// Everything that a digest leads to in the image layout `folder`.
pub(crate) fn of_layout(folder: &Path, digest: &str) -> Contents {
    let mut contents = Contents::default();
    gather(digest, true, &mut contents, &|digest, _| {
        let path = folder.join("blobs").join(digest.replace(':', "/"));
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    contents
}

/// The digest that a tag leads to in the folder of a repository of docker-registry, and everything that this leads to.
pub(crate) fn of_docker_registry(folder: &Path, tag: &str) -> (String, Contents) {
    let (mut contents, link) = (Contents::default(), folder.join(format!("_manifests/tags/{tag}/current/link")));
    let digest = fs::read_to_string(&link).unwrap_or_else(|error| panic!("{}: {error}", link.display()));
    let root = folder.ancestors().find(|root| root.ends_with("repositories")).unwrap().with_file_name("blobs");
    gather(&digest, true, &mut contents, &|digest, _| {
        let (algorithm, hex) = digest.split_once(':').unwrap();
        fs::read(root.join(algorithm).join(&hex[..2]).join(hex).join("data")).unwrap()
    });
    (digest, contents)
}

/// Reads one thing, checks it, and goes on to what it names.
fn gather(digest: &str, is_manifest: bool, contents: &mut Contents, read: &dyn Fn(&str, bool) -> Vec<u8>) {
    if contents.0.contains_key(digest) {
        return;
    }
    let bytes = read(digest, is_manifest);
    assert_eq!(Hash::Sha256.digest(&bytes), digest, "not what its name says");
    contents.0.insert(digest.to_owned(), bytes.clone());
    if !is_manifest {
        return;
    }
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let of = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    let blobs = of("layers").into_iter().chain(value.get("config").cloned()).map(|it| (it, false));
    for (descriptor, is_manifest) in of("manifests").into_iter().map(|it| (it, true)).chain(blobs) {
        let digest = descriptor["digest"].as_str().unwrap();
        gather(digest, is_manifest, contents, read);
        assert_eq!(descriptor["size"], contents.get(digest).len(), "the size of {digest} in what names it");
    }
}
