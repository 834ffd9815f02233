#![doc = include_str!("../README.md")]

mod client;
pub mod fault;
mod server;
mod store;

pub use client::{
    BlobSource, Client, ClientError, ClientFault, ClientSettings, CredentialError, Named, Patience, Progress, Pushed,
    Refusal, RefusalEntry, Remote,
};
pub use server::{Access, Action, Notices, Peer, Service};
pub use store::{Blobs, Collected, Collecting, Retention, Store, StoreError, StoredBlob, StoredManifest};
