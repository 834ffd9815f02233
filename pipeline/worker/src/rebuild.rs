//! Builds an image again from its provenance alone, and compares.
//!
//! In: a [`Recipe`] and a state folder with its content store. Out: a [`Rebuilt`] image, made without any layer or segment that was made before: only
//! packages are taken from the content store, each checked against its digest while it is read. Nothing is published.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::build::Builder;
use crate::chain::RulesCache;
use crate::image_build::BuiltImage;
use crate::provenance::{BuildTimes, builder};
use crate::recipe::Recipe;
use crate::wave::Wave;
use crate::{DiskError, Failure, Layers, Segments, Whose, blocking};

/// An image that was built again.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// What came out; its layers' files are gone.
    pub image: BuiltImage,
    /// When.
    pub times: BuildTimes,
    /// Where the packages came from, in words.
    pub sources: Vec<String>,
}

impl Wave {
    /// Builds a recipe again; `snapshots` is the address of a service that keeps packages which the archive no longer has. `state` is the state
    /// folder: only packages are added to it.
    pub async fn rebuild(&self, recipe: &Recipe, snapshots: Option<&str>, state: &Path) -> Result<Rebuilt, Failure> {
        let started = Timestamp::now();
        let failed = |error| Failure::from(DiskError::new("make a folder in", state, error));
        let scratch = tempfile::Builder::new().prefix(".rebuild-").tempdir_in(state).map_err(failed)?;
        let wave = Self { builder: self.fresh_builder(recipe, scratch.path())?, ..self.clone() };
        let locks = [recipe.lock.clone()];
        let sources = wave.fetch_locked(&locks, snapshots).await?;
        let work = wave.builder.clone();
        let built = blocking(move || {
            let built = work.build(&locks);
            drop(scratch);
            built
        });
        let image = one(built.await)?;
        Ok(Rebuilt { image, times: BuildTimes { started, finished: Timestamp::now() }, sources: sources.words() })
    }

    /// Nothing that was made before, and the recipe's definitions.
    fn fresh_builder(&self, recipe: &Recipe, scratch: &Path) -> Result<Builder, Failure> {
        Ok(Builder {
            catalogue: Arc::new(recipe.catalogue.clone()),
            segments: Segments::of_state(scratch)?,
            layers: Layers::of_state(scratch)?,
            rules: RulesCache::default(),
            ..self.builder.clone()
        })
    }
}

fn one(built: Vec<Result<BuiltImage, Arc<Failure>>>) -> Result<BuiltImage, Failure> {
    let none = || Err(Arc::new(Failure::new(Whose::Defect, "a lock was not built")));
    let whole = |shared: Arc<Failure>| Failure::new(shared.whose(), shared.chain());
    built.into_iter().next().unwrap_or_else(none).map_err(|failure| Arc::try_unwrap(failure).unwrap_or_else(whole))
}

impl Rebuilt {
    /// The report that this image came out of a provenance; `payload` is the payload of the provenance's statement.
    pub fn report(&self, payload: &[u8]) -> signing::RebuildReport {
        let digests = |digest: &blob::Digest| [(digest.algorithm().name().to_owned(), digest.hex().to_owned())].into();
        signing::RebuildReport {
            provenance: digests(&blob::Digest::of(payload)),
            rebuilt: digests(&self.image.descriptor.digest),
            builder: builder(),
            sources: self.sources.clone(),
            started_on: self.times.started,
            finished_on: self.times.finished,
        }
    }
}
