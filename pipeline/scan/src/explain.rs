//! Everything that is known about one vulnerability, and why an image's report says what it says.
//!
//! In: an id, [`Knowledge`], what the archive has, and a report if it is about an image. Out: an [`Explanation`], which prints as at
//! most 25 lines and goes into JSON.

mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::archive_versions::ArchiveVersions;
use crate::finding::{ArchiveFix, DebianWords, Finding, Notice, Severities};
use crate::knowledge::Knowledge;
use crate::matching::{Place, place, severities, words};
use crate::report::{Report, ReportSubject};
use crate::row::{AdvisoryRow, RowStatus};
use crate::standing::Standing;

/// What is known about a vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Explanation {
    /// The vulnerability.
    pub id: String,
    /// First words of the description.
    pub description: Option<String>,
    /// Severities, side by side; the urgency is that of the first row that has one.
    pub severity: Severities,
    /// Debian's advisories that name it, the oldest first.
    pub notices: Vec<ExplainedNotice>,
    /// What the tracker says, by source and release; the image's release first.
    pub rows: Vec<ExplainedRow>,
    /// What the report says.
    pub image: Option<ExplainedImage>,
}

/// An advisory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExplainedNotice {
    /// Its id and date.
    pub notice: Notice,
    /// Source and subject.
    pub title: String,
}

/// A row of the tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExplainedRow {
    /// Source package.
    pub source: String,
    /// Codename of the release.
    pub release: String,
    /// Debian's words.
    pub debian: DebianWords,
    /// Debian's urgency.
    pub urgency: String,
    /// First version without it; `0` says that the release never had it.
    pub fixed_version: Option<String>,
    /// Where that is to be had.
    pub fix: Option<ArchiveFix>,
}

/// What the report of an image says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExplainedImage {
    /// The image.
    pub subject: ReportSubject,
    /// How recent the data are.
    pub standing: Standing,
    /// The findings with this id, one for each source in each version.
    pub findings: Vec<Finding>,
}

/// Explains an id. `archive` has the suites of one release, that of the image if there is one.
pub fn explain(id: &str, knowledge: &Knowledge, archive: &ArchiveVersions, report: Option<&Report>) -> Explanation {
    let id = id.trim();
    let upper = id.to_ascii_uppercase();
    let id = if knowledge.advisories.by_id(id).next().is_some() { id } else { &upper };
    let all: Vec<AdvisoryRow<'_>> = knowledge.advisories.by_id(id).collect();
    let release = report.and_then(|report| report.distribution.release()).unwrap_or_default();
    let mut rows: Vec<ExplainedRow> = all.iter().map(|row| explained(row, archive)).collect();
    rows.sort_by(|one, other| {
        let key = |row: &ExplainedRow| (row.release != release, row.source.clone(), row.release.clone());
        key(one).cmp(&key(other))
    });
    let urgency = all.iter().map(|row| row.urgency).find(|urgency| !matches!(*urgency, "" | "not yet assigned"));
    let notices = notices(id, knowledge);
    let title = notices.first().filter(|it| it.notice.id == id).map(|it| it.title.clone());
    Explanation {
        id: id.to_owned(),
        description: all.iter().find_map(|row| row.description).map(str::to_owned).or(title),
        severity: severities(id, urgency, knowledge),
        notices,
        rows,
        image: report.map(|report| image(id, report)),
    }
}

/// The advisories that name an id, or the one that it is.
fn notices(id: &str, knowledge: &Knowledge) -> Vec<ExplainedNotice> {
    let own = knowledge.notices.all().filter(|record| id.starts_with('D') && record.notice.id == id);
    let all = knowledge.notices.of_id(id).chain(own);
    all.map(|record| ExplainedNotice { notice: record.notice.clone(), title: record.title.clone() }).collect()
}

fn explained(row: &AdvisoryRow<'_>, archive: &ArchiveVersions) -> ExplainedRow {
    let fixed = row.fixed_version.filter(|fixed| *fixed != "0" && row.status == RowStatus::Resolved);
    ExplainedRow {
        source: row.source.to_owned(),
        release: row.release.to_owned(),
        debian: words(row),
        urgency: row.urgency.to_owned(),
        fixed_version: row.fixed_version.map(str::to_owned),
        fix: fixed.and_then(|fixed| fix(row, fixed, archive)),
    }
}

/// The archive counts for the release whose suites it has.
fn fix(row: &AdvisoryRow<'_>, fixed: &str, archive: &ArchiveVersions) -> Option<ArchiveFix> {
    let of_release = |suite: &str| suite.split('-').next() == Some(row.release);
    let ours = archive.of(row.source).iter().any(|it| of_release(&it.suite));
    let nothing = ArchiveVersions::default();
    match place(row.source, fixed, &row.repositories, if ours { archive } else { &nothing }) {
        Place::Has(fix) => Some(fix),
        Place::Lacking | Place::Unknown => None,
    }
}

fn image(id: &str, report: &Report) -> ExplainedImage {
    let findings = report.findings.iter().filter(|finding| finding.id == id).cloned().collect();
    ExplainedImage { subject: report.subject.clone(), standing: report.standing, findings }
}

impl Explanation {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        !self.rows.is_empty()
            || !self.notices.is_empty()
            || self.image.as_ref().is_some_and(|it| !it.findings.is_empty())
    }

    /// The sources that it is in.
    pub fn sources(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.source.as_str()).collect()
    }
}
