//! A wave: one look at the archive, and everything that follows from it.
//!
//! In: which images and platforms. Out: a [`WaveSummary`] with what became of each image. The steps are observe,
//! resolve, decide, fetch, build, publish; if the mirror moves on while packages are fetched, the wave starts again
//! from a new snapshot. When nothing changed, only the `InRelease` files are read.

use std::sync::Arc;
use std::time::Instant;

use assemble::ImageLock;
use jiff::Timestamp;
use oci::Platform;
use plan::{Decision, ImageOutcome, Outcome, Reason, WaveSummary};
use registry::Store;

use crate::build::Builder;
use crate::failure::chain;
use crate::image_build::BuiltImage;
use crate::scanning::Scanner;
use crate::served::is_served;
use crate::snapshot::Wanted;
use crate::wanted::Wants;
use crate::{
    Archive, BuildTimes, Client, Event, Failure, Indexes, Observer, Publications, Publisher, SegmentWork, Snapshot,
    WantedDeb, blocking,
};

/// How often a mirror may move on in mid-wave.
const ATTEMPTS: u32 = 3;

/// What a wave is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaveRequest {
    /// Names of images; empty: all of the catalogue.
    pub images: Vec<String>,
    /// Platforms; empty: all of each definition.
    pub platforms: Vec<Platform>,
}

/// When a wave began to build.
#[derive(Clone, Copy)]
struct Begin {
    instant: Instant,
    time: Timestamp,
}

/// Everything that waves need; made once.
#[derive(Clone)]
pub struct Wave {
    /// Builds.
    pub builder: Builder,
    /// Reads the archive.
    pub observer: Observer,
    /// Fetches.
    pub client: Client,
    /// Where the archive is.
    pub archive: Arc<Archive>,
    /// Package indexes.
    pub indexes: Indexes,
    /// What is published.
    pub publications: Publications,
    /// Our registry.
    pub store: Arc<Store>,
    /// Scans, and remembers.
    pub scanner: Scanner,
}

impl Wave {
    /// Runs one wave. Failures of single images are in the summary; an error means that there was none to speak of.
    pub async fn run(&self, request: &WaveRequest, publishing: &Publisher) -> Result<WaveSummary, Failure> {
        let mut attempt = 1;
        loop {
            match Box::pin(self.attempt(request, publishing)).await {
                Err(failure) if failure.is_mirror_moved_on() && attempt < ATTEMPTS => {
                    attempt += 1;
                    self.tell(Event::ObserveRestarted { attempt, reason: failure.chain() });
                }
                Err(failure) => {
                    self.remember_failure(request, &failure).await;
                    return Err(failure);
                }
                finished => return finished,
            }
        }
    }

    async fn attempt(&self, request: &WaveRequest, publishing: &Publisher) -> Result<WaveSummary, Failure> {
        let mut summary = WaveSummary::default();
        for (release, names) in self.by_release(request)? {
            let wanted = self.wanted(&release, &names, request)?;
            let suites = self.observer.observe_suites(&wanted, Timestamp::now()).await?;
            if let Some(outcomes) = self.unchanged(&names, request, &suites, publishing) {
                self.tell_all(&outcomes);
                summary.images.extend(outcomes);
                continue;
            }
            let snapshot = self.snapshot(&wanted, suites).await?;
            self.scanner.observed(&snapshot).await?;
            summary.images.extend(Box::pin(self.evaluate(names, request, snapshot, publishing)).await?);
        }
        summary.images.sort_by(|a, b| a.image.cmp(&b.image));
        self.remember(&summary.images).await;
        Ok(summary)
    }

    async fn snapshot(&self, wanted: &Wanted, suites: Vec<crate::ObservedSuite>) -> Result<Snapshot, Failure> {
        match self.observer.complete(wanted, &self.indexes, suites).await {
            Err(failure) if failure.is_mirror_moved_on() => {
                self.observer.observe_all(wanted, &self.indexes, Timestamp::now()).await
            }
            finished => finished,
        }
    }

    /// The locks of images as the archive would give them now, each with the reason where there is none.
    pub async fn locks(&self, request: &WaveRequest) -> Result<Vec<(String, Result<ImageLock, Failure>)>, Failure> {
        let mut all = Vec::new();
        for (release, names) in self.by_release(request)? {
            let wanted = self.wanted(&release, &names, request)?;
            let snapshot = self.observer.observe_all(&wanted, &self.indexes, Timestamp::now()).await?;
            all.extend(self.resolve(names, request, snapshot).await);
        }
        Ok(all)
    }

