#![doc = include_str!("../README.md")]

mod server;
mod store;

pub use server::{Access, Action, Peer, Service};
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
