#![doc = include_str!("../README.md")]

mod server;
mod store;

pub use server::router;
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
