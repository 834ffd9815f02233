//! Small worlds for tests: rows, an inventory, and what they come to.

use crate::advisory::{Advisories, AdvisoriesBuilder};
use crate::archive_versions::{ArchiveVersion, ArchiveVersions};
use crate::changelog::Changelogs;
use crate::finding::{Finding, FindingStatus};
use crate::inventory::{Distribution, InstalledPackage, Inventory};
use crate::knowledge::Knowledge;
use crate::matching::{Context, scan};
use crate::report::{Report, ReportSubject};
use crate::row::{AdvisoryRow, NoDsa, NoDsaKind, RowStatus};
use crate::rules::{EvidenceRules, FileList};
use crate::standing::Standing;

/// All that a scan takes.
#[derive(Default)]
pub(crate) struct World {
    pub knowledge: Knowledge,
    pub archive: ArchiveVersions,
    pub changelogs: Changelogs,
    pub rules: EvidenceRules,
    pub inventory: Inventory,
}

/// A row of trixie that is open.
pub(crate) fn row<'a>(source: &'a str, id: &'a str) -> AdvisoryRow<'a> {
    AdvisoryRow {
        source,
        id,
        release: "trixie",
        status: RowStatus::Open,
        urgency: "not yet assigned",
        fixed_version: None,
        no_dsa: None,
        next_point_update: false,
        repositories: Vec::new(),
        description: None,
        scope: None,
        debian_bug: None,
    }
}

/// The same, resolved in a version.
pub(crate) fn resolved<'a>(source: &'a str, id: &'a str, fixed: &'a str) -> AdvisoryRow<'a> {
    AdvisoryRow { status: RowStatus::Resolved, fixed_version: Some(fixed), ..row(source, id) }
}

/// The same, with a `nodsa`.
pub(crate) fn no_dsa<'a>(source: &'a str, id: &'a str, kind: NoDsaKind<'a>) -> AdvisoryRow<'a> {
    AdvisoryRow { no_dsa: Some(NoDsa { kind, text: "Minor issue" }), ..row(source, id) }
}

pub(crate) fn package(name: &str, version: &str, source: &str, source_version: &str) -> InstalledPackage {
    let text = str::to_owned;
    InstalledPackage {
        name: text(name),
        version: text(version),
        architecture: "amd64".into(),
        source: text(source),
        source_version: text(source_version),
    }
}

impl World {
    /// Rows, and packages that have one binary package each: (source, version).
    pub(crate) fn new(rows: &[AdvisoryRow<'_>], installed: &[(&str, &str)]) -> Self {
        let mut builder = AdvisoriesBuilder::default();
        for row in rows {
            builder.add(row).unwrap();
        }
        let advisories: Advisories = builder.finish().unwrap();
        let packages = installed.iter().map(|(source, version)| package(source, version, source, version)).collect();
        let inventory =
            Inventory { distribution: Distribution::from_distro("debian-13"), packages, remarks: Vec::new() };
        Self { knowledge: Knowledge { advisories, ..Knowledge::default() }, inventory, ..Self::default() }
    }

    pub(crate) fn has(mut self, source: &str, version: &str, suite: &str) -> Self {
        let version = ArchiveVersion { version: version.parse().unwrap(), suite: suite.into(), since: None };
        self.archive.add(source, version);
        self
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            knowledge: &self.knowledge,
            archive: &self.archive,
            changelogs: &self.changelogs,
            rules: &self.rules,
            standing: Standing::Current { date: "2026-11-23T00:00:00Z".parse().unwrap() },
            today: "2026-11-23".parse().unwrap(),
        }
    }

    pub(crate) fn report(&self, files: Option<&dyn FileList>) -> Report {
        let subject = ReportSubject { name: "images.example/team/python".into(), ..ReportSubject::default() };
        scan(&self.inventory, subject, files, &self.context())
    }

    /// Ids with what they come to.
    pub(crate) fn statuses(&self) -> Vec<(String, FindingStatus)> {
        self.report(None).findings.into_iter().map(|it| (it.id, it.status)).collect()
    }

    /// The only finding.
    pub(crate) fn only(&self) -> Finding {
        let mut findings = self.report(None).findings;
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }
}
