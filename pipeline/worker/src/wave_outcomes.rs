//! What a wave tells the ledger of images that it could not publish: whose turn it is, and why.
//!
//! In: outcomes. Out: hindrances, which open fixes name, and an event for each new one. What cannot be written is told to the log: the next wave
//! says it again.

use jiff::Timestamp;
use plan::{ImageOutcome, Outcome, Whose};
use scan::Turn;
use store::{Event, EventKind, StoreError};

use crate::wave::failed;
use crate::{Failure, Wave, WaveRequest};

impl Wave {
    /// Remembers what stands in the way of each image.
    pub(crate) async fn remember(&self, outcomes: &[ImageOutcome]) {
        let ledger = &self.scanner.ledger;
        let known = ledger.hindrances().await.unwrap_or_default();
        for one in outcomes {
            let turn = turn(&one.outcome);
            let is_known = known.get(&one.image).map(|it| &it.turn) == turn.as_ref();
            if !is_known && let Err(error) = self.set_turn(&one.image, turn.as_ref()).await {
                tracing::error!(image = one.image, "the ledger does not know what stands in the way: {error}");
            }
        }
    }

    /// Remembers that the whole wave failed: it stands in the way of each of its images.
    pub(crate) async fn remember_failure(&self, request: &WaveRequest, failure: &Failure) {
        let names = self.by_release(request).unwrap_or_default().into_values().flatten();
        let outcomes: Vec<ImageOutcome> = names.map(|name| failed(name, failure)).collect();
        self.remember(&outcomes).await;
    }

    async fn set_turn(&self, image: &str, turn: Option<&Turn>) -> Result<(), StoreError> {
        let at = Timestamp::now();
        self.scanner.ledger.set_turn(image, turn, at).await?;
        let Some(Turn::Blocked { reason } | Turn::Upstream { reason }) = turn else { return Ok(()) };
        let event = Event {
            at,
            image: Some(image.to_owned()),
            platform: None,
            kind: EventKind::Blocked,
            line: reason.clone(),
            detail: None,
        };
        self.scanner.ledger.record_event(&event).await
    }
}

/// Whose turn it is with an image.
fn turn(outcome: &Outcome) -> Option<Turn> {
    match outcome {
        Outcome::Failed { whose: Whose::Upstream, message } => Some(Turn::Upstream { reason: message.clone() }),
        Outcome::Failed { message, .. } => Some(Turn::Blocked { reason: message.clone() }),
        Outcome::UpToDate { .. } | Outcome::Published { .. } => None,
    }
}
