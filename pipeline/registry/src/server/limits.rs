//! How much there may be at once.
//!
//! In: the settings. Out: a [`Permit`] to go on, or the refusal that tells the client to come back.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LimitSettings;
use super::errors::ApiError;

/// How many seconds a client should wait before it tries again.
const RETRY_AFTER: u16 = 5;

/// What there may be at once.
#[derive(Debug)]
pub(crate) struct Limits {
    uploads: Arc<Semaphore>,
    most_uploads: u32,
}

/// A place among those who upload, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(#[expect(dead_code, reason = "it is held for what its end does")] OwnedSemaphorePermit);

impl Limits {
    /// The limits of the settings.
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        let most_uploads = settings.uploads;
        Self { uploads: Arc::new(Semaphore::new(usize::try_from(most_uploads).unwrap_or(usize::MAX))), most_uploads }
    }

    /// A place for an upload, for as long as its bytes come; 429 where all are taken.
    pub(crate) fn upload(&self) -> Result<Permit, ApiError> {
        let refused = |_| {
            let message = format!("{} uploads run already: try again in {RETRY_AFTER} seconds", self.most_uploads);
            ApiError::too_many_requests(RETRY_AFTER, message)
        };
        Arc::clone(&self.uploads).try_acquire_owned().map(Permit).map_err(refused)
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
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"5".parse().unwrap()));
        drop(first);
        limits.upload().unwrap();
    }
}
