//! `/v2/`: the OCI distribution protocol, as a server.
//!
//! In: a [`crate::Store`]. Out: [`Service`], whose router can be merged with others or served alone.

mod access;
mod blobs;
mod body;
mod conditions;
mod errors;
mod limits;
mod listen;
mod manifests;
mod names;
mod ranges;
mod referrers;
mod reloading;
mod router;
mod tags;

pub use access::{Access, AccessError, AccessSettings, Action, ChallengeKind, Peer, Rule};
pub use listen::{LimitSettings, Listen, ListenError, ListenSettings, TimeoutSettings, TlsSettings, serve};
pub use router::Service;
