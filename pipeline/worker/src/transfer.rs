//! Carries out one copy of images, and says how much it was.
//!
//! In: two places, tags. Out: [`Amounts`], or a [`Failure`] that says whose it is. Stopped at any moment it is simply run again.

use std::sync::Mutex;

use oci::Tag;
use registry::{CopyError, CopyOptions, Named, Place, copy_untagged};

use crate::send_progress::{Listener, Totals};
use crate::{Amounts, Event, Failure, Reporter, Whose};

/// Copies what is wanted: each source tag or digest, and the tags that lead to it in the target.
pub async fn copy_images(
    source: &Place,
    target: &Place,
    wanted: &[(Named, Vec<Tag>)],
    options: &CopyOptions,
    reporter: Reporter,
) -> Result<Amounts, Failure> {
    let totals = Totals::new(reporter);
    let planned = Mutex::default();
    let finished = transfer(source, target, wanted, options, &Listener::new(&totals, &planned), async || Ok(())).await;
    (totals.reporter())(Event::SendDone);
    finished
}

/// `check` looks at what the target has before any tag that was asked for moves.
pub(crate) async fn transfer(
    source: &Place,
    target: &Place,
    wanted: &[(Named, Vec<Tag>)],
    options: &CopyOptions,
    listener: &Listener<'_>,
    check: impl AsyncFnOnce() -> Result<(), Failure>,
) -> Result<Amounts, Failure> {
    let untagged = copy_untagged(source, target, wanted, options, listener).await?;
    if !options.dry_run {
        check().await?;
    }
    let amounts = Amounts::from(&untagged.move_tags().await?);
    Ok(if options.dry_run { amounts.planned(listener.planned()) } else { amounts })
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Client(error) => error.into(),
            other => Self::new(Whose::Policy, other),
        }
    }
}
