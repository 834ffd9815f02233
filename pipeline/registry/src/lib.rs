#![doc = include_str!("../README.md")]

pub mod fault;
mod server;
mod store;

pub use server::{Access, Action, Notices, Peer, Service};
pub use store::{Blobs, Collected, Collecting, Retention, Store, StoreError, StoredBlob, StoredManifest};
