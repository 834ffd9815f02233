#![doc = include_str!("../README.md")]

mod advisory;
mod archive_versions;
mod changelog;
mod counts;
mod explain;
mod feed;
mod finding;
mod first_seen;
#[cfg(test)]
mod fixture;
mod gate;
mod grade;
mod installed;
mod inventory;
mod knowledge;
mod lag;
mod matching;
mod osv;
mod purl;
mod report;
mod row;
mod rules;
mod say;
mod standing;
mod tracker;
mod vex;
mod words;

pub use advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError, IndexError};
pub use archive_versions::{ArchiveVersion, ArchiveVersions};
pub use changelog::{Changelog, ChangelogEntry, ChangelogFix, Changelogs, Mention};
pub use counts::{Counts, headline};
pub use explain::{ExplainedImage, ExplainedNotice, ExplainedRow, Explanation, explain};
pub use feed::{FeedKind, FeedUse};
pub use finding::{
    ArchiveFix, CvssScore, DebianWords, EpssScore, Evidence, Finding, FindingStatus, Notice, PackageName, Severities,
};
pub use first_seen::FirstSeen;
pub use gate::{
    Answer, Condition, Consequence, Gate, GateInput, GateReason, GateRule, Overridden, Override, ReasonKind,
    SeverityAtLeast, Tolerance, Tolerated, UnknownData, Verdict, judge,
};
pub use grade::{Grade, Graded, grade, grade_all};
pub use installed::{InstalledSource, InstalledSources};
pub use inventory::{Distribution, InstalledPackage, Inventory, InventoryError, Remark};
pub use knowledge::{
    CvssVectors, EpssError, EpssScores, FeedContent, FeedError, FeedShape, KevCatalogue, KevError, Knowledge,
    NoticeFix, NoticeRecord, Notices, NoticesError, SecuritySupport, ShapeError, Support, SupportError, check_shape,
    read_feed,
};
pub use lag::{
    ArchiveHistory, ArchiveMoment, FixEvidence, FixRecord, FixState, KnownFix, Moments, PublishedVersion,
    SourceHistory, Turn, fix_records,
};
pub use matching::{Context, Image, findings_of, rescan, scan};
pub use osv::{OsvCounts, OsvError, OsvImport, read_osv};
pub use report::{REPORT_SCHEMA, Report, ReportSubject};
pub use row::{AdvisoryRow, NoDsa, NoDsaKind, RowKey, RowStatus};
pub use rules::{
    ComponentRule, EvidenceRules, FileList, OperatorStatement, PathList, PathPattern, RulesError, StatementStatus,
};
pub use say::{TableGroup, TableRow, cyclonedx_vdr, markdown, sarif, table};
pub use standing::Standing;
pub use tracker::{TRACKER_LIMIT, TrackerError};
pub use vex::{VexDocument, VexError, VexParts, VexRepositoryParts, openvex, vex_repository};
pub use words::{evidence, in_words, severity, status_word, tracker_page};
