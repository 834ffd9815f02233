//! Advisories that name no CVE: they are found by their own id.

use std::cmp::Ordering;

use super::fix::{Place, place};
use super::{Matched, build};
use crate::finding::{DebianWords, Finding, FindingStatus};
use crate::knowledge::NoticeRecord;

/// What `debian.status` says of such a finding: there is no row of the tracker's.
const ADVISORY: &str = "advisory";

/// A finding for each advisory without ids whose version is above the installed one.
pub(super) fn without_ids(matched: &mut Matched<'_>) -> Vec<Finding> {
    let notices = &matched.context.knowledge.notices;
    let records: Vec<&NoticeRecord> = notices.without_ids(matched.source.source, matched.release).collect();
    records.into_iter().filter_map(|record| finding(record, matched)).collect()
}

fn finding(record: &NoticeRecord, matched: &mut Matched<'_>) -> Option<Finding> {
    let source = matched.source.source;
    let fix = record.fixed.iter().find(|it| it.source == source && it.release == matched.release)?;
    let order = matched.version.as_ref().ok().map(|version| version.cmp_text(&fix.version));
    let (status, place) = match order {
        Some(Ok(Ordering::Equal | Ordering::Greater)) => return None,
        Some(Ok(Ordering::Less)) => match place(source, &fix.version, &[], matched.context.archive) {
            Place::Has(fix) => (FindingStatus::Fixable, Some(fix)),
            Place::Lacking => (FindingStatus::FixAnnounced, None),
            Place::Unknown => (FindingStatus::Fixable, None),
        },
        Some(Err(error)) => {
            matched.remark(format!("{}: its fixed version cannot be compared: {error}", record.notice.id));
            (FindingStatus::Unknown, None)
        }
        None => (FindingStatus::Unknown, None),
    };
    Some(Finding {
        id: record.notice.id.clone(),
        source: source.to_owned(),
        source_version: matched.source.version.to_owned(),
        packages: build::packages(matched),
        status,
        fixed_version: Some(fix.version.clone()),
        fix: place,
        notices: vec![record.notice.clone()],
        debian: DebianWords { status: ADVISORY.to_owned(), ..DebianWords::default() },
        severity: build::severities(&record.notice.id, None, matched.context.knowledge),
        description: Some(record.title.clone()),
        evidence: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use crate::finding::FindingStatus;
    use crate::knowledge::Notices;
    use crate::matching::fixture::{World, row};

    #[test]
    fn an_advisory_without_ids_is_found_by_its_own() {
        let list = "[21 Nov 2026] DSA-6500-1 a - security update\n\t[trixie] - a 1-2\n\t[bookworm] - a 0-2\n";
        let world = |version: &str| {
            let mut world = World::new(&[row("b", "CVE-2026-1001")], &[("a", version)]);
            world.knowledge.notices = Notices::read(list).unwrap();
            world
        };
        let finding = world("1-1").only();
        assert_eq!((finding.id.as_str(), finding.status), ("DSA-6500-1", FindingStatus::Fixable));
        assert_eq!(finding.notices[0].date.to_string(), "2026-11-21");
        assert_eq!(world("1-1").has("a", "1-1", "trixie").only().status, FindingStatus::FixAnnounced);
        assert_eq!(world("1-2").statuses(), []);
        assert_eq!(world("x").only().status, FindingStatus::Unknown);
    }
}
