#![doc = include_str!("../README.md")]

mod archive;
mod error;
mod events;
mod export;
mod findings;
mod fixes;
#[cfg(test)]
mod fixtures;
mod history;
mod inventories;
mod ledger;
mod monthly;
mod observed;
mod percentiles;
mod publication;
mod publications;
mod published;
mod scans;
mod value;

pub use error::StoreError;
pub use events::{Event, EventKind};
pub use export::{LEDGER_SCHEMA, LedgerExport};
pub use findings::{FindingChange, FindingChanges};
pub use fixes::{FixFilter, Hindrance};
pub use inventories::AffectedImage;
pub use ledger::Ledger;
pub use monthly::{MonthlyFigures, MonthlySummary, SUMMARY_SCHEMA};
pub use observed::SuiteObservation;
pub use percentiles::{Month, MonthError, Percentiles};
pub use publication::{PublicationRecord, PublishedImage, PublishedPlatform, RecordedReason};
pub use scans::{ScanRecord, ScannedImage};
