//! One consistent view of the archive: all suites of a release, and their package indexes for each architecture.
//!
//! In: which suites, components and architectures are wanted. Out: a [`Snapshot`] with a digest of its own. Every index in
//! it is one that an `InRelease` in it names; if the mirror moves on before all could be fetched, all is read again, a few
//! times at most. When nothing changed, only the `InRelease` files are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use blob::Digest;
use debian::{Architecture, Component, Fingerprint, IndexFile, PackageIndex, Suite};
use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::failure::chain;
use crate::{Event, Failure, Indexes, ObservedSuite, Observer, Whose};

/// How often a mirror may move on while it is read.
const ATTEMPTS: u32 = 3;

/// What is wanted of a release: the catalogue says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The suites, such as `trixie`, `trixie-updates`, `trixie-security`.
    pub suites: Vec<Suite>,
    /// The components, such as `main`.
    pub components: Vec<Component>,
    /// The architectures.
    pub architectures: Vec<Architecture>,
    /// The primary keys that may sign; `None`: every key of the keyring.
    pub allowed: Option<Vec<Fingerprint>>,
}

/// One package index of a snapshot.
#[derive(Debug, Clone)]
pub struct SuiteIndex {
    /// The suite it belongs to: a position in [`Snapshot::suites`] would say the same, but not as readably.
    pub suite: Suite,
    /// The component.
    pub component: Component,
    /// Which file it was.
    pub file: IndexFile,
    /// The packages.
    pub index: Arc<PackageIndex>,
}

/// All suites of a release as they were at one time, and their indexes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The suites, in the order wanted.
    pub suites: Vec<ObservedSuite>,
    /// The indexes by architecture, in the order of suites and components.
    pub indexes: BTreeMap<Architecture, Vec<SuiteIndex>>,
}

impl Snapshot {
    /// The digest of the suites' names and `InRelease` digests: equal snapshots, equal digest.
    pub fn digest(&self) -> Digest {
        digest_of(&self.suites)
    }
}

/// The digest of a snapshot with these suites, before any index is loaded.
pub fn digest_of(suites: &[ObservedSuite]) -> Digest {
    let line = |suite: &ObservedSuite| format!("{} {}\n", suite.suite(), suite.in_release.digest);
    Digest::of(suites.iter().map(line).collect::<String>())
}

/// The mirror changed each time that we tried.
#[derive(Debug, thiserror::Error)]
#[error("the mirror moved on {attempts} times while it was read: wait until its update is over, or use another mirror")]
pub struct RestlessMirror {
    attempts: u32,
    source: Failure,
}

impl Observer {
    /// Reads the `InRelease` of every wanted suite, and no index.
    pub async fn observe_suites(&self, wanted: &Wanted, now: Timestamp) -> Result<Vec<ObservedSuite>, Failure> {
        self.client.reporter()(Event::ObserveStarted { suites: wanted.suites.clone() });
        let allowed = wanted.allowed.as_deref();
        Ok(try_join_all(wanted.suites.iter().map(|suite| self.observe(suite, allowed, now))).await?)
    }

    /// Reads all that is wanted until it fits together.
    pub async fn observe_all(&self, wanted: &Wanted, indexes: &Indexes, now: Timestamp) -> Result<Snapshot, Failure> {
        let mut attempt = 1;
        loop {
            let suites = self.observe_suites(wanted, now).await?;
            match self.complete(wanted, indexes, suites).await {
                Err(failure) if failure.is_mirror_moved_on() && attempt < ATTEMPTS => {
                    attempt += 1;
                    self.client.reporter()(Event::ObserveRestarted { attempt, reason: chain(&failure) });
                    self.client.pause(attempt).await;
                }
                Err(source) if source.is_mirror_moved_on() => {
                    return Err(Failure::new(Whose::Upstream, RestlessMirror { attempts: ATTEMPTS, source }));
                }
                finished => return finished,
            }
        }
    }

    /// Loads the indexes of suites that were observed.
    pub async fn complete(
        &self,
        wanted: &Wanted,
        indexes: &Indexes,
        suites: Vec<ObservedSuite>,
    ) -> Result<Snapshot, Failure> {
        let mut loads = Vec::new();
        for &architecture in &wanted.architectures {
            for suite in &suites {
                loads.extend(
                    wanted.components.iter().map(|component| self.load(indexes, suite, component, architecture)),
                );
            }
        }
        let mut by_architecture = BTreeMap::<_, Vec<_>>::new();
        for (architecture, index) in try_join_all(loads).await? {
            by_architecture.entry(architecture).or_default().push(index);
        }
        Ok(Snapshot { suites, indexes: by_architecture })
    }

    async fn load(
        &self,
        indexes: &Indexes,
        suite: &ObservedSuite,
        component: &Component,
        architecture: Architecture,
    ) -> Result<(Architecture, SuiteIndex), Failure> {
        let file = suite.release.package_index(component, architecture);
        let file = file.map_err(|error| Failure::new(Whose::Policy, error))?;
        let index = indexes.load(&self.client, suite, &file).await?;
        Ok((architecture, SuiteIndex { suite: suite.suite().clone(), component: component.clone(), file, index }))
    }
}
