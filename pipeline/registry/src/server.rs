//! `/v2/`: the OCI distribution protocol, as a server.
//!
//! In: a [`crate::Store`]. Out: [`Service`], whose router can be merged with others or served alone.

mod access;
mod blobs;
mod body;
mod conditions;
mod delete;
mod errors;
mod limits;
mod listen;
mod manifests;
mod names;
mod notices;
mod pieces;
mod pins;
mod push;
mod ranges;
mod receive;
mod referrers;
mod reloading;
mod router;
mod sessions;
mod share;
mod tags;
mod uploads;

pub use access::{Access, AccessError, AccessSettings, Action, ChallengeKind, Peer, Rule};
pub use listen::{
    LimitSettings, Listen, ListenError, ListenSettings, TLS_ONLY, TimeoutSettings, TlsSettings, bind, serve,
};
pub(crate) use manifests::{CACHE_DIGEST, CACHE_TAG};
pub use notices::Notices;
pub use router::Service;
