//! How much is done at a time.
//!
//! In: the settings. Out: a permit, or the refusal that tells the client to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LimitSettings;
use super::errors::ApiError;

/// What is bounded.
#[derive(Debug)]
pub(crate) struct Limits {
    uploads: Arc<Semaphore>,
}

impl Limits {
    /// The bounds of the settings.
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        let uploads = usize::try_from(settings.uploads).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { uploads: Arc::new(Semaphore::new(uploads)) }
    }

    /// Held while a body is written down.
    pub(crate) fn upload(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| ApiError::too_many_requests("uploads"))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&LimitSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn one_upload_too_many_is_told_when_to_come_back_and_may_when_another_ended() {
        let limits = Limits::new(&LimitSettings { uploads: 2, ..LimitSettings::default() });
        let first = limits.upload().unwrap();
        let _second = limits.upload().unwrap();
        let response = limits.upload().unwrap_err().into_response();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"1".parse().unwrap()));
        drop(first);
        assert!(limits.upload().is_ok());
    }
}
