//! How much is done at a time.
//!
//! In: nothing. Out: a permit, or the refusal that tells the client to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::errors::ApiError;

/// So many uploads are written down at a time: each takes up to a megabyte of memory.
const UPLOADS: usize = 64;

/// What is bounded.
#[derive(Debug)]
pub(crate) struct Limits {
    uploads: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { uploads: Arc::new(Semaphore::new(UPLOADS)) }
    }
}

impl Limits {
    /// Held while a body is written down.
    pub(crate) fn upload(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| ApiError::too_many_requests())
    }
}
