//! The packages themselves, kept by digest: what was fetched once is never fetched again.
//!
//! In: a list of packages that a lock names. Out: `STATE/debs/sha256/<hex>`, each checked while it streamed. A file is
//! believed by its size when a wave starts, and by its digest when it is read: [`Debs::open`] gives a reader that checks.
//! A package that the mirror no longer has means that the mirror moved on: the wave starts again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use blob::{Digest, VerifyingReader};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Url;

use crate::client::{RemoteFile, locate};
use crate::disk::sweep_abandoned;
use crate::progress::Tally;
use crate::{Client, ClientError, DiskError, Event, Failure};

/// What a mirror takes kindly, and more than a near one needs.
const CONNECTIONS: usize = 8;

/// A package to fetch, as an index that was verified describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedDeb {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of the `.deb`.
    pub digest: Digest,
    /// Its size.
    pub size: u64,
    /// Its path below the archive's address.
    pub path: String,
    /// The address of the archive whose index names it.
    pub base: Url,
}

/// Why a package could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch package `{name}` {version}")]
pub struct FetchError {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What went wrong.
    pub source: ClientError,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::new(error.source.whose(), error)
    }
}

/// What a fetch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// How many packages came over the network.
    pub count: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// All packages of one state folder.
#[derive(Debug, Clone)]
pub struct Debs {
    folder: PathBuf,
}

impl Debs {
    /// Those of the state folder `state`; removes what a process that died left unfinished.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("debs/sha256");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// Fetches the packages that are not at hand, the largest first, so that no long one is left for the end. The first
    /// failure stops the rest; what is complete by then stays, so a second call goes on where this one stopped.
    pub async fn fetch_all(&self, client: &Client, wanted: &[WantedDeb]) -> Result<Fetched, FetchError> {
        let missing = self.missing(wanted);
        let fetched = Fetched { count: missing.len(), bytes: missing.iter().map(|deb| deb.size).sum() };
        if missing.is_empty() {
            return Ok(fetched);
        }
        client.reporter()(Event::FetchStarted { total_bytes: fetched.bytes, count: fetched.count });
        let tally = Tally::new(client.reporter().clone());
        let missing: Vec<WantedDeb> = missing.into_iter().cloned().collect();
        let transfers = stream::iter(missing).map(|deb| self.fetch(client, deb, &tally));
        transfers.buffer_unordered(CONNECTIONS).try_collect::<()>().await?;
        Ok(fetched)
    }

    /// Whether a package is at hand, by its size.
    pub fn has(&self, digest: &Digest, size: u64) -> bool {
        self.path(digest).metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
    }

    /// Opens a package. The reader fails at its end, at the latest, if the bytes are not the ones that were asked for:
    /// then [`Debs::discard`] it, and fetch again.
    pub fn open(&self, digest: &Digest, size: u64) -> Result<VerifyingReader<File>, DiskError> {
        let path = self.path(digest);
        let file = File::open(&path).map_err(|error| DiskError::new("open", &path, error))?;
        Ok(VerifyingReader::new(file, digest.clone(), size))
    }

