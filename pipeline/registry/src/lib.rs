#![doc = include_str!("../README.md")]

mod client;
pub mod fault;
mod server;
mod site;
mod store;

pub use client::{
    Batch, BatchManifest, BatchTag, BlobSource, Client, ClientError, ClientFault, ClientSettings, CopyError, CopyEvent,
    CopyOptions, CopyReporter, CopySummary, CredentialError, Named, Patience, Place, Progress, Pushed, Reader, Refusal,
    RefusalEntry, Remote, Untagged, backoff, copy, copy_untagged, parse_retry_after,
};
pub use server::{
    Access, AccessError, AccessSettings, Action, ChallengeKind, LimitSettings, Listen, ListenError, ListenSettings,
    Notices, Peer, Rule, Service, TLS_ONLY, TimeoutSettings, TlsSettings, bind, serve,
};
pub use site::{SiteError, SitePage, SitePart, SiteReport, SiteRepository, export_site};
pub use store::{Blobs, Collected, Collecting, Health, Retention, Store, StoreError, StoredBlob, StoredManifest};
