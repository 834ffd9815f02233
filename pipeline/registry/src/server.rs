//! `/v2/`: the OCI distribution protocol, as a server.
//!
//! In: a [`crate::Store`]. Out: [`Service`], whose router can be merged with others or served alone.

mod access;
mod blobs;
mod body;
mod conditions;
mod errors;
mod manifests;
mod names;
mod ranges;
mod referrers;
mod router;
mod tags;

pub use access::{Access, Action, Peer};
pub(crate) use manifests::{CACHE_DIGEST, CACHE_TAG};
pub use router::Service;
