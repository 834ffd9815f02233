//! A store with one image, and a server for it.
//!
//! In: nothing. Out: a [`Registry`] that listens, with a client for it.

use std::sync::Arc;

use blob::{Algorithm, Digest, Hasher};
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP,
    MEDIA_TYPE_MANIFEST, Platform, Repository, Tag,
};
use registry::Store;
use reqwest::{Client, Method, Response};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A running registry and what was put there.
pub(crate) struct Registry {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) repository: Repository,
    pub(crate) index: Descriptor,
    pub(crate) manifest: Descriptor,
    pub(crate) layer: Descriptor,
    client: Client,
    address: String,
}

/// The layer's bytes: more than one read, and no part like another.
pub(crate) fn layer() -> Vec<u8> {
    (0..150_000_u32).flat_map(u32::to_be_bytes).collect()
}

pub(crate) fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

impl Registry {
    /// One image, `team/python:3.13`, for one platform.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let repository: Repository = "team/python".parse().unwrap();
        let (index, manifest, layer) = put_image(&store, &repository, &folder);
        store.tag(&repository, &tag("3.13"), &index).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = registry::Service::new(Arc::clone(&store)).router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { folder, store, repository, index, manifest, layer, client, address }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[]).await
    }

    /// Sends a path as it is; other clients would tidy it.
    pub(crate) async fn get_raw(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: registry.example\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) fn blob(&self) -> String {
        format!("/v2/team/python/blobs/{}", self.layer.digest)
    }

    /// Puts something that speaks about `subject`.
    pub(crate) fn put_referrer(&self, subject: &Descriptor, artifact_type: &str, text: &str) -> Descriptor {
        self.store.put_bytes(&self.repository, oci::EMPTY_JSON).unwrap();
        let mut manifest = ImageManifest::new(Descriptor::empty(), Vec::new());
        manifest.artifact_type = Some(artifact_type.to_owned());
        manifest.subject = Some(subject.clone());
        manifest.annotations.insert("text".to_owned(), text.to_owned());
        self.store.put_manifest(&self.repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap()
    }
}

fn put_image(store: &Store, repository: &Repository, folder: &TempDir) -> (Descriptor, Descriptor, Descriptor) {
    let platform = Platform::linux("amd64");
    let layer = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, &layer());
    let path = folder.path().join("layer");
    std::fs::write(&path, self::layer()).unwrap();
    store.put_blob_from_path(repository, &layer.digest, &path).unwrap();
    let config = ImageConfig::new(platform.clone(), vec![Digest::of("tar")]).to_bytes();
    store.put_bytes(repository, &config).unwrap();
    let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), vec![layer.clone()]).to_bytes();
    let manifest = store.put_manifest(repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
    let index = ImageIndex::new(vec![manifest.clone().with_platform(platform)]).to_bytes();
    (store.put_manifest(repository, &index, MEDIA_TYPE_INDEX).unwrap(), manifest, layer)
}