    async fn resolve(
        &self,
        names: Vec<String>,
        request: &WaveRequest,
        snapshot: Snapshot,
    ) -> Vec<(String, Result<ImageLock, Failure>)> {
        let (catalogue, platforms) = (Arc::clone(&self.builder.catalogue), request.platforms.clone());
        blocking(move || {
            let wants = Wants::new(&catalogue, &snapshot);
            let lock = |name: String| {
                let lock = wants.lock(&name, &platforms).map_err(Failure::from);
                (name, lock)
            };
            names.into_iter().map(lock).collect()
        })
        .await
    }

    async fn evaluate(
        &self,
        names: Vec<String>,
        request: &WaveRequest,
        snapshot: Snapshot,
        publishing: &Publisher,
    ) -> Result<Vec<ImageOutcome>, Failure> {
        let begin = Begin { instant: Instant::now(), time: Timestamp::now() };
        let mut outcomes = Vec::new();
        let mut due = Vec::new();
        for (image, lock) in self.resolve(names, request, snapshot).await {
            match lock {
                Err(failure) => outcomes.push(failed(image, &failure)),
                Ok(lock) => match self.decide(&lock, Some(publishing)).await? {
                    (Decision::UpToDate, Some(published)) => outcomes.push(self.keep(lock, published)?),
                    (Decision::Rebuild(reasons), _) => due.push((lock, reasons)),
                    (Decision::UpToDate, None) => due.push((lock, Vec::new())),
                },
            }
        }
        self.tell_all(&outcomes);
        outcomes.extend(self.carry_out(due, begin, publishing).await?);
        Ok(outcomes)
    }

    async fn carry_out(
        &self,
        due: Vec<(ImageLock, Vec<Reason>)>,
        begin: Begin,
        publishing: &Publisher,
    ) -> Result<Vec<ImageOutcome>, Failure> {
        let (locks, reasons): (Vec<ImageLock>, Vec<Vec<Reason>>) = due.into_iter().unzip();
        self.fetch(&locks).await?;
        let (builder, work) = (self.builder.clone(), locks.clone());
        let built = blocking(move || builder.build(&work)).await;
        let mut outcomes = Vec::new();
        for ((lock, reasons), built) in locks.into_iter().zip(reasons).zip(built) {
            let outcome = match built {
                Ok(built) => self.publish(built, reasons, begin, publishing).await,
                Err(failure) => failed(lock.name, &failure),
            };
            self.tell(Event::ImageDone(outcome.clone()));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Brings the .debs that building needs and that are not at hand.
    pub async fn fetch(&self, locks: &[ImageLock]) -> Result<(), Failure> {
        let missing = self.builder.missing_packages(locks)?;
        let wanted: Vec<WantedDeb> = missing.iter().map(|work| self.wanted_deb(work)).collect();
        self.builder.debs.fetch_all(&self.client, &wanted).await?;
        Ok(())
    }

    pub(crate) fn wanted_deb(&self, work: &SegmentWork) -> WantedDeb {
        let package = &work.package;
        WantedDeb {
            name: package.name.clone(),
            version: package.version.to_string(),
            digest: package.sha256.clone(),
            size: package.size,
            path: package.path.clone(),
            base: self.archive.part_of(&package.suite).base.clone(),
        }
    }

    async fn publish(
        &self,
        built: BuiltImage,
        reasons: Vec<Reason>,
        begin: Begin,
        publishing: &Publisher,
    ) -> ImageOutcome {
        let image = built.lock.name.clone();
        let published = self.publications.get(&image).filter(|it| is_served(&self.store, it));
        let times = BuildTimes { started: begin.time, finished: Timestamp::now() };
        let result = publishing.publish(built, published.clone(), &reasons, times).await;
        match result.and_then(|made| self.publications.put(&made).map(|()| made).map_err(Failure::from)) {
            Err(failure) => failed(image, &failure),
            Ok(made) if published.is_some_and(|it| it.index == made.index) => {
                ImageOutcome { image, outcome: Outcome::UpToDate { index: made.index } }
            }
            Ok(made) => {
                let reasons = reasons.iter().map(ToString::to_string).collect();
                let milliseconds = u64::try_from(begin.instant.elapsed().as_millis()).unwrap_or(u64::MAX);
                ImageOutcome { image, outcome: Outcome::Published { index: made.index, reasons, milliseconds } }
            }
        }
    }

    fn tell_all(&self, outcomes: &[ImageOutcome]) {
        for outcome in outcomes {
            self.tell(Event::ImageDone(outcome.clone()));
        }
    }

    fn tell(&self, event: Event) {
        (self.builder.reporter)(event);
    }
}

pub(crate) fn failed(image: String, failure: &Failure) -> ImageOutcome {
    ImageOutcome { image, outcome: Outcome::Failed { whose: failure.whose(), message: chain(failure) } }
}
