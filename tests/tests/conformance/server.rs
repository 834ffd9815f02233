//! The registry under test: on a folder of its own, asked from this machine.
//!
//! In: nothing. Out: a [`Registry`] that listens, and a client for it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use registry::{Peer, Service, Store};
use tempfile::TempDir;
use tests::{Content, RegistryClient};
use tokio::net::TcpListener;

/// The repository that tests use, and another one.
pub(crate) const REPOSITORY: &str = "conformance/repo1";
pub(crate) const OTHER: &str = "conformance/repo2";

/// A running registry; it is asked through its client.
pub(crate) struct Registry {
    client: RegistryClient,
    _folder: TempDir,
}

impl Registry {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = Peer { address: SocketAddr::from(([127, 0, 0, 1], 1)), encrypted: false };
        let router = Service::new(store).router().layer(axum::Extension(peer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { client: RegistryClient::new(&address.to_string()), _folder: folder }
    }

    /// Looks at a blob as the suite does after each push: HEAD, GET, DELETE, and gone at once.
    pub(crate) async fn has_and_deletes(&self, repository: &str, blob: &Content) {
        self.has_blob(repository, blob).await;
        let path = format!("/v2/{repository}/blobs/{}", blob.digest);
        self.delete(&path).await.is(202);
        self.head(&path).await.is(404);
        self.get(&path).await.is_refusal(404, "BLOB_UNKNOWN");
    }

    /// HEAD and GET give the blob, its size and its digest.
    pub(crate) async fn has_blob(&self, repository: &str, blob: &Content) {
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

impl Deref for Registry {
    type Target = RegistryClient;

    fn deref(&self) -> &RegistryClient {
        &self.client
    }
}
