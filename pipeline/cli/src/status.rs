//! What the status page knows: the publications on disk, the catalogue, and what the waves of this process did.
//!
//! In: the end of each wave, the time of the next. Out: a [`View`] of one moment, which pages and API only write down.
//! What is published is read from disk each time, so that another process's work shows too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use assemble::{Catalogue, Definition};
use jiff::Timestamp;
use plan::{Outcome, Publication, WaveSummary};
use serde::Serialize;
use worker::{Publications, SendResult, Sent, Whose};

use crate::findings::{Findings, Known};
pub(crate) use crate::status_view::{ImageView, View};

/// What the page knows, shared by the factory that tells it and the server that shows it.
pub(crate) struct Status {
    publications: Publications,
    catalogue: Arc<Catalogue>,
    /// Where what is known of vulnerabilities comes from.
    pub(crate) findings: Findings,
    scheme: String,
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
    undelivered: BTreeMap<(String, String), Undelivered>,
}

/// An image that is not where the settings want it beside our own registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Undelivered {
    /// The image.
    pub(crate) image: String,
    /// Its name at the other registry.
    pub(crate) to: String,
    /// When that was tried last.
    pub(crate) at: Timestamp,
    /// Who has to do something.
    pub(crate) whose: Whose,
    /// What went wrong.
    pub(crate) message: String,
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

impl Status {
    /// Nothing evaluated yet. `url` is where people reach the server.
    pub(crate) fn new(publications: Publications, catalogue: Arc<Catalogue>, findings: Findings, url: &str) -> Self {
        let scheme = url.split_once("://").map_or("http", |(scheme, _)| scheme).to_owned();
        Self { publications, catalogue, findings, scheme, last: RwLock::default(), evaluates: true }
    }

    /// Nothing will be evaluated: another process does that, or nobody.
    pub(crate) fn only_served(
        publications: Publications,
        catalogue: Arc<Catalogue>,
        findings: Findings,
        url: &str,
    ) -> Self {
        Self { evaluates: false, ..Self::new(publications, catalogue, findings, url) }
    }

    /// How the server is reached: `http` or `https`.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
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

    /// Images were published to other registries, or could not be.
    pub(crate) fn set_sent(&self, at: Timestamp, sent: &[Sent]) {
        self.change(|last| {
            for one in sent {
                let (image, to) = (one.image.clone(), one.name.clone());
                match &one.result {
                    SendResult::Published { .. } => drop(last.undelivered.remove(&(image, to))),
                    SendResult::Failed { whose, message } => {
                        let (key, whose, message) = ((image.clone(), to.clone()), *whose, message.clone());
                        last.undelivered.insert(key, Undelivered { image, to, at, whose, message });
                    }
                }
            }
        });
    }

    /// When the next evaluation is due.
    pub(crate) fn set_next(&self, at: Timestamp) {
        self.change(|last| last.next = Some(at));
    }

    fn change(&self, change: impl FnOnce(&mut Last)) {
        change(&mut self.last.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything as it is now.
    pub(crate) async fn view(self: &Arc<Self>, now: Timestamp) -> View {
        let status = Arc::clone(self);
        let mut view = worker::blocking(move || status.on_disk(now)).await;
        let published: Vec<&Publication> = view.images.iter().filter_map(|image| image.publication.as_ref()).collect();
        view.known = self.findings.known(&published, now).await;
        view
    }

    /// Everything but what is known of vulnerabilities. Reads files.
    pub(crate) fn on_disk(&self, now: Timestamp) -> View {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (publications, unreadable) = match self.publications.all() {
            Ok(publications) => (publications, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let images = self.images(publications, &last);
        View {
            now,
            evaluates: self.evaluates,
            evaluated: last.evaluated,
            next: last.next,
            error: last.error,
            unreadable,
            undelivered: last.undelivered.into_values().collect(),
            images,
            known: Known::default(),
        }
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

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;
    use crate::status_fixtures::{catalogue, failed, findings, publication, published, up_to_date};

    fn status(folder: &Path) -> Status {
        let publications = Publications::of_state(folder).unwrap();
        publications.put(&publication("python")).unwrap();
        Status::new(publications, Arc::new(catalogue()), findings(folder), "http://x")
    }

    #[test]
    fn is_ready_when_there_is_something_to_pull_or_a_wave_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        assert!(status(folder.path()).on_disk(Timestamp::UNIX_EPOCH).is_ready());
        let empty = tempfile::tempdir().unwrap();
        let publications = || Publications::of_state(empty.path()).unwrap();
        let status = Status::new(publications(), Arc::new(catalogue()), findings(empty.path()), "http://x");
        assert!(!status.on_disk(Timestamp::UNIX_EPOCH).is_ready());
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary::default());
        assert!(status.on_disk(Timestamp::UNIX_EPOCH).is_ready());
        let status = Status::only_served(publications(), Arc::new(catalogue()), findings(empty.path()), "http://x");
        assert!(status.on_disk(Timestamp::UNIX_EPOCH).is_ready(), "nothing is to be awaited");
    }

    #[test]
    fn shows_what_is_in_the_catalogue_and_what_is_published_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let status = status(folder.path());
        status.publications.put(&publication("forgotten")).unwrap();
        let view = status.on_disk(Timestamp::UNIX_EPOCH);
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
        let view = status.on_disk(second);
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
        let view = status.on_disk(Timestamp::UNIX_EPOCH);
        assert_eq!((view.error.clone().unwrap().1.as_str(), view.counts()), ("no network", (1, 1)));
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary { images: vec![up_to_date("python")] });
        assert_eq!(status.on_disk(Timestamp::UNIX_EPOCH).error, None);
    }
}
