#![doc = include_str!("../README.md")]

mod client;
mod server;
mod store;

pub use client::{
    BlobSource, Client, ClientError, ClientFault, ClientSettings, CredentialError, Named, Patience, Progress, Pushed,
    Refusal, RefusalEntry, Remote,
};
pub use server::{Access, Action, Peer, Service};
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
