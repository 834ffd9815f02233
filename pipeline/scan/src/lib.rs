#![doc = include_str!("../README.md")]

mod archive_versions;
mod changelog;
mod feed;
mod finding;
mod installed;
mod inventory;
mod report;
mod row;
mod standing;

pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use changelog::{Changelog, ChangelogEntry, ChangelogFix, Changelogs, Mention};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use installed::{InstalledSource, InstalledSources};
pub use inventory::{Distribution, InstalledPackage, Inventory, InventoryError, Remark};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use standing::Standing;
