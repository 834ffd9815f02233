#![doc = include_str!("../README.md")]

mod advisory;
mod archive_versions;
mod feed;
mod finding;
mod inventory;
mod knowledge;
mod osv;
mod report;
mod row;
mod standing;
mod tracker;

pub use advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError, IndexError};
pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use inventory::{Distribution, InstalledPackage, Inventory, Remark};
pub use knowledge::{
    CvssVectors, EpssError, EpssScores, FeedError, FeedShape, KevCatalogue, KevError, Knowledge, NoticeFix,
    NoticeRecord, Notices, NoticesError, SecuritySupport, ShapeError, Support, SupportError, check_shape,
};
pub use osv::{OSV_LIMITS, OsvCounts, OsvError, OsvImport, read_osv};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use standing::Standing;
pub use tracker::{TRACKER_LIMIT, TrackerError};
