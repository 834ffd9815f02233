//! The registry under test: on a folder of its own, asked from this machine.
//!
//! In: nothing. Out: a [`Registry`] that listens, and a client for it.

use std::ops::Deref;

use registry::{Blobs, ListenSettings};
use tempfile::TempDir;
use tests::{Content, RegistryUnderTest};

/// The repository that tests use, and another one.
pub(crate) const REPOSITORY: &str = "conformance/repo1";
pub(crate) const OTHER: &str = "conformance/repo2";

/// A running registry and its folder.
pub(crate) struct Registry {
    running: RegistryUnderTest,
    _folder: TempDir,
}

impl Registry {
    pub(crate) async fn start() -> Self {
        Self::start_with(Blobs::Required).await
    }

    /// One that takes images before their blobs, or one that does not.
    pub(crate) async fn start_with(blobs: Blobs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running =
            RegistryUnderTest::start_with(&folder.path().join("registry"), blobs, ListenSettings::default()).await;
        Self { running, _folder: folder }
    }

    /// Looks at a blob as the suite does after each push: HEAD, GET, DELETE, and gone at once.
    pub(crate) async fn has_and_deletes(&self, repository: &str, blob: &Content) {
        self.has_blob(repository, blob).await;
        let path = format!("/v2/{repository}/blobs/{}", blob.digest);
        self.delete(&path).await.is(202);
        self.head(&path).await.is(404);
        self.get(&path).await.is_refusal(404, "BLOB_UNKNOWN");
    }
}

impl Deref for Registry {
    type Target = RegistryUnderTest;

    fn deref(&self) -> &RegistryUnderTest {
        &self.running
    }
}
