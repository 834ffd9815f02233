#![doc = include_str!("../README.md")]

mod archive_versions;
mod feed;
mod finding;
mod inventory;
mod lag;
mod report;
mod row;
mod standing;

pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use inventory::{Distribution, InstalledPackage, Inventory, Remark};
pub use lag::{
    ArchiveHistory, ArchiveMoment, FixEvidence, FixRecord, FixState, KnownFix, Moments, PublishedVersion,
    SourceHistory, Turn, fix_records,
};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use standing::Standing;
