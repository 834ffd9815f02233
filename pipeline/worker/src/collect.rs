//! Collects what nobody needs any longer: in the registry, and in the caches of the state folder.
//!
//! In: a store, what may go, and a [`Builder`] where the state folder is held. Out: a [`Collection`] that says what went. The registry is
//! collected while others pull and push; may be stopped at any moment and run again.

use std::time::Duration;

use plan::Publication;
use registry::{Collected, Collecting, Retention, Store, StoreError};
use serde::Serialize;

use crate::{Builder, CacheSweep, CacheUse, Failure, Whose};

/// What a collection removed, or would remove.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Collection {
    /// Names the form of this value.
    pub schema: &'static str,
    /// Whether nothing was removed, only looked at.
    pub dry_run: bool,
    /// By repository; those in which nothing was found too.
    pub repositories: Vec<Collected>,
    /// How many uploads that nobody went on with.
    pub uploads: usize,
    /// By cache; absent where the caches were left alone because the state folder was in use.
    pub caches: Option<Vec<CacheUse>>,
}

impl Collection {
    /// The bytes that the disk gets back.
    pub fn freed_bytes(&self) -> u64 {
        let caches = self.caches.iter().flatten().map(|cache| cache.freed_bytes);
        self.repositories.iter().map(|repository| repository.bytes).chain(caches).sum()
    }

    /// Whether some repository was left alone because one of its manifests cannot be read.
    pub fn is_partial(&self) -> bool {
        self.repositories.iter().any(|repository| !repository.unreadable.is_empty())
    }
}

/// Collects the registry first, because a layer in a cache frees nothing while the registry has it too.
pub fn collect(
    store: &Store,
    builder: Option<(&Builder, &[Publication])>,
    older_than: Duration,
    collecting: Collecting,
) -> Result<Collection, Failure> {
    let retention = Retention { untagged: older_than, ..Retention::default() };
    let failed = |error: StoreError| Failure::new(Whose::Policy, error);
    let names = store.repositories().map_err(failed)?;
    let repositories = names.iter().map(|name| store.collect(name, &retention, collecting).map_err(failed));
    let repositories = repositories.collect::<Result<_, _>>()?;
    let uploads = store.sweep_uploads(&retention, collecting).map_err(failed)?;
    let dry_run = collecting == Collecting::DryRun;
    let sweep = CacheSweep { older_than, dry_run };
    let caches = builder.map(|(builder, published)| builder.sweep_caches(published, sweep)).transpose()?;
    Ok(Collection { schema: "bedplate.gc/v1", dry_run, repositories, uploads, caches })
}
