#![doc = include_str!("../README.md")]

mod archive;
mod blocking;
mod client;
mod client_error;
mod compact_index;
mod debs;
mod disk;
mod failure;
mod in_release;
mod indexes;
mod keyrings;
mod machine;
mod observe;
mod progress;
mod retry;
mod snapshot;
#[cfg(test)]
mod test_server;

pub use archive::{Archive, ArchivePart, ArchiveSettings};
pub use blocking::blocking;
pub use client::Client;
pub use client_error::ClientError;
pub use debs::{Debs, FetchError, Fetched, WantedDeb};
pub use disk::{DiskError, NewFile, list, sweep_abandoned, write_atomically};
pub use failure::{Failure, Whose};
pub use in_release::{AcceptedInRelease, InReleaseError, InReleases};
pub use indexes::{Indexes, IndexesError};
pub use machine::{MachineError, Part};
pub use observe::{ObserveError, ObservedSuite, Observer};
pub use progress::{Event, News, Reporter, silent};
pub use retry::RetryPolicy;
pub use snapshot::{RestlessMirror, Snapshot, SuiteIndex, Wanted, digest_of};
