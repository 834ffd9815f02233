#![doc = include_str!("../README.md")]

mod server;
mod site;
mod store;

pub use server::{Access, Action, Peer, Service};
pub use site::{SiteError, SitePart, SiteReport, SiteRepository, export_site};
pub use store::{Store, StoreError, StoredBlob, StoredManifest};
