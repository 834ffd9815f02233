//! A report: everything that is known about one image's vulnerabilities, and what that knowledge stands on.

use blob::Digest;
use serde::{Deserialize, Serialize};

use crate::feed::FeedUse;
use crate::finding::Finding;
use crate::inventory::{Distribution, Remark};
use crate::standing::Standing;

/// The `schema` key of the JSON form.
pub const REPORT_SCHEMA: &str = "bedplate.report/v1";

/// What was found in one image. The same inventory, data and rules give the same report: no clock is in it but the data's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Report {
    /// [`REPORT_SCHEMA`].
    pub schema: String,
    /// What was scanned.
    pub subject: ReportSubject,
    /// The distribution that it says it is.
    pub distribution: Distribution,
    /// How many packages were looked at.
    pub packages: usize,
    /// The data that findings stand on.
    pub feeds: Vec<FeedUse>,
    /// How they stand.
    pub standing: Standing,
    /// What was found, by source and id; what is not affected is in the list with its evidence.
    pub findings: Vec<Finding>,
    /// What a reader should know before believing it.
    pub remarks: Vec<Remark>,
}

/// What was scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReportSubject {
    /// Its name: `HOST/REPOSITORY`, a path, a file.
    pub name: String,
    /// Digest of the image's manifest, where it is an image.
    pub digest: Option<Digest>,
    /// Its platform, such as `linux/amd64`.
    pub platform: Option<String>,
}
