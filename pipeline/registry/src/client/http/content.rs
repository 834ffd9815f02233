//! What a request carries, made anew for every attempt.
//!
//! In: a document, or a part of a blob. Out: a body, how much of it has gone out so far, and why it could not be read, if so.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use futures_util::TryStreamExt;
use reqwest::Body;
use tokio::sync::watch;

use super::super::{BlobSource, ClientFault, Progress};

/// What a request carries.
pub(crate) enum Content<'a> {
    /// Nothing.
    None,
    /// A document.
    Bytes(Bytes),
    /// A document that only the host may see which it is meant for.
    Secret(Bytes),
    /// So many bytes of a blob from an offset on.
    Part { source: &'a BlobSource, from: u64, length: u64, progress: Progress<'a> },
}

/// A body on its way.
pub(crate) struct Outgoing {
    /// Absent where there is nothing to send.
    pub(crate) body: Option<Body>,
    /// How many bytes went out; closed when it was all.
    pub(crate) seen: watch::Receiver<u64>,
    /// Why it could not be read.
    pub(crate) unreadable: Unreadable,
}

/// The error of a body's source: the HTTP library only says that the body broke off.
#[derive(Clone, Default)]
pub(crate) struct Unreadable(Arc<Mutex<Option<ClientFault>>>);

impl Unreadable {
    fn set(&self, fault: ClientFault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// The fault, if there was one.
    pub(crate) fn take(&self) -> Option<ClientFault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Content<'_> {
    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) | Self::Secret(bytes) => bytes.len() as u64,
            Self::Part { length, .. } => *length,
        }
    }

    /// A body to be sent once.
    pub(crate) fn outgoing(&self) -> Outgoing {
        let (count, seen) = watch::channel(0);
        let unreadable = Unreadable::default();
        let body = match self {
            Self::None => None,
            Self::Bytes(bytes) | Self::Secret(bytes) => Some(Body::from(bytes.clone())),
            Self::Part { source, from, length, .. } => {
                let (owner, slot) = ((*source).clone(), unreadable.clone());
                let pieces = source.part(*from, *length);
                let counted = pieces.inspect_ok(move |piece| count.send_modify(|sent| *sent += piece.len() as u64));
                let watched = counted.map_err(move |error| {
                    let kind = error.kind();
                    slot.set(owner.fault(error));
                    kind.to_string()
                });
                Some(Body::wrap_stream(watched))
            }
        };
        Outgoing { body, seen, unreadable }
    }

    /// Tells whoever waits that so many bytes of this went out.
    pub(crate) fn report(&self, sent: u64) {
        if let Self::Part { from, progress, .. } = self {
            progress(from + sent);
        }
    }
}
