//! What the status page knows: the publications on disk, the catalogue, and what the waves of this process did.
//!
//! In: the end of each wave, the time of the next. Out: a [`View`] of one moment, which pages and API only write down.
//! What is published is read from disk each time, so that another process's work shows too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use assemble::{Catalogue, Definition};
use jiff::Timestamp;
use plan::{Outcome, Publication, WaveSummary};
use worker::Publications;

/// What the page knows, shared by the factory that tells it and the server that shows it.
pub(crate) struct Status {
    publications: Publications,
    catalogue: Arc<Catalogue>,
    last: RwLock<Last>,
    evaluates: bool,
}

/// What the waves did, as far as this process saw them.
#[derive(Debug, Clone, Default)]
struct Last {
    evaluated: Option<Timestamp>,
    next: Option<Timestamp>,
    error: Option<(Timestamp, String)>,
    outcomes: BTreeMap<String, Outcome>,
    builds: BTreeMap<String, LastBuild>,
}

/// The last time that an image got a new digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastBuild {
    /// When the wave ended that did it.
    pub(crate) at: Timestamp,
    /// Why, as people read it.
    pub(crate) reasons: Vec<String>,
    /// From the decision to the tag.
    pub(crate) milliseconds: u64,
}

/// Everything at one moment.
#[derive(Debug)]
pub(crate) struct View {
    /// This moment.
    pub(crate) now: Timestamp,
    /// Whether this process evaluates.
    pub(crate) evaluates: bool,
    /// When the last wave ended.
    pub(crate) evaluated: Option<Timestamp>,
    /// When the next is due.
    pub(crate) next: Option<Timestamp>,
    /// Why the last wave did not come to an end, and when that was.
    pub(crate) error: Option<(Timestamp, String)>,
    /// Why the publications cannot be read.
    pub(crate) unreadable: Option<String>,
    /// All images of the catalogue, and what is published beside it.
    pub(crate) images: Vec<ImageView>,
}

/// One image at one moment.
#[derive(Debug)]
pub(crate) struct ImageView {
    /// Its name.
    pub(crate) name: String,
    /// Its definition; none where the catalogue has forgotten it.
    pub(crate) definition: Option<Definition>,
    /// What its tags point to; none where it was never published.
    pub(crate) publication: Option<Publication>,
    /// What became of it in the last wave that looked at it.
    pub(crate) outcome: Option<Outcome>,
    /// Its last build, if this process did it.
    pub(crate) build: Option<LastBuild>,
}

impl Status {
    /// Nothing evaluated yet.
    pub(crate) fn new(publications: Publications, catalogue: Arc<Catalogue>) -> Self {
        Self { publications, catalogue, last: RwLock::default(), evaluates: true }
    }

    /// Nothing will be evaluated: another process does that, or nobody.
    pub(crate) fn only_served(publications: Publications, catalogue: Arc<Catalogue>) -> Self {
        Self { evaluates: false, ..Self::new(publications, catalogue) }
    }

    /// A wave ended.
    pub(crate) fn set_wave(&self, at: Timestamp, summary: WaveSummary) {
        self.change(|last| {
            last.evaluated = Some(at);
            last.error = None;
            for one in summary.images {
                if let Outcome::Published { reasons, milliseconds, .. } = &one.outcome {
                    let build = LastBuild { at, reasons: reasons.clone(), milliseconds: *milliseconds };
                    last.builds.insert(one.image.clone(), build);
                }
                last.outcomes.insert(one.image, one.outcome);
            }
        });
    }

    /// A wave could not be carried out. What was known of the images stays.
    pub(crate) fn set_error(&self, at: Timestamp, message: impl Into<String>) {
        self.change(|last| last.error = Some((at, message.into())));
    }

    /// When the next evaluation is due.
    pub(crate) fn set_next(&self, at: Timestamp) {
        self.change(|last| last.next = Some(at));
    }

