#![doc = include_str!("../README.md")]

mod server;
mod store;

pub use server::{Access, AccessError, AccessSettings, Action, ChallengeKind, Peer, Rule, Service};
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
