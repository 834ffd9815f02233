//! Uploads that clients are in the middle of. One request at a time goes on with one upload; another waits for it.
//!
//! In: a repository and an upload's number. Out: the upload, to be given back or finished. What is forgotten here, or was begun by
//! another process, is found again on disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use oci::Repository;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

use super::errors::ApiError;
use super::router::blocking;
use crate::store::{Store, Upload};

/// So many uploads are remembered with what was hashed of them; beyond, those that wait for their client are forgotten.
const MOST: usize = 4096;

type Slot = Arc<AsyncMutex<Option<Upload>>>;

/// The uploads.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<(Repository, Uuid), Slot>>);

/// An upload that nobody else touches until this is gone.
#[derive(Debug)]
pub(crate) struct Session {
    slot: OwnedMutexGuard<Option<Upload>>,
}

impl Session {
    /// Takes the upload out, to change it or to end it.
    pub(crate) fn take(&mut self) -> Result<Upload, ApiError> {
        self.slot.take().ok_or_else(ApiError::upload_unknown)
    }

    /// Gives it back.
    pub(crate) fn put(&mut self, upload: Upload) {
        *self.slot = Some(upload);
    }
}

impl Sessions {
    /// Remembers an upload that was just begun.
    pub(crate) fn begin(&self, repository: &Repository, upload: Upload) {
        let id = upload.id;
        let slot = Arc::new(AsyncMutex::new(Some(upload)));
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        slots.insert((repository.clone(), id), slot);
    }

    /// The upload with this number, as soon as nobody else is busy with it.
    pub(crate) async fn find(
        &self,
        store: &Arc<Store>,
        repository: &Repository,
        id: Uuid,
    ) -> Result<Session, ApiError> {
        let mut slot = self.slot(repository, id).lock_owned().await;
        let (store, name, known) = (Arc::clone(store), repository.clone(), slot.take());
        *slot = blocking(move || match known {
            Some(upload) if upload.is_current() => Ok(Some(upload)),
            _ => store.find_upload(&name, id),
        })
        .await?;
        if slot.is_none() {
            self.end(repository, id);
            return Err(ApiError::upload_unknown());
        }
        Ok(Session { slot })
    }

    /// Forgets an upload.
    pub(crate) fn end(&self, repository: &Repository, id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(repository.clone(), id));
    }

    fn slot(&self, repository: &Repository, id: Uuid) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((repository.clone(), id)).or_default())
    }
}
