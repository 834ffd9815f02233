#![doc = include_str!("../README.md")]

pub mod fault;
mod server;
mod store;

pub use server::{
    Access, AccessError, AccessSettings, Action, ChallengeKind, LimitSettings, Listen, ListenError, ListenSettings,
    Notices, Peer, Rule, Service, TimeoutSettings, TlsSettings, serve,
};
pub use store::{Blobs, Collected, Collecting, Retention, Store, StoreError, StoredBlob, StoredManifest};
