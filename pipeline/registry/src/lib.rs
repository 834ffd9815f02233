#![doc = include_str!("../README.md")]

mod blobs;
mod body;
mod cache;
mod conditions;
mod errors;
mod files;
mod manifests;
mod names;
mod ranges;
mod referrers;
mod router;
mod store;
mod tags;
mod view;
mod write;

pub use router::router;
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
