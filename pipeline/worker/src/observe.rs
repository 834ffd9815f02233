//! Reads one suite's `InRelease` and decides whether it may be believed. All later trust hangs on this.
//!
//! In: a suite and the keys that may sign it. Out: an [`ObservedSuite`], kept for good, or an [`ObserveError`] that says
//! which check failed: the signature, the suite's name, `Valid-Until`, or a `Date` before one that was accepted (a
//! rollback). No header of the answer is believed: what counts is the content.
//!
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>.

use std::sync::Arc;

use blob::Digest;
use debian::{
    Fingerprint, FreshnessError, Release, ReleaseError, SignatureError, Suite, check_freshness, verify_in_release,
};
use jiff::Timestamp;
use reqwest::Url;

use crate::client::locate;
use crate::progress::News;
use crate::{
    AcceptedInRelease, Archive, ArchivePart, Client, ClientError, Event, Failure, InReleaseError, InReleases, Whose,
    blocking,
};

/// Debian's are about 150 KB.
pub(crate) const LARGEST_IN_RELEASE: u64 = 4 << 20;

/// A suite whose `InRelease` was verified and accepted.
#[derive(Debug, Clone)]
pub struct ObservedSuite {
    /// What identifies it: suite, digest, date, time received, signers.
    pub in_release: AcceptedInRelease,
    /// What it says.
    pub release: Release,
    /// The archive's address below which its indexes and packages are.
    pub base: Url,
    /// Whether it is new.
    pub news: News,
}

impl ObservedSuite {
    /// The suite's name.
    pub fn suite(&self) -> &Suite {
        &self.in_release.suite
    }
}

/// Why a suite's `InRelease` is not believed, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// It could not be fetched.
    #[error("cannot read the `InRelease` of suite `{suite}`")]
    Fetch {
        /// The suite.
        suite: Suite,
        /// What went wrong.
        source: ClientError,
    },
    /// Its signature does not count.
    #[error("the `InRelease` of suite `{suite}` at `{base}` is refused: its signature does not hold")]
    Signature {
        /// The suite.
        suite: Suite,
        /// The archive's address.
        base: Url,
        /// Which check failed.
        source: Box<SignatureError>,
    },
    /// Its signed text is no `Release` file.
    #[error("the `InRelease` of suite `{suite}` is signed, but cannot be understood")]
    Release {
        /// The suite.
        suite: Suite,
        /// What is wrong with it.
        source: Box<ReleaseError>,
    },
    /// It is another suite's.
    #[error("the mirror gave the `InRelease` of suite `{got}` for suite `{suite}`: it is refused")]
    OtherSuite {
        /// The suite asked for.
        suite: Suite,
        /// The one it names itself.
        got: String,
    },
    /// It is too old, or from the future.
    #[error("the `InRelease` of suite `{suite}` is refused: its date does not hold")]
    Freshness {
        /// The suite.
        suite: Suite,
        /// Which check failed.
        source: Box<FreshnessError>,
    },
    /// What was accepted before cannot be read, or the new one not be kept.
    #[error(transparent)]
    Kept(#[from] InReleaseError),
}

impl ObserveError {
    /// Whose it is: a mirror's state heals by itself, a key or a clock that does not fit needs a person.
    pub fn whose(&self) -> Whose {
        match self {
            Self::Fetch { source, .. } => source.whose(),
            Self::Signature { source, .. } => match **source {
                SignatureError::NoKnownKey { .. }
                | SignatureError::NotAllowed { .. }
                | SignatureError::WeakOrExpired { .. } => Whose::Policy,
                _ => Whose::Upstream,
            },
            Self::Freshness { source, .. } => match **source {
                FreshnessError::FromTheFuture { .. } => Whose::Policy,
                _ => Whose::Upstream,
            },
            Self::Kept(_) => Whose::Policy,
            Self::Release { .. } | Self::OtherSuite { .. } => Whose::Upstream,
        }
    }
}

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        Self::new(error.whose(), error)
    }
}

