//! What is published is scanned again when something new is known, or the archive has something new. Nothing is built.
//!
//! In: publications, what is known now and what was known at the last rescan. Out: a [`Rescan`] that says which images were looked at and what
//! appeared or went. Only images that hold a source with a changed row are looked at; where other feeds changed, or nobody knows what was
//! known before, all are. What is said about an image is replaced when findings differ, and when it has become old.

use std::collections::BTreeSet;
use std::time::Duration;

use blob::Digest;
use jiff::Timestamp;
use plan::Publication;
use registry::Place;
use scan::{FeedKind, Knowledge, Moments, Standing};
use serde::Serialize;
use store::{FindingChanges, PublishedImage};

use crate::attach::{Subject, attach};
use crate::failure::chain;
use crate::feeds::Previous;
use crate::scanning::statements::{Said, sayings, withdrawn};
use crate::scanning::{Scannable, ScannedPlatform, Scanner};
use crate::{Failure, Publications, Publisher, Whose, blocking};

/// A report that nothing changed in is said anew after this time, so that whoever reads it sees that somebody looked.
const SAY_AGAIN_AFTER: Duration = Duration::from_hours(12);

/// What a rescan did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rescan {
    /// The images that were looked at.
    pub images: Vec<String>,
    /// Those whose statements were replaced.
    pub restated: Vec<String>,
    /// What appeared, went, or has another status.
    pub changes: FindingChanges,
    /// Images that could not be scanned, and why.
    pub failures: Vec<(String, String)>,
}

/// Which images are to be looked at.
enum Scope {
    Nothing,
    Everything,
    /// Those that hold a source with a changed row: (source, codename of the release).
    Holding(Vec<(String, String)>),
}

impl Publisher {
    /// Scans what is published again, as far as what is known or what the archive has changed since the last time. Failures of single images
    /// are in the result, and the next rescan looks at them again.
    pub async fn rescan(&self, publications: &Publications, now: Timestamp) -> Result<Rescan, Failure> {
        let all = publications.all()?;
        for published in &all {
            self.recall(published).await?;
        }
        let archive = self.scanner.archive_state().await?;
        let everything = !self.scanner.is_looked_at(&archive);
        let scanner = self.scanner.clone();
        let (knowledge, scope) = blocking(move || {
            let knowledge = scanner.feeds.knowledge()?;
            let scope = if everything { Scope::Everything } else { scanner.scope(&knowledge)? };
            Ok::<_, Failure>((knowledge, scope))
        })
        .await?;
        let mut rescan = Rescan::default();
        let standing = Standing::of(&knowledge.feeds, now, self.scanner.feeds.stale_after());
        for published in self.chosen(all, scope, standing).await? {
            match self.rescan_one(publications, &published, now, &mut rescan).await {
                Ok(()) => rescan.images.push(published.image),
                Err(failure) => rescan.failures.push((published.image, chain(&failure))),
            }
        }
        if rescan.failures.is_empty() {
            let scanner = self.scanner.clone();
            blocking(move || scanner.feeds.rescanned(&knowledge)).await?;
            self.scanner.set_looked_at(archive);
        }
        Ok(rescan)
    }

    /// Sees to it that the ledger knows of a publication: it may have been lost since, or the process stopped before it was told.
    pub(crate) async fn recall(&self, published: &Publication) -> Result<(), Failure> {
        let unknown = Moments { decided: None, built: None, scanned: None, signed: None, tagged: published.published };
        self.scanner.ledger.published(&PublishedImage::of(published, unknown, &[])).await?;
        Ok(())
    }

    /// Those in the scope, and those of which something old is said.
    async fn chosen(
        &self,
        all: Vec<Publication>,
        scope: Scope,
        standing: Standing,
    ) -> Result<Vec<Publication>, Failure> {
        let changed = match scope {
            Scope::Nothing => Vec::new(),
            Scope::Everything => return Ok(all),
            Scope::Holding(changed) => changed,
        };
        let affected = self.scanner.ledger.inventories_with(&changed).await?;
        let names: BTreeSet<&str> = affected.iter().map(|image| image.image.as_str()).collect();
        let is_chosen = |it: &Publication| names.contains(it.image.as_str()) || is_old(it.attested.scan, standing);
        Ok(all.into_iter().filter(is_chosen).collect())
    }