    fn change(&self, change: impl FnOnce(&mut Last)) {
        change(&mut self.last.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything as it is now. Reads files.
    pub(crate) fn view(&self, now: Timestamp) -> View {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (publications, unreadable) = match self.publications.all() {
            Ok(publications) => (publications, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let images = self.images(publications, &last);
        let evaluates = self.evaluates;
        View { now, evaluates, evaluated: last.evaluated, next: last.next, error: last.error, unreadable, images }
    }

    fn images(&self, publications: Vec<Publication>, last: &Last) -> Vec<ImageView> {
        let mut published: BTreeMap<String, Publication> =
            publications.into_iter().map(|one| (one.image.clone(), one)).collect();
        let names: BTreeSet<String> = self.catalogue.definitions.keys().chain(published.keys()).cloned().collect();
        let view = |name: String| ImageView {
            definition: self.catalogue.definitions.get(&name).cloned(),
            publication: published.remove(&name),
            outcome: last.outcomes.get(&name).cloned(),
            build: last.builds.get(&name).cloned(),
            name,
        };
        names.into_iter().map(view).collect()
    }

    /// An image's definition and those below it, filled in for its first platform.
    pub(crate) fn chain(&self, name: &str) -> Vec<Definition> {
        let platform = self.catalogue.get(name).ok().and_then(|definition| definition.platforms.first());
        let architecture = platform.and_then(|platform| worker::architecture_of(name, platform).ok());
        architecture.and_then(|it| self.catalogue.expanded_chain(name, it).ok()).unwrap_or_default()
    }
}

impl View {
    /// The image of this name.
    pub(crate) fn image(&self, name: &str) -> Option<&ImageView> {
        self.images.iter().find(|image| image.name == name)
    }

    /// Whether there is something to pull, or nothing more is to be awaited: a wave has said why there is not, or there is none.
    pub(crate) fn is_ready(&self) -> bool {
        let is_over = self.evaluated.is_some() || !self.evaluates;
        self.unreadable.is_none() && (is_over || self.images.iter().any(ImageView::is_published))
    }

    /// How many images are published, and how many failed last time.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let failed = |image: &&ImageView| matches!(image.outcome, Some(Outcome::Failed { .. }));
        (self.images.iter().filter(|image| image.is_published()).count(), self.images.iter().filter(failed).count())
    }
}

impl ImageView {
    /// Whether it can be pulled.
    pub(crate) fn is_published(&self) -> bool {
        self.publication.is_some()
    }

    /// Repository and tag for people: the first of the tags that move.
    pub(crate) fn reference(&self) -> Option<String> {
        let published = self.publication.as_ref()?;
        Some(format!("{}:{}", published.repository, published.tags.first().unwrap_or(&published.fixed_tag)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;
    use crate::status_fixtures::{catalogue, failed, publication, published, up_to_date};

    fn status(folder: &Path) -> Status {
        let publications = Publications::of_state(folder).unwrap();
        publications.put(&publication("python")).unwrap();
        Status::new(publications, Arc::new(catalogue()))
    }

    #[test]
    fn is_ready_when_there_is_something_to_pull_or_a_wave_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        assert!(status(folder.path()).view(Timestamp::UNIX_EPOCH).is_ready());
        let empty = tempfile::tempdir().unwrap();
        let status = Status::new(Publications::of_state(empty.path()).unwrap(), Arc::new(catalogue()));
        assert!(!status.view(Timestamp::UNIX_EPOCH).is_ready());
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary::default());
        assert!(status.view(Timestamp::UNIX_EPOCH).is_ready());
        let status = Status::only_served(Publications::of_state(empty.path()).unwrap(), Arc::new(catalogue()));
        assert!(status.view(Timestamp::UNIX_EPOCH).is_ready(), "nothing is to be awaited");
    }

    #[test]
    fn shows_what_is_in_the_catalogue_and_what_is_published_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let status = status(folder.path());
        status.publications.put(&publication("forgotten")).unwrap();
        let view = status.view(Timestamp::UNIX_EPOCH);
        let images = view.images.iter().map(|it| (it.name.as_str(), it.definition.is_some(), it.is_published()));
        let expected = [("base", true, false), ("forgotten", false, true), ("python", true, true)];
        assert_eq!(images.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn remembers_the_reasons_of_the_last_build_over_waves_that_changed_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let status = status(folder.path());
        let second = Timestamp::from_second(1).unwrap();
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary { images: vec![published("python", &["a 1 → 2"])] });
        status.set_wave(second, WaveSummary { images: vec![up_to_date("python")] });
        let view = status.view(second);
        let image = view.image("python").unwrap();
        assert!(matches!(image.outcome, Some(Outcome::UpToDate { .. })));
        assert_eq!(image.build.as_ref().unwrap().reasons, ["a 1 → 2"]);
    }

    #[test]
    fn an_error_leaves_what_was_known_and_the_next_wave_takes_it_away() {
        let folder = tempfile::tempdir().unwrap();
        let status = status(folder.path());
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary { images: vec![failed("python")] });
        status.set_error(Timestamp::UNIX_EPOCH, "no network");
        let view = status.view(Timestamp::UNIX_EPOCH);
        assert_eq!((view.error.clone().unwrap().1.as_str(), view.counts()), ("no network", (1, 1)));
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary { images: vec![up_to_date("python")] });
        assert_eq!(status.view(Timestamp::UNIX_EPOCH).error, None);
    }
}
