#![doc = include_str!("../README.md")]

mod advisory;
mod archive_versions;
mod changelog;
mod explain;
mod feed;
mod finding;
mod installed;
mod inventory;
mod knowledge;
mod matching;
mod report;
mod row;
mod rules;
mod standing;
mod tracker;

pub use advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError};
pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use changelog::{Changelog, ChangelogEntry, ChangelogFix, Changelogs, Mention};
pub use explain::{ExplainedImage, ExplainedNotice, ExplainedRow, Explanation, explain};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use installed::{InstalledSource, InstalledSources};
pub use inventory::{Distribution, InstalledPackage, Inventory, InventoryError, Remark};
pub use knowledge::{
    CvssVectors, EpssError, EpssScores, KevCatalogue, KevError, Knowledge, NoticeFix, NoticeRecord, Notices,
    NoticesError, SecuritySupport, Support, SupportError,
};
pub use matching::{Context, Image, findings_of, rescan, scan};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use rules::{
    ComponentRule, EvidenceRules, FileList, OperatorStatement, PathList, PathPattern, RulesError, StatementStatus,
};
pub use standing::Standing;
pub use tracker::{TRACKER_LIMIT, TrackerError};
