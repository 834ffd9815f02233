#![doc = include_str!("../README.md")]

mod decide;
mod difference;
mod fix;
mod inventory;
mod publication;
mod wave;

pub use decide::{Decision, Reason, decide};
pub use difference::{LockDifference, PackageChange, VersionChange, difference};
pub use fix::SourceFix;
pub use inventory::installed;
pub use publication::{Attested, Publication, PublishedPlatform};
pub use wave::{ImageOutcome, Outcome, WaveSummary, Whose};
