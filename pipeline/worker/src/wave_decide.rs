//! What a wave decides: which images are to be built, and which are left alone without a look at any index.
//!
//! In: locks, publications, what was found in them. Out: a [`Decision`] each.

use std::collections::BTreeSet;

use assemble::{BUILDER, ImageLock};
use blob::Digest;
use jiff::Timestamp;
use plan::{Decision, ImageOutcome, Outcome, Publication, decide};
use scan::Finding;

use crate::scanning::Scannable;
use crate::served::is_served;
use crate::wanted::{chosen_platforms, definition_digest};
use crate::{Failure, ObservedSuite, Publisher, Wave, WaveRequest};

impl Wave {
    /// What is to be done with an image, and what is published of it. Without a publisher, what is said of it does not count.
    pub async fn decide(
        &self,
        lock: &ImageLock,
        publishing: Option<&Publisher>,
    ) -> Result<(Decision, Option<Publication>), Failure> {
        let published = self.publications.get(&lock.name).filter(|it| is_served(&self.store, it));
        let findings = match &published {
            Some(published) if !published.lock.same_inputs(lock) => self.findings(published).await?,
            _ => Vec::new(),
        };
        let unsaid = published.as_ref().and_then(|it| publishing?.unsaid(it));
        let decision = match (decide(lock, published.as_ref(), &findings, BUILDER), unsaid) {
            (Decision::UpToDate, Some(reason)) => Decision::Rebuild(vec![reason]),
            (decision, _) => decision,
        };
        Ok((decision, published))
    }

    /// What is found in an image by what is known now, on all of its platforms.
    async fn findings(&self, published: &Publication) -> Result<Vec<Finding>, Failure> {
        let scanned = self.scanner.scan(Scannable::published(published), Timestamp::now()).await?;
        Ok(scanned.into_iter().flat_map(|it| it.report.findings).collect())
    }

    pub(crate) fn keep(&self, lock: ImageLock, published: Publication) -> Result<ImageOutcome, Failure> {
        let outcome = Outcome::UpToDate { index: published.index.clone() };
        let image = lock.name.clone();
        self.publications.put(&Publication { lock, ..published })?;
        Ok(ImageOutcome { image, outcome })
    }

    /// If neither the archive nor we changed anything since everything was published: the outcomes, at once.
    pub(crate) fn unchanged(
        &self,
        names: &[String],
        request: &WaveRequest,
        suites: &[ObservedSuite],
        publishing: &Publisher,
    ) -> Option<Vec<ImageOutcome>> {
        let seen: Vec<&Digest> = suites.iter().map(|suite| &suite.in_release.digest).collect();
        let keep = |name: &String| {
            let published =
                self.publications.get(name).filter(|it| it.builder == BUILDER && is_served(&self.store, it))?;
            let published = Some(published).filter(|it| publishing.unsaid(it).is_none())?;
            let known: Vec<&Digest> = published.lock.snapshot.iter().map(|suite| &suite.in_release).collect();
            let definition = definition_digest(&self.builder.catalogue, name).ok()?;
            let wanted = chosen_platforms(self.builder.catalogue.get(name).ok()?, &request.platforms);
            let wanted: BTreeSet<String> = wanted.into_iter().map(ToString::to_string).collect();
            let same = known == seen
                && definition == published.lock.definition
                && wanted.iter().eq(published.lock.platforms.keys());
            same.then(|| ImageOutcome { image: name.clone(), outcome: Outcome::UpToDate { index: published.index } })
        };
        names.iter().map(keep).collect()
    }
}
