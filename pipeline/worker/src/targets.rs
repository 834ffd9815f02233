//! Publishes images of our own registry to others: blobs, then manifests by digest, then tags.
//!
//! In: targets, the store, images. Out: for each image at each target a [`Sent`]. Targets are served side by side, and one that fails does
//! not stop the others. Stopped at any moment it is simply run again: what is there is not sent twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use blob::Digest;
use futures_util::future::join_all;
use oci::{INDEX_FILE, Tag};
use registry::{Client, CopyOptions, Named, Place, Reader, Store};

use crate::send_progress::{Listener, Totals};
use crate::sent::{Amounts, SendResult, Sent};
use crate::transfer::transfer;
use crate::verified::{Expected, verify_published};
use crate::{Event, Failure, ImageTags, Reporter, Signers, TargetSettings, Whose};

/// Targets, and what this process has published there.
pub struct Targets {
    all: Vec<Target>,
    reporter: Reporter,
}

struct Target {
    settings: TargetSettings,
    client: Client,
    done: Mutex<BTreeMap<String, Digest>>,
}

/// What is done with images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// All are published.
    All,
    /// Those are published that changed since this process published them.
    Changed,
    /// Nothing is sent: the results say what would be.
    DryRun,
}

impl Targets {
    /// Reads certificates and credentials; nothing is sent.
    pub fn new(settings: &[TargetSettings], reporter: Reporter) -> Result<Self, Failure> {
        let target = |settings: &TargetSettings| {
            let (settings, client) = (settings.clone(), Client::new(settings.client())?);
            Ok(Target { settings, client, done: Mutex::default() })
        };
        Ok(Self { all: settings.iter().map(target).collect::<Result<_, Failure>>()?, reporter })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Publishes images. What `signers` did not sign gets no tag at any target. What a target's settings leave out, and what did not
    /// change, has no result.
    pub async fn publish(
        &self,
        store: &Arc<Store>,
        signers: &Signers,
        images: &[ImageTags],
        sending: Sending,
    ) -> Vec<Sent> {
        let totals = Totals::new(Arc::clone(&self.reporter));
        let run = |target| Run { target, store, signers, sending, totals: &totals, planned: Mutex::default() };
        let results = join_all(self.all.iter().map(|target| run(target).all(images))).await;
        let results: Vec<Sent> = results.into_iter().flatten().collect();
        if !results.is_empty() {
            (self.reporter)(Event::SendDone);
        }
        results
    }
}

/// One target's share of a run.
struct Run<'r> {
    target: &'r Target,
    store: &'r Arc<Store>,
    signers: &'r Signers,
    sending: Sending,
    totals: &'r Totals,
    /// Blobs that this run would have brought, if it is a dry one.
    planned: Mutex<BTreeSet<Digest>>,
}

impl Run<'_> {
    /// One image after the other: so what two of them have in common is sent once, and mounted then.
    async fn all(self, images: &[ImageTags]) -> Vec<Sent> {
        let mut results = Vec::new();
        for image in images {
            let Some(tags) = self.target.settings.chosen(image) else { continue };
            let state = self.state(image, &tags).await;
            if self.sending == Sending::Changed && self.target.is_done(image, state.as_ref()) {
                continue;
            }
            let sent = self.one(image, tags).await;
            if sent.is_good() && self.sending != Sending::DryRun {
                self.target.set_done(image, state);
            }
            (self.totals.reporter())(Event::ImageSent(Box::new(sent.clone())));
            results.push(sent);
        }
        results
    }

    async fn one(&self, image: &ImageTags, tags: BTreeSet<Tag>) -> Sent {
        let to = &self.target.settings.to;
        let result = match self.copy(image, &tags).await {
            Ok(amounts) => SendResult::Published { amounts },
            Err(failure) => SendResult::Failed { whose: failure.whose(), message: failure.chain() },
        };
        let name = match to.repository(&image.repository) {
            Ok(repository) => format!("{}/{repository}", to.registry),
            Err(_) => format!("{to}/{}", image.repository),
        };
        Sent { target: to.clone(), image: image.image.clone(), name, index: image.index.clone(), tags, result }
    }

    async fn copy(&self, image: &ImageTags, tags: &BTreeSet<Tag>) -> Result<Amounts, Failure> {
        let to = &self.target.settings.to;
        let repository = to.repository(&image.repository).map_err(|error| Failure::new(Whose::Policy, error))?;
        let source = Place::Store(Arc::clone(self.store), image.repository.clone());
        let target = Place::Remote(self.target.client.repository(&to.registry, repository));
        let wanted = [(Named::Digest(image.index.clone()), tags.iter().cloned().collect())];
        let options = CopyOptions { dry_run: self.sending == Sending::DryRun, ..CopyOptions::default() };
        let listener = Listener::new(self.totals, &self.planned);
        transfer(&source, &target, &wanted, &options, &listener, async || self.verify(&target, image).await).await
    }

    /// Whether what the target has can be verified by whoever pulls it.
    async fn verify(&self, target: &Place, image: &ImageTags) -> Result<(), Failure> {
        let all: Vec<&Digest> = image.platforms.iter().chain([&image.index]).collect();
        verify_published(&Reader::open(target).await?, &Expected { name: &image.name, signers: self.signers }, &all)
            .await
    }

    /// What the image's repository holds and which of it is wanted; another state has to be looked at again.
    async fn state(&self, image: &ImageTags, tags: &BTreeSet<Tag>) -> Option<Digest> {
        let path = self.store.layout_path(&image.repository).join(INDEX_FILE);
        let list = tokio::fs::read(path).await.ok()?;
        Some(Digest::of(format!("{}\n{tags:?}\n{}", image.index, Digest::of(list))))
    }
}

impl Target {
    fn is_done(&self, image: &ImageTags, state: Option<&Digest>) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_some() && done.get(&image.image) == state
    }

    fn set_done(&self, image: &ImageTags, state: Option<Digest>) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        state.map(|state| done.insert(image.image.clone(), state));
    }
}