/// Reads suites of one archive and remembers what it accepted.
#[derive(Debug, Clone)]
pub struct Observer {
    pub(crate) client: Client,
    pub(crate) archive: Arc<Archive>,
    pub(crate) accepted: InReleases,
}

impl Observer {
    /// Reads `archive` through `client`.
    pub fn new(client: Client, archive: Arc<Archive>, accepted: InReleases) -> Self {
        Self { client, archive, accepted }
    }

    /// Reads one suite's `InRelease`; `allowed` narrows the keyring to some fingerprints.
    pub async fn observe(
        &self,
        suite: &Suite,
        allowed: Option<&[Fingerprint]>,
        now: Timestamp,
    ) -> Result<ObservedSuite, ObserveError> {
        let part = self.archive.part_of(suite);
        let bytes = self.fetch(suite, part).await?;
        let verified = verify(suite, part, bytes, allowed, now)?;
        let accepted = self.accepted.clone();
        let observed = blocking(move || accept(&accepted, verified, now)).await?;
        self.client.reporter()(Event::SuiteObserved {
            suite: observed.suite().clone(),
            date: observed.release.date,
            news: observed.news,
        });
        Ok(observed)
    }

    async fn fetch(&self, suite: &Suite, part: &ArchivePart) -> Result<Vec<u8>, ObserveError> {
        let failed = |source| ObserveError::Fetch { suite: suite.clone(), source };
        let url = locate(&part.base, &format!("dists/{suite}/InRelease")).map_err(failed)?;
        self.client.read(&url, LARGEST_IN_RELEASE).await.map_err(failed)
    }
}

/// What is known of a suite once its signature holds.
struct Verified {
    suite: Suite,
    base: Url,
    release: Release,
    signers: Vec<Fingerprint>,
    bytes: Vec<u8>,
}

/// Checks the signature first, and parses nothing but the text that was signed.
fn verify(
    suite: &Suite,
    part: &ArchivePart,
    bytes: Vec<u8>,
    allowed: Option<&[Fingerprint]>,
    now: Timestamp,
) -> Result<Verified, ObserveError> {
    let (suite, base) = (suite.clone(), part.base.clone());
    match verify_in_release(&bytes, &part.keyring, allowed, now) {
        Err(error) => Err(ObserveError::Signature { suite, base, source: Box::new(error) }),
        Ok(signed) => match Release::parse(&signed.text) {
            Err(error) => Err(ObserveError::Release { suite, source: Box::new(error) }),
            Ok(release) => Ok(Verified { suite, base, release, signers: signed.signers, bytes }),
        },
    }
}

/// Compares with what was accepted before, and keeps what is new.
fn accept(store: &InReleases, verified: Verified, now: Timestamp) -> Result<ObservedSuite, ObserveError> {
    let Verified { suite, base, release, signers, bytes } = verified;
    check_name(&suite, &release)?;
    let latest = store.latest(&suite)?;
    check_freshness(&release, latest.as_ref().map(|latest| latest.date), now)
        .map_err(|error| ObserveError::Freshness { suite: suite.clone(), source: Box::new(error) })?;
    let digest = Digest::of(&bytes);
    if let Some(in_release) = latest.filter(|latest| latest.digest == digest) {
        return Ok(ObservedSuite { in_release, release, base, news: News::Unchanged });
    }
    let in_release = AcceptedInRelease { suite, digest, date: release.date, received: now, signers };
    store.keep(&in_release, &bytes)?;
    Ok(ObservedSuite { in_release, release, base, news: News::New })
}

/// A mirror must not pass off one suite as another: the signatures would hold.
fn check_name(suite: &Suite, release: &Release) -> Result<(), ObserveError> {
    if is_of_suite(suite, release) {
        return Ok(());
    }
    Err(ObserveError::OtherSuite { suite: suite.clone(), got: release.name().to_owned() })
}

/// Whether a `Release` file names itself so.
pub(crate) fn is_of_suite(suite: &Suite, release: &Release) -> bool {
    [release.codename.as_deref(), release.suite.as_deref()].contains(&Some(suite.as_str()))
}
