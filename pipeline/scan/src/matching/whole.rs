//! Findings and remarks become a report: ordered, and standing on no data where nothing could be matched.

use super::{Context, evidence};
use crate::finding::Finding;
use crate::installed::InstalledSources;
use crate::inventory::{Inventory, Remark};
use crate::report::{REPORT_SCHEMA, Report, ReportSubject};
use crate::standing::Standing;

/// The report of an image.
pub(super) fn report(
    inventory: &Inventory,
    sources: &InstalledSources<'_>,
    subject: ReportSubject,
    context: &Context<'_>,
    mut findings: Vec<Finding>,
    mut remarks: Vec<Remark>,
) -> Report {
    let key = |it: &Finding| (it.source.clone(), it.id.clone(), it.source_version.clone());
    if !findings.is_sorted_by_key(key) {
        findings.sort_by_cached_key(key);
    }
    remarks.extend(unmatched(sources));
    let blind = blind(sources, context, &findings);
    remarks.extend(blind.iter().map(|text| Remark { about: "release".into(), text: text.clone() }));
    remarks.extend(evidence::rules_remarks(context));
    remarks.sort();
    remarks.dedup();
    Report {
        schema: REPORT_SCHEMA.to_owned(),
        subject,
        distribution: inventory.distribution.clone(),
        packages: inventory.packages.len(),
        feeds: context.knowledge.feeds.clone(),
        standing: if blind.is_some() { Standing::Absent } else { context.standing },
        findings,
        remarks,
    }
}

/// Packages that nothing can be matched to.
fn unmatched(sources: &InstalledSources<'_>) -> Option<Remark> {
    let mut names: Vec<&str> = sources.unknown().map(|it| it.name.as_str()).collect();
    names.dedup();
    let more = names.len().saturating_sub(10);
    let ending = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!(
        "their source or its version is unknown, nothing is matched to them: {}{ending}",
        names[..names.len() - more].join(", ")
    );
    (!names.is_empty()).then(|| Remark { about: "packages".into(), text })
}

/// Why nothing could be matched; none where the data cover the release.
fn blind(sources: &InstalledSources<'_>, context: &Context<'_>, findings: &[Finding]) -> Option<String> {
    let Some(release) = sources.release() else {
        return Some("the release is unknown: nothing is matched, and nothing is known to be fixed".into());
    };
    if sources.iter().next().is_none() {
        return Some("no package with a known source is recorded: nothing is matched".into());
    }
    let advisories = &context.knowledge.advisories;
    let covered = !findings.is_empty()
        || sources.names().any(|source| advisories.rows(source, release).next().is_some())
        || advisories.releases().any(|it| it == release);
    (!covered).then(|| format!("the vulnerability data do not cover `{release}`: nothing is matched"))
}
