//! Package indexes, each fetched once by its digest and parsed once: what was seen before loads from a compact form.
//!
//! In: an index that a verified `InRelease` names. Out: a [`PackageIndex`]. `STATE/archive/indexes/<sha256>` has the file
//! as it came, `<sha256>.compact` beside it what `compact_index` makes of it. Only `by-hash/` addresses
//! are asked: they give this very file or nothing, also while the mirror is updated.
//!
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices>.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blob::{Digest, VerifyingReader};
use debian::{IndexError, IndexFile, PackageIndex, Suite};

use crate::client::{RemoteFile, locate};
use crate::compact_index::{read_compact, write_compact};
use crate::disk::sweep_abandoned;
use crate::progress::{Tally, silent};
use crate::{Client, ClientError, DiskError, Event, Failure, ObservedSuite, Whose, blocking};

const BUFFER: usize = 256 << 10;

/// Why a package index is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum IndexesError {
    /// The archive has no `by-hash/` folders.
    #[error(
        "suite `{suite}` does not offer its indexes by digest: expected `Acquire-By-Hash: yes` in its `InRelease`, use another mirror"
    )]
    NotByHash {
        /// The suite.
        suite: Suite,
    },
    /// It could not be fetched.
    #[error("cannot fetch index `{path}` of suite `{suite}`")]
    Fetch {
        /// The suite.
        suite: Suite,
        /// The index's path below the suite.
        path: String,
        /// What went wrong.
        source: ClientError,
    },
    /// Its bytes are the right ones, but cannot be decompressed or read.
    #[error("index `{path}` of suite `{suite}` is signed, but cannot be read")]
    Unreadable {
        /// The suite.
        suite: Suite,
        /// The index's path below the suite.
        path: String,
        /// What is wrong with it.
        source: Box<IndexError>,
    },
    /// A file of the state folder that cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl IndexesError {
    /// Whose it is.
    pub fn whose(&self) -> Whose {
        match self {
            Self::Fetch { source, .. } => source.whose(),
            Self::NotByHash { .. } | Self::Disk(_) => Whose::Policy,
            Self::Unreadable { .. } => Whose::Upstream,
        }
    }
}

impl From<IndexesError> for Failure {
    fn from(error: IndexesError) -> Self {
        Self::new(error.whose(), error)
    }
}

/// All package indexes of one state folder.
#[derive(Debug, Clone)]
pub struct Indexes {
    folder: PathBuf,
}