    /// Removes a package that turned out to be damaged.
    pub fn discard(&self, digest: &Digest) -> Result<(), DiskError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DiskError::new("remove", &path, error)),
            _ => Ok(()),
        }
    }

    /// Removes a package if its bytes are not the ones that its name promises, so that it is fetched again.
    pub fn discard_damaged(&self, digest: &Digest, size: u64) -> Result<(), DiskError> {
        match self.open(digest, size)?.finish() {
            Ok(()) => Ok(()),
            Err(_) => self.discard(digest),
        }
    }

    /// Where all packages are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a package is or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }

    /// Each missing file once, the largest first.
    fn missing<'a>(&self, wanted: &'a [WantedDeb]) -> Vec<&'a WantedDeb> {
        let absent = wanted.iter().filter(|deb| !self.has(&deb.digest, deb.size));
        let mut missing: Vec<_> =
            absent.map(|deb| (&deb.digest, deb)).collect::<BTreeMap<_, _>>().into_values().collect();
        missing.sort_by_key(|deb| std::cmp::Reverse(deb.size));
        missing
    }

    async fn fetch(&self, client: &Client, deb: WantedDeb, tally: &Tally) -> Result<(), FetchError> {
        let failed = |source| FetchError { name: deb.name.clone(), version: deb.version.clone(), source };
        let url = locate(&deb.base, &deb.path).map_err(failed)?;
        let file = RemoteFile { url, digest: deb.digest.clone(), size: deb.size };
        client.download(&file, &self.path(&deb.digest), tally).await.map_err(failed)?;
        client.reporter()(Event::Fetched { package: deb.name.clone() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silent;
    use crate::test_server::{Answer, TestServer, impatient};

    fn wanted(server: &TestServer, content: &str) -> WantedDeb {
        WantedDeb {
            name: content.into(),
            version: "1".into(),
            digest: Digest::of(content),
            size: content.len() as u64,
            path: format!("pool/{content}"),
            base: server.base().clone(),
        }
    }

    /// Serves each path's last part as its content, but `gone` never.
    async fn server() -> TestServer {
        TestServer::start(|path, _| match path.rsplit('/').next() {
            Some("gone") => Answer::Status(404),
            name => Answer::Owned(name.unwrap_or_default().into()),
        })
        .await
    }

    #[tokio::test]
    async fn fetches_each_missing_file_once_and_the_largest_first() {
        let (state, server) = (tempfile::tempdir().unwrap(), server().await);
        let debs = Debs::of_state(state.path()).unwrap();
        let client = Client::new(impatient(), silent()).unwrap();
        let list = ["aa", "bbbb", "c", "bbbb"].map(|content| wanted(&server, content));
        let names: Vec<_> = debs.missing(&list).iter().map(|deb| deb.name.as_str()).collect();
        assert_eq!(names, ["bbbb", "aa", "c"]);
        assert_eq!(debs.fetch_all(&client, &list).await.unwrap(), Fetched { count: 3, bytes: 7 });
        assert_eq!(debs.fetch_all(&client, &list).await.unwrap(), Fetched { count: 0, bytes: 0 });
        assert_eq!(server.requests().len(), 3);
        debs.open(&list[1].digest, 4).unwrap().finish().unwrap();
    }

    #[tokio::test]
    async fn a_missing_package_means_that_the_mirror_moved_on_and_what_came_stays() {
        let (state, server) = (tempfile::tempdir().unwrap(), server().await);
        let debs = Debs::of_state(state.path()).unwrap();
        let client = Client::new(impatient(), silent()).unwrap();
        let first = wanted(&server, "first");
        debs.fetch_all(&client, std::slice::from_ref(&first)).await.unwrap();
        let list = [first, wanted(&server, "gone")];
        let failure = Failure::from(debs.fetch_all(&client, &list).await.unwrap_err());
        assert!(failure.is_mirror_moved_on());
        assert_eq!(failure.to_string(), "cannot fetch package `gone` 1");
        assert!(debs.has(&list[0].digest, 5) && !debs.has(&list[1].digest, 4));
    }

    #[tokio::test]
    async fn a_damaged_file_is_found_when_it_is_read_and_fetched_again() {
        let (state, server) = (tempfile::tempdir().unwrap(), server().await);
        let debs = Debs::of_state(state.path()).unwrap();
        let client = Client::new(impatient(), silent()).unwrap();
        let list = [wanted(&server, "whole")];
        debs.fetch_all(&client, &list).await.unwrap();
        fs::write(debs.path(&list[0].digest), "whola").unwrap();
        assert!(debs.open(&list[0].digest, 5).unwrap().finish().is_err());
        debs.discard(&list[0].digest).unwrap();
        debs.fetch_all(&client, &list).await.unwrap();
        debs.open(&list[0].digest, 5).unwrap().finish().unwrap();
    }
}
