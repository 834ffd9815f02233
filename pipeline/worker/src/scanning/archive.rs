//! What the archive has, remembered: from indexes to the ledger, and from there to scans.
//!
//! In: a snapshot. Out: one observation a suite, and the versions of a release's suites with the time of their first appearance. They are
//! read from the ledger again only when a suite has a newer file.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use assemble::Release;
use jiff::Timestamp;
use scan::ArchiveVersions;
use store::SuiteObservation;

use crate::scanning::Scanner;
use crate::{Failure, Snapshot, blocking};

/// The newest file of each suite, by its `Date`; none where nobody looked yet.
pub(crate) type ArchiveState = Vec<(String, Option<Timestamp>)>;

/// The versions of one release's suites, and the dates of the files that they were read from.
pub(crate) struct Remembered {
    key: ArchiveState,
    versions: Arc<ArchiveVersions>,
}

impl Scanner {
    /// Remembers which sources each suite has.
    pub async fn observed(&self, snapshot: &Snapshot) -> Result<(), Failure> {
        let work = snapshot.clone();
        for (seen, sources) in blocking(move || observations(&work)).await {
            self.ledger.observed(&seen, &sources).await?;
        }
        Ok(())
    }

    /// What the suites of a release have, and since when.
    pub(crate) async fn archive(&self, release: &str) -> Result<Arc<ArchiveVersions>, Failure> {
        let suites = self.suites(release);
        let key = self.newest(&suites).await?;
        if let Some(known) = self.remembered(&key) {
            return Ok(known);
        }
        let names: Vec<&str> = suites.iter().map(String::as_str).collect();
        let versions = Arc::new(self.ledger.archive_versions(&names).await?);
        let mut all = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(release.to_owned(), Remembered { key, versions: Arc::clone(&versions) });
        Ok(versions)
    }

    /// The suites of a release.
    pub(crate) fn suites(&self, release: &str) -> Vec<String> {
        self.catalogue.releases.get(release).map(suites).unwrap_or_default()
    }

    /// The newest file of every suite of the catalogue.
    pub(crate) async fn archive_state(&self) -> Result<ArchiveState, Failure> {
        let all: Vec<String> = self.catalogue.releases.values().flat_map(suites).collect();
        self.newest(&all).await
    }

    async fn newest(&self, suites: &[String]) -> Result<ArchiveState, Failure> {
        let mut newest = Vec::new();
        for suite in suites {
            newest.push((suite.clone(), self.ledger.newest_observation(suite).await?));
        }
        Ok(newest)
    }

    /// Whether the last rescan of this process saw the archive so.
    pub(crate) fn is_looked_at(&self, state: &ArchiveState) -> bool {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(state)
    }

    pub(crate) fn set_looked_at(&self, state: ArchiveState) {
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    fn remembered(&self, key: &[(String, Option<Timestamp>)]) -> Option<Arc<ArchiveVersions>> {
        let all = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().find(|known| known.key == key).map(|known| Arc::clone(&known.versions))
    }
}

fn suites(release: &Release) -> Vec<String> {
    release.suites.iter().map(|suite| suite.name.to_string()).collect()
}

/// Each suite with its sources, over all architectures.
fn observations(snapshot: &Snapshot) -> Vec<(SuiteObservation, Vec<(String, String)>)> {
    let of_suite = |suite: &crate::ObservedSuite| {
        let indexes = snapshot.indexes.values().flatten().filter(|index| index.suite == *suite.suite());
        let packages: BTreeSet<(&str, &str)> = indexes
            .flat_map(|index| index.index.iter())
            .map(|package| (package.source_name(), package.source_version_text()))
            .collect();
        let owned = |(source, version): (&str, &str)| (source.to_owned(), version.to_owned());
        let seen = SuiteObservation {
            suite: suite.suite().to_string(),
            digest: suite.in_release.digest.clone(),
            date: suite.in_release.date,
            received: suite.in_release.received,
        };
        (seen, packages.into_iter().map(owned).collect())
    };
    snapshot.suites.iter().map(of_suite).collect()
}