    async fn rescan_one(
        &self,
        publications: &Publications,
        published: &Publication,
        now: Timestamp,
        rescan: &mut Rescan,
    ) -> Result<(), Failure> {
        let scanned = self.scanner.scan(Scannable::published(published), now).await?;
        let Some(standing) = scanned.first().map(|it| it.report.standing).filter(|it| *it != Standing::Absent) else {
            return Ok(());
        };
        let verdict = self.scanner.judge(&published.image, &scanned, None, now).await?;
        if self.is_due(published, &scanned, standing).await? {
            let said = Said {
                name: &published.attested.name,
                index: &published.index,
                scanned: &scanned,
                verdict: &verdict,
                created: published.created,
            };
            self.restate(publications, published, &said, standing).await?;
            rescan.restated.push(published.image.clone());
        }
        rescan.changes.extend(self.scanner.remember(&published.image, &scanned, &verdict, now).await?);
        self.scanner.account(published, None).await
    }

    /// Whether what is said about an image is to be replaced.
    async fn is_due(
        &self,
        published: &Publication,
        scanned: &[ScannedPlatform],
        standing: Standing,
    ) -> Result<bool, Failure> {
        for it in scanned {
            let former = self.scanner.ledger.report_of(&it.manifest).await?;
            let same = former.is_some_and(|former| {
                (&former.report.findings, &former.report.remarks) == (&it.report.findings, &it.report.remarks)
            });
            if !same {
                return Ok(true);
            }
        }
        Ok(is_old(published.attested.scan, standing))
    }

    /// Puts the new statements in the place of the former ones.
    async fn restate(
        &self,
        publications: &Publications,
        published: &Publication,
        said: &Said<'_>,
        standing: Standing,
    ) -> Result<(), Failure> {
        let repository =
            published.repository.parse().map_err(|error: oci::NameError| Failure::new(Whose::Defect, error))?;
        let mut subjects = Vec::new();
        for (digest, statements) in sayings(said)? {
            let stored =
                self.store.manifest(&repository, &digest).map_err(|error| Failure::new(Whose::Policy, error))?;
            let stored = stored.ok_or_else(|| gone(published, &digest))?;
            let withdrawn = withdrawn(&statements);
            subjects.push(Subject { descriptor: stored.descriptor, created: published.created, statements, withdrawn });
        }
        let place = Place::Store(self.store.clone(), repository.clone());
        let made = attach(&place, said.name, subjects, &self.signers).await?;
        let mut kept: BTreeSet<Digest> = published.attested.manifests.iter().cloned().collect();
        kept.retain(|digest| self.store.manifest(&repository, digest).ok().flatten().is_some());
        kept.extend(made);
        let mut published = published.clone();
        published.attested.manifests = kept.into_iter().collect();
        published.attested.scan = Some(standing);
        Ok(publications.put(&published)?)
    }
}

/// Whether what was said stands on data that are old beside those of now.
fn is_old(said: Option<Standing>, now: Standing) -> bool {
    match (said, now) {
        (_, Standing::Absent) => false,
        (Some(Standing::Current { date: before }), Standing::Current { date }) => {
            date.duration_since(before).unsigned_abs() >= SAY_AGAIN_AFTER
        }
        (Some(Standing::Stale { .. }), Standing::Current { .. }) | (Some(Standing::Absent) | None, _) => true,
        (Some(_), Standing::Stale { .. }) => false,
    }
}

fn gone(published: &Publication, digest: &Digest) -> Failure {
    let reason = format!("{digest} of `{}` is remembered as published and is not there", published.image);
    Failure::new(Whose::Policy, reason)
}

impl Scanner {
    /// What has changed since the last rescan that came to its end. Reads files.
    fn scope(&self, knowledge: &Knowledge) -> Result<Scope, Failure> {
        let changed = self.feeds.changed_since_rescan(knowledge);
        let is_tracker =
            |name: &String| knowledge.feeds.iter().any(|feed| feed.kind == FeedKind::Tracker && feed.name == *name);
        if changed.is_empty() {
            return Ok(Scope::Nothing);
        }
        if !changed.iter().all(is_tracker) {
            return Ok(Scope::Everything);
        }
        Ok(match self.feeds.previous_advisories(knowledge)? {
            Previous::Unknown => Scope::Everything,
            Previous::Same => Scope::Nothing,
            Previous::Other(before) => {
                let rows = knowledge.advisories.changes_since(&before);
                let changed: BTreeSet<_> = rows.into_iter().map(|row| (row.source, row.release)).collect();
                Scope::Holding(changed.into_iter().collect())
            }
        })
    }
}
