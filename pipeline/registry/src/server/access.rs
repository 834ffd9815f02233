//! Who may do what.
//!
//! In: a request's head and what it needs. Out: nothing, or the refusal.

use std::net::SocketAddr;

use axum::http::request::Parts;
use oci::Repository;

use super::errors::ApiError;

/// Where a request came from; it stands in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

/// What is done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Read manifests, blobs, tags and referrers.
    Pull,
    /// Put blobs, manifests and tags.
    Push,
    /// Remove them.
    Delete,
}

/// What a request needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// The list of all repositories.
    Catalog,
    /// Something with one repository.
    Repository(Repository, Action),
}

/// Who may do what. By default anybody pulls, and only clients on this machine push and delete.
#[derive(Debug, Default)]
pub struct Access {}

impl Access {
    /// Whether all that is needed is allowed to who asks.
    #[expect(clippy::unused_self, reason = "rules come with credentials")]
    pub(crate) fn check(&self, head: &Parts, needs: &[Need]) -> Result<(), ApiError> {
        let local = head.extensions.get::<Peer>().is_some_and(|peer| peer.address.ip().is_loopback());
        let writes = needs.iter().any(|need| matches!(need, Need::Repository(_, Action::Push | Action::Delete)));
        if writes && !local { Err(ApiError::read_only(&head.method)) } else { Ok(()) }
    }

    /// Which repositories who asks may pull from.
    #[expect(clippy::unused_self, reason = "rules come with credentials")]
    pub(crate) fn readable(&self, _head: &Parts) -> impl Fn(&Repository) -> bool + Send + 'static {
        |_| true
    }
}
