#![doc = include_str!("../README.md")]

mod archive;
mod error;
mod events;
mod findings;
#[cfg(test)]
mod fixtures;
mod history;
mod inventories;
mod ledger;
mod observed;
mod publication;
mod published;
mod scans;
mod value;

pub use error::StoreError;
pub use events::{Event, EventKind};
pub use findings::{FindingChange, FindingChanges};
pub use inventories::AffectedImage;
pub use ledger::Ledger;
pub use observed::SuiteObservation;
pub use publication::{PublicationRecord, PublishedImage, PublishedPlatform, RecordedReason};
pub use scans::{ScanRecord, ScannedImage};
