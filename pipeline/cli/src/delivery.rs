//! Publishes to other registries what the waves of `bedplate up` published here.
//!
//! In: the settings' `publish`, and after each wave a [`Wave`]. Out: [`Sent`]s of what changed since this process published it. What failed
//! is tried again after the next wave. A wave never waits for this: who comes while one delivery runs is turned away.

use std::sync::Arc;

use tokio::sync::Mutex;
use worker::{ImageTags, SendResult, Sending, Sent, Signers, TargetSettings, Targets, Wave};

/// Where to deliver, and what.
pub(crate) struct Delivery {
    targets: Targets,
    images: Vec<String>,
    busy: Mutex<()>,
}

impl Delivery {
    /// Delivers these images, or all where none is named. Certificates are read here, so that mistakes show at once.
    pub(crate) fn new(settings: &[TargetSettings], images: &[String], wave: &Wave) -> anyhow::Result<Self> {
        let targets = Targets::new(settings, Arc::clone(&wave.builder.reporter))?;
        Ok(Self { targets, images: images.to_vec(), busy: Mutex::new(()) })
    }

    /// Publishes what changed; says what became of it.
    pub(crate) async fn run(&self, wave: &Wave, signers: &Signers) -> Vec<Sent> {
        if self.targets.is_empty() {
            return Vec::new();
        }
        let Ok(_busy) = self.busy.try_lock() else { return Vec::new() };
        let images = match wave.publications.all() {
            Ok(all) => all
                .iter()
                .filter(|one| self.is_wanted(&one.image))
                .filter_map(|one| ImageTags::try_from(one).ok())
                .collect(),
            Err(error) => {
                tracing::error!("nothing is published to other registries: {error}");
                Vec::new()
            }
        };
        let sent = self.targets.publish(&wave.store, signers, &images, Sending::Changed).await;
        sent.iter().for_each(log);
        sent
    }

    fn is_wanted(&self, image: &str) -> bool {
        self.images.is_empty() || self.images.iter().any(|name| name == image)
    }
}

/// 3 if something is not where it should be, else 0.
pub(crate) fn exit_code(sent: &[Sent]) -> u8 {
    if sent.iter().all(Sent::is_good) { 0 } else { 3 }
}

fn log(sent: &Sent) {
    match &sent.result {
        SendResult::Published { .. } => tracing::info!(image = sent.image, to = sent.name, "published"),
        SendResult::Failed { whose, message } => {
            tracing::warn!(image = sent.image, to = sent.name, %whose, "not published, tried again after the next wave: {message}");
        }
    }
}
