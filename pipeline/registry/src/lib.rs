#![doc = include_str!("../README.md")]

mod server;
mod store;

pub use server::{
    Access, AccessError, AccessSettings, Action, ChallengeKind, LimitSettings, Listen, ListenError, ListenSettings,
    Peer, Rule, Service, TimeoutSettings, TlsSettings, serve,
};
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
