#![doc = include_str!("../README.md")]

mod advisory;
mod archive_versions;
mod counts;
mod feed;
mod finding;
mod first_seen;
#[cfg(test)]
mod fixture;
mod gate;
mod grade;
mod inventory;
mod knowledge;
mod lag;
mod purl;
mod report;
mod row;
mod say;
mod standing;
mod tracker;
mod vex;
mod words;

pub use advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError};
pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use counts::{Counts, headline};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use inventory::{Distribution, InstalledPackage, Inventory, InventoryError, Remark};
pub use knowledge::{
    CvssVectors, EpssError, EpssScores, KevCatalogue, KevError, Knowledge, NoticeFix, NoticeRecord, Notices,
    NoticesError, SecuritySupport, Support, SupportError,
};
pub use lag::{
    ArchiveHistory, ArchiveMoment, FixEvidence, FixRecord, FixState, KnownFix, Moments, PublishedVersion,
    SourceHistory, Turn, fix_records,
};
pub use first_seen::FirstSeen;
pub use gate::{
    Answer, Condition, Consequence, Gate, GateInput, GateReason, GateRule, Overridden, Override, ReasonKind,
    SeverityAtLeast, Tolerance, Tolerated, UnknownData, Verdict, judge,
};
pub use grade::{Grade, Graded, grade, grade_all};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use say::{TableGroup, TableRow, cyclonedx_vdr, markdown, sarif, table};
pub use standing::Standing;
pub use tracker::{TRACKER_LIMIT, TrackerError};
pub use vex::{VexDocument, VexError, VexParts, VexRepositoryParts, openvex, vex_repository};
pub use words::{evidence, in_words, severity, status_word, tracker_page};