impl Indexes {
    /// Those of the state folder `state`; removes what a process that died left unfinished.
    pub fn of_state(state: &Path) -> Result<Self, IndexesError> {
        let folder = state.join("archive/indexes");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// Gives an index of an observed suite: from the compact form, else from the file, else from the mirror.
    pub async fn load(
        &self,
        client: &Client,
        suite: &ObservedSuite,
        file: &IndexFile,
    ) -> Result<Arc<PackageIndex>, IndexesError> {
        let (kept, wanted) = (self.clone(), file.clone());
        if let Some(index) = blocking(move || kept.load_kept(&wanted)).await {
            return Ok(Arc::new(index));
        }
        self.fetch(client, suite, file).await?;
        let (kept, wanted, suite) = (self.clone(), file.clone(), suite.suite().clone());
        blocking(move || {
            let index = kept.parse(&wanted);
            index.map(Arc::new).map_err(|source| IndexesError::Unreadable {
                suite,
                path: wanted.path,
                source: Box::new(source),
            })
        })
        .await
    }

    /// An index that was seen before. Whatever is wrong with what is there, it is fetched again.
    fn load_kept(&self, file: &IndexFile) -> Option<PackageIndex> {
        if let Ok(index) = read_compact(&self.compact(&file.digest), &file.digest) {
            return Some(index);
        }
        let complete = self.original(&file.digest).metadata().is_ok_and(|metadata| metadata.len() == file.size);
        let index = complete.then(|| self.parse(file).ok()).flatten();
        if index.is_none() && complete {
            tracing::warn!(index.path = file.path, "the kept index is damaged, it will be fetched again");
        }
        index
    }

    async fn fetch(&self, client: &Client, suite: &ObservedSuite, file: &IndexFile) -> Result<(), IndexesError> {
        if !suite.release.acquire_by_hash {
            return Err(IndexesError::NotByHash { suite: suite.suite().clone() });
        }
        let failed = |source| IndexesError::Fetch { suite: suite.suite().clone(), path: file.path.clone(), source };
        let path = format!("dists/{}/{}", suite.suite(), file.by_hash_path());
        let url = locate(&suite.base, &path).map_err(failed)?;
        let remote = RemoteFile { url, digest: file.digest.clone(), size: file.size };
        let target = self.original(&file.digest);
        client.download(&remote, &target, &Tally::new(silent())).await.map_err(failed)?;
        client.reporter()(Event::IndexFetched {
            suite: suite.suite().clone(),
            path: file.path.clone(),
            bytes: file.size,
        });
        Ok(())
    }

    /// Reads the file as it came, checked once more on its way from the disk, and keeps the compact form.
    fn parse(&self, file: &IndexFile) -> Result<PackageIndex, IndexError> {
        let index = self.parse_original(file)?;
        if let Err(error) = write_compact(&self.compact(&file.digest), &file.digest, &index) {
            tracing::warn!(error = crate::failure::chain(&error), "an index's compact form cannot be kept");
        }
        Ok(index)
    }

    fn parse_original(&self, file: &IndexFile) -> Result<PackageIndex, IndexError> {
        let unreadable = |source| IndexError::Read { file: file.path.clone(), line: 0, source };
        let original = File::open(self.original(&file.digest)).map_err(unreadable)?;
        let verified = VerifyingReader::new(original, file.digest.clone(), file.size);
        let plain = file.compression.reader(verified).map_err(unreadable)?;
        PackageIndex::read(BufReader::with_capacity(BUFFER, plain), &file.path)
    }

    fn original(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }

    fn compact(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.compact", digest.hex()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use debian::{Compression, Release};

    use super::*;
    use crate::test_server::{Answer, PACKAGES, TestServer, impatient};
    use crate::{AcceptedInRelease, News};

    fn suite(server: &TestServer, by_hash: &str) -> ObservedSuite {
        let text = format!("Suite: trixie\nDate: Sat, 01 Aug 2026 10:00:00 UTC\nAcquire-By-Hash: {by_hash}\nSHA256:\n");
        let release = Release::parse(&text).unwrap();
        let in_release = AcceptedInRelease {
            suite: "trixie".parse().unwrap(),
            digest: Digest::of(&text),
            date: release.date,
            received: release.date,
            signers: Vec::new(),
        };
        ObservedSuite { in_release, release, base: server.base().clone(), news: News::New }
    }

    fn file(text: &str) -> IndexFile {
        let path = "main/binary-amd64/Packages".to_owned();
        IndexFile { path, digest: Digest::of(text), size: text.len() as u64, compression: Compression::None }
    }

    async fn server() -> TestServer {
        TestServer::start(|_, _| Answer::Bytes(PACKAGES.as_bytes())).await
    }

    #[tokio::test]
    async fn fetches_an_index_once_by_its_digest_and_again_if_what_is_kept_is_damaged() {
        let (state, server) = (tempfile::tempdir().unwrap(), server().await);
        let client = Client::new(impatient(), silent()).unwrap();
        let indexes = Indexes::of_state(state.path()).unwrap();
        let (suite, file) = (suite(&server, "yes"), file(PACKAGES));
        let damage = |path: PathBuf| fs::write(path, "x".repeat(PACKAGES.len())).unwrap();
        for (step, requests) in [(0, 1), (1, 1), (2, 1), (3, 2)] {
            if step >= 2 {
                damage(indexes.compact(&file.digest));
            }
            if step == 3 {
                damage(indexes.original(&file.digest));
            }
            assert_eq!(indexes.load(&client, &suite, &file).await.unwrap().len(), 2);
            assert_eq!(server.requests().len(), requests, "step {step}");
        }
        let by_hash = format!("dists/trixie/main/binary-amd64/by-hash/SHA256/{}", file.digest.hex());
        assert_eq!(server.requests(), [by_hash.as_str(), by_hash.as_str()]);
    }

    #[tokio::test]
    async fn refuses_an_archive_without_by_hash_and_an_index_that_is_another() {
        let (state, server) = (tempfile::tempdir().unwrap(), server().await);
        let client = Client::new(impatient(), silent()).unwrap();
        let indexes = Indexes::of_state(state.path()).unwrap();
        let error = indexes.load(&client, &suite(&server, "no"), &file(PACKAGES)).await.unwrap_err();
        assert!(error.to_string().contains("expected `Acquire-By-Hash: yes`"), "{error}");
        assert!(server.requests().is_empty());
        let other = PACKAGES.replace("libc6", "libc7");
        let failure = Failure::from(indexes.load(&client, &suite(&server, "yes"), &file(&other)).await.unwrap_err());
        assert!(
            failure.is_mirror_moved_on() && failure.chain().contains("vouches for: expected sha256:"),
            "{failure:?}"
        );
    }
}
