//! What a scan is said as: the report of cosign's `vuln` predicate and an OpenVEX document, about the index and each platform.
//!
//! In: an image's reports and the verdict. Out: statements, ready to be signed. The times in them are those of the data, so that the same
//! findings from the same data are said with the same bytes.

use assemble::BUILDER;
use jiff::Timestamp;
use oci::Descriptor;
use scan::{FeedKind, Report, Standing, Verdict, VexImage, openvex};
use serde::Serialize;
use signing::{
    BUILDER_ID, Document, OPENVEX, ScanDatabase, ScanInvocation, ScanMetadata, Scanner, Statement, StatementError,
    VULNERABILITY_REPORT, VulnerabilityReport,
};

use crate::sayings::Saying;
use crate::{Failure, Whose};

/// The `schema` key of what the predicate holds as its result.
pub const SCAN_SCHEMA: &str = "bedplate.scan/v1";

/// What the predicate holds as its result.
#[derive(Serialize)]
struct Result_<'r> {
    schema: &'static str,
    verdict: &'r Verdict,
    reports: &'r [&'r Report],
}
