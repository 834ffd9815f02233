//! The registry itself, on a folder, asked over TCP.
//!
//! In: a folder, empty or not. Out: a server on a free port of this machine, and a client for it.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use registry::{Blobs, Listen, ListenSettings, Service, Store};
use tokio::net::TcpListener;

use crate::{Content, RegistryClient};

/// A running registry; it is asked through its client, and ends with the runtime.
#[derive(Debug)]
pub struct RegistryUnderTest {
    /// What it serves.
    pub store: Arc<Store>,
    client: RegistryClient,
}

impl RegistryUnderTest {
    /// Serves a folder in this process.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, Blobs::Required, ListenSettings::default()).await
    }

    /// The same, where images may come before their blobs or not, and where clients have other limits.
    pub async fn start_with(folder: &Path, blobs: Blobs, settings: ListenSettings) -> Self {
        let store = Arc::new(Store::open(folder).expect("a store"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = Service::new(Arc::clone(&store)).with_blobs(blobs);
        tokio::spawn(serve_registry(listener, service, settings));
        Self { store, client: RegistryClient::new(&address.to_string()) }
    }

    /// HEAD and GET give the blob, its size and its digest.
    pub async fn has_blob(&self, repository: &str, blob: &Content) {
        let path = format!("/v2/{repository}/blobs/{}", blob.digest);
        let size = blob.bytes.len().to_string();
        let (head, get) = (self.head(&path).await.is(200), self.get(&path).await.is(200));
        assert!(head.bytes.is_empty(), "{head}");
        assert!(get.bytes == blob.bytes, "{get}");
        for answer in [&head, &get] {
            assert_eq!(answer.header("content-length"), size, "{answer}");
            assert_eq!(answer.header("docker-content-digest"), blob.digest, "{answer}");
        }
    }
}

impl Deref for RegistryUnderTest {
    type Target = RegistryClient;

    fn deref(&self) -> &RegistryClient {
        &self.client
    }
}

/// Serves until the runtime ends.
pub async fn serve_registry(listener: TcpListener, service: Service, settings: ListenSettings) {
    let listen = Listen::new(&settings).expect("settings without files");
    registry::serve(listener, service.router(), listen, std::future::pending()).await;
}
