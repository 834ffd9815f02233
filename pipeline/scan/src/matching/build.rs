//! A row and what it comes to become a finding: Debian's words, its advisories, severities side by side.

use super::Matched;
use super::verdict::Verdict;
use crate::finding::{DebianWords, Evidence, Finding, PackageName, Severities};
use crate::knowledge::Knowledge;
use crate::row::{AdvisoryRow, NoDsaKind};

/// The finding of a row.
pub(super) fn of_row(row: &AdvisoryRow<'_>, matched: &Matched<'_>, verdict: Verdict) -> Finding {
    let knowledge = matched.context.knowledge;
    let about = |it: &&crate::knowledge::NoticeRecord| {
        let mut all = it.fixed.iter().chain(&it.unfixed);
        all.any(|fix| fix.source == row.source && fix.release == matched.release)
    };
    Finding {
        id: row.id.to_owned(),
        source: row.source.to_owned(),
        source_version: matched.source.version.to_owned(),
        packages: packages(matched),
        status: verdict.status,
        fixed_version: verdict.fixed_version,
        fix: verdict.fix,
        notices: knowledge.notices.of_id(row.id).filter(about).map(|it| it.notice.clone()).collect(),
        debian: words(row),
        severity: severities(row.id, Some(row.urgency), knowledge),
        description: row.description.map(str::to_owned),
        evidence: verdict.never.then_some(Evidence::NeverAffected).into_iter().collect(),
    }
}

/// Debian's own words.
pub(crate) fn words(row: &AdvisoryRow<'_>) -> DebianWords {
    let no_dsa = row.no_dsa.map(|it| match it.kind {
        NoDsaKind::Plain => "no-dsa",
        NoDsaKind::Postponed => "postponed",
        NoDsaKind::Ignored => "ignored",
        NoDsaKind::Other(word) => word,
    });
    DebianWords {
        status: row.status.as_str().to_owned(),
        no_dsa: no_dsa.map(str::to_owned),
        reason: row.no_dsa.map(|it| it.text.to_owned()).filter(|text| !text.is_empty()),
        bug: row.debian_bug,
        next_point_update: row.next_point_update,
    }
}

/// The installed packages of the source, each name and version once.
pub(super) fn packages(matched: &Matched<'_>) -> Vec<PackageName> {
    let name = |name: &str, version: &str| PackageName { name: name.to_owned(), version: version.to_owned() };
    let mut packages: Vec<_> = matched.source.packages.iter().map(|it| name(&it.name, &it.version)).collect();
    packages.dedup();
    packages
}

/// What everybody says about how bad an id is.
pub(crate) fn severities(id: &str, urgency: Option<&str>, knowledge: &Knowledge) -> Severities {
    Severities {
        urgency: urgency.filter(|it| !it.is_empty()).map(str::to_owned),
        cvss: knowledge.cvss.of(id),
        kev: knowledge.kev.since(id),
        epss: knowledge.epss.of(id),
    }
}
