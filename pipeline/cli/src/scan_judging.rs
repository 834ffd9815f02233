//! From what was read to a report: matching, statements of others, and what cannot be known.
//!
//! In: a [`Target`] and what is known. Out: a [`Judged`].

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use scan::{
    ArchiveVersions, Changelogs, EvidenceRules, FileList, FindingStatus, Knowledge, Report, Standing, VexDocument,
};

use crate::scan_bar::Judged;
use crate::scan_data::Known;
use crate::scan_input::Input;
use crate::scan_target::Target;

/// How targets are judged.
pub(crate) struct Judging {
    vex: Vec<VexDocument>,
    fixable_only: bool,
    rules: EvidenceRules,
    /// The rules without the operator's own statements, which are about images of this catalogue.
    common: EvidenceRules,
    today: Date,
}

impl Judging {
    /// Reads the documents with statements; `rules` are the catalogue's.
    pub(crate) fn new(vex: &[PathBuf], fixable_only: bool, rules: EvidenceRules) -> anyhow::Result<Self> {
        let vex = vex.iter().map(|path| document(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let common = EvidenceRules { components: rules.components.clone(), statements: Vec::new() };
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        Ok(Self { vex, fixable_only, rules, common, today })
    }

    /// The report of one target, and why it may not be complete.
    pub(crate) fn judge(&self, target: Target, known: &Known) -> Judged {
        let (unknown, whole) = (unknown(&target, known), target.whole.clone());
        let mut report = self.match_up(target, known);
        for document in &self.vex {
            document.apply(&mut report);
        }
        if self.fixable_only {
            report.findings.retain(|finding| finding.status == FindingStatus::Fixable);
        }
        Judged { report, whole, unknown }
    }

    fn match_up(&self, target: Target, known: &Known) -> Report {
        let Target { subject, inventory, paths, is_own, .. } = target;
        let knowledge: &Knowledge = &known.knowledge;
        let archive = inventory.distribution.release().and_then(|release| known.archive.get(release));
        let (nothing, changelogs) = (ArchiveVersions::default(), Changelogs::default());
        let context = scan::Context {
            knowledge,
            archive: archive.unwrap_or(&nothing),
            changelogs: &changelogs,
            rules: if is_own { &self.rules } else { &self.common },
            standing: known.standing,
            today: self.today,
        };
        scan::scan(&inventory, subject, paths.as_ref().map(|paths| paths as &dyn FileList), &context)
    }
}

fn document(path: &Path) -> anyhow::Result<VexDocument> {
    let text = Input::open(path)?.into_text()?;
    VexDocument::read(&text).with_context(|| format!("`{}` cannot be read as OpenVEX", path.display()))
}

/// Why nothing of this may be called clean.
fn unknown(target: &Target, known: &Known) -> Vec<String> {
    let mut reasons = Vec::new();
    match known.standing {
        Standing::Current { .. } => {}
        standing => reasons.push(standing.to_string()),
    }
    let is_absent = matches!(known.standing, Standing::Absent);
    match target.inventory.distribution.release() {
        None => reasons.push("nothing says which release of Debian it is".to_owned()),
        Some(release) if !is_absent && !known.knows(release) => {
            reasons.push(format!("the data know nothing of the release `{release}`"));
        }
        Some(_) => {}
    }
    if target.incomplete {
        reasons.push("not all of its packages could be read".to_owned());
    }
    reasons
}
