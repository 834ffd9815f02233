//! What the pages show at one moment.
//!
//! In: nothing; [`Status`](crate::status::Status) makes it. Out: [`View`], which pages, API and metrics only write down.

use assemble::Definition;
use jiff::Timestamp;
use plan::{Outcome, Publication};

use crate::findings::Known;
use crate::status::{LastBuild, Undelivered};

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
    /// What could not be published to other registries.
    pub(crate) undelivered: Vec<Undelivered>,
    /// All images of the catalogue, and what is published beside it.
    pub(crate) images: Vec<ImageView>,
    /// What is known of vulnerabilities.
    pub(crate) known: Known,
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
