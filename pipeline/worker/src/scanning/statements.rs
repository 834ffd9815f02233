//! What a scan is said as: the report of cosign's `vuln` predicate and an OpenVEX document, about the index and each platform.
//!
//! In: an image's reports and the verdict. Out: statements, ready to be signed. The times in them are those of the data, so that the same
//! findings from the same data are said with the same bytes.

use std::collections::BTreeMap;

use assemble::BUILDER;
use blob::Digest;
use jiff::Timestamp;
use scan::{FeedKind, Report, Standing, Verdict, VexParts, openvex};
use serde::Serialize;
use signing::{
    BUILDER_ID, Document, OPENVEX, ScanDatabase, ScanInvocation, ScanMetadata, Statement, StatementError, Subject,
    VULNERABILITY_REPORT, VulnerabilityReport,
};

use crate::sayings::Saying;
use crate::scanning::ScannedPlatform;
use crate::{Failure, Whose};

/// The `schema` key of what the predicate holds as its result.
pub const SCAN_SCHEMA: &str = "bedplate.scan/v1";

/// The predicate's result: the gate's verdict on the whole image, and the reports of the platforms that the statement is about.
#[derive(Serialize)]
struct ScanResult<'r> {
    schema: &'static str,
    verdict: Verdict,
    reports: Vec<&'r Report>,
}

/// A scan of one image.
pub(crate) struct Said<'s> {
    /// `HOST/REPOSITORY`.
    pub(crate) name: &'s str,
    /// The image index.
    pub(crate) index: &'s Digest,
    /// Its platforms.
    pub(crate) scanned: &'s [ScannedPlatform],
    /// What the gate made of it.
    pub(crate) verdict: &'s Verdict,
    /// The image's own time: it stands where there are no data.
    pub(crate) created: Timestamp,
}

/// What is said about the index and each platform, by digest.
pub(crate) fn sayings(said: &Said<'_>) -> Result<BTreeMap<Digest, Vec<Saying>>, Failure> {
    let time = said.time();
    let reports: Vec<Report> = said.scanned.iter().map(|it| it.report.clone()).collect();
    let vex = openvex(&VexParts {
        name: said.name,
        digest: said.index,
        reports: &reports,
        author: said.name.split('/').next().unwrap_or(said.name),
        timestamp: time,
        version: u64::try_from(time.as_second()).unwrap_or(1).max(1),
    });
    let mut all = BTreeMap::new();
    let platforms = said.scanned.iter().map(|it| (&it.manifest, vec![&it.report]));
    for (digest, reports) in platforms.chain([(said.index, reports.iter().collect())]) {
        let subject = || vec![Subject::named(said.name, digest)];
        let report = Statement::new(subject(), said.report(reports, time)?).to_bytes();
        let saying = |predicate_type, payload| Saying { predicate_type, payload, created: time };
        let mut words = vec![saying(VULNERABILITY_REPORT, report)];
        if let Some(vex) = &vex {
            let document = Document::new(vex).map_err(defect)?;
            words.push(saying(OPENVEX, Statement::of_document(OPENVEX, subject(), document).to_bytes()));
        }
        all.insert(digest.clone(), words);
    }
    Ok(all)
}

/// What a scan has nothing to say of: a document without statements is none.
pub(crate) fn withdrawn(said: &[Saying]) -> Vec<&'static str> {
    let silent = !said.iter().any(|saying| saying.predicate_type == OPENVEX);
    silent.then_some(OPENVEX).into_iter().collect()
}

impl Said<'_> {
    /// The time of the data.
    fn time(&self) -> Timestamp {
        match self.scanned.first().map(|it| it.report.standing) {
            Some(Standing::Current { date } | Standing::Stale { date }) => date,
            Some(Standing::Absent) | None => self.created,
        }
    }

    fn report(&self, reports: Vec<&Report>, time: Timestamp) -> Result<VulnerabilityReport, Failure> {
        let feeds = reports.first().map(|report| report.feeds.as_slice()).unwrap_or_default();
        let tracker = feeds.iter().find(|feed| feed.kind == FeedKind::Tracker);
        let version = tracker.map(|feed| format!("{} {}", feed.date, feed.digest)).unwrap_or_default();
        // The verdict holds at the time of the data as well: the same findings are said with the same bytes.
        let verdict = Verdict { at: time, ..self.verdict.clone() };
        let result = ScanResult { schema: SCAN_SCHEMA, verdict, reports };
        let text = serde_json::to_string(&result).unwrap_or_default();
        Ok(VulnerabilityReport {
            invocation: ScanInvocation { builder_id: BUILDER_ID.to_owned(), ..ScanInvocation::default() },
            scanner: signing::Scanner {
                uri: BUILDER_ID.to_owned(),
                version: BUILDER.to_owned(),
                db: ScanDatabase { uri: "https://security-tracker.debian.org".to_owned(), version },
                result: Document::new(&text).map_err(defect)?,
            },
            metadata: ScanMetadata { scan_started_on: time, scan_finished_on: time },
        })
    }
}

fn defect(error: StatementError) -> Failure {
    Failure::new(Whose::Defect, error)
}
