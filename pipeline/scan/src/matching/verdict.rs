//! What a row of the tracker means for an installed version.
//!
//! | row | status |
//! |---|---|
//! | resolved, `0` | not affected, with the row as evidence |
//! | resolved, installed at or above the version | nothing |
//! | resolved, below | fixable; fix announced where the archive is known and lacks the version; negligible if unimportant, with the fix |
//! | open, unimportant | negligible |
//! | open, an advisory (DSA) names a version above the installed one | fixable or fix announced, by the archive |
//! | open, urgency end-of-life, or the source's support ended | end of life |
//! | open, next point update | fix pending |
//! | open, no-dsa, postponed, ignored | the same; another word there: unknown |
//! | open | affected |
//! | undetermined | under investigation |
//! | another word, a version that is none, or none where there must be one | unknown |
//!
//! A row that is resolved has no use for an older no-dsa: the version decides. An advisory's version that is installed does not
//! close an open row: the tracker knows that a fix was not enough.

use std::cmp::Ordering;

use super::Matched;
use super::fix::{Place, place};
use crate::finding::{ArchiveFix, FindingStatus};
use crate::row::{AdvisoryRow, NEVER, NoDsaKind, RowStatus};

/// What a row comes to.
pub(super) struct Verdict {
    pub status: FindingStatus,
    /// First version without it.
    pub fixed_version: Option<String>,
    /// Where the archive has that.
    pub fix: Option<ArchiveFix>,
    /// Debian's row says `0`.
    pub never: bool,
}

impl From<FindingStatus> for Verdict {
    fn from(status: FindingStatus) -> Self {
        Self { status, fixed_version: None, fix: None, never: false }
    }
}

/// None where the installed version has the fix. A row that does not match allocates nothing.
pub(super) fn of_row(row: &AdvisoryRow<'_>, matched: &mut Matched<'_>, ended: bool) -> Option<Verdict> {
    match (row.status, row.fixed_version) {
        (RowStatus::Resolved, Some(NEVER)) => Some(Verdict { never: true, ..FindingStatus::NotAffected.into() }),
        (RowStatus::Resolved, Some(fixed)) => resolved(row, fixed, matched),
        (RowStatus::Resolved, None) => {
            matched.remark(format!("{}: the tracker calls it resolved and names no version", row.id));
            Some(FindingStatus::Unknown.into())
        }
        (RowStatus::Open, _) => Some(open(row, matched, ended)),
        (RowStatus::Undetermined, _) => Some(FindingStatus::UnderInvestigation.into()),
        (RowStatus::Other(_), _) => Some(FindingStatus::Unknown.into()),
    }
}

fn resolved(row: &AdvisoryRow<'_>, fixed: &str, matched: &mut Matched<'_>) -> Option<Verdict> {
    let order = matched.version.as_ref().ok().map(|version| version.cmp_text(fixed));
    match order {
        Some(Ok(Ordering::Equal | Ordering::Greater)) => None,
        Some(Ok(Ordering::Less)) => Some(below(row, fixed, matched)),
        Some(Err(error)) => {
            matched.remark(format!("{}: the tracker's fixed version cannot be compared: {error}", row.id));
            Some(Verdict { fixed_version: Some(fixed.to_owned()), ..FindingStatus::Unknown.into() })
        }
        None => Some(Verdict { fixed_version: Some(fixed.to_owned()), ..FindingStatus::Unknown.into() }),
    }
}

/// The installed version is below `fixed`, which a row or an advisory names.
pub(super) fn below(row: &AdvisoryRow<'_>, fixed: &str, matched: &Matched<'_>) -> Verdict {
    let place = place(row.source, fixed, &row.repositories, matched.context.archive);
    let status = match place {
        _ if row.urgency == "unimportant" => FindingStatus::Negligible,
        Place::Lacking => FindingStatus::FixAnnounced,
        Place::Has(_) | Place::Unknown => FindingStatus::Fixable,
    };
    let fix = if let Place::Has(fix) = place { Some(fix) } else { None };
    Verdict { status, fixed_version: Some(fixed.to_owned()), fix, never: false }
}

fn open(row: &AdvisoryRow<'_>, matched: &Matched<'_>, ended: bool) -> Verdict {
    if row.urgency == "unimportant" {
        return FindingStatus::Negligible.into();
    }
    if let Some(fixed) = advised(row, matched) {
        return below(row, &fixed, matched);
    }
    let status = match row.no_dsa.map(|it| it.kind) {
        _ if row.urgency == "end-of-life" || ended => FindingStatus::EndOfLife,
        _ if row.next_point_update => FindingStatus::FixPending,
        None => FindingStatus::Affected,
        Some(NoDsaKind::Plain) => FindingStatus::NoDsa,
        Some(NoDsaKind::Postponed) => FindingStatus::Postponed,
        Some(NoDsaKind::Ignored) => FindingStatus::Ignored,
        Some(NoDsaKind::Other(_)) => FindingStatus::Unknown,
    };
    status.into()
}

/// The greatest version above the installed one that an advisory names for the source in the release.
fn advised(row: &AdvisoryRow<'_>, matched: &Matched<'_>) -> Option<String> {
    let version = matched.version.as_ref().ok()?;
    let records = matched.context.knowledge.notices.of_id(row.id);
    let fixes = records.flat_map(|record| &record.fixed);
    let fixes = fixes.filter(|it| it.source == row.source && it.release == matched.release);
    let above = fixes.filter(|it| version.cmp_text(&it.version).is_ok_and(Ordering::is_lt));
    let parsed = above.filter_map(|it| it.version.parse::<debian::Version>().ok());
    parsed.max().map(|version| version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Notices;
    use crate::matching::fixture::{World, no_dsa, resolved, row};

    fn status(row: AdvisoryRow<'_>, version: &str) -> Option<FindingStatus> {
        let source = row.source.to_owned();
        let statuses = World::new(&[row], &[(&source, version)]).statuses();
        statuses.first().map(|(_, status)| *status)
    }

    #[test]
    fn each_state_of_a_row_has_its_status() {
        let at = |row| status(row, "1-1");
        let id = "CVE-2026-1001";
        assert_eq!(at(resolved("a", id, "0")), Some(FindingStatus::NotAffected));
        assert_eq!(at(resolved("a", id, "1-1")), None);
        assert_eq!(at(resolved("a", id, "1-2")), Some(FindingStatus::Fixable));
        assert_eq!(at(row("a", id)), Some(FindingStatus::Affected));
        assert_eq!(at(no_dsa("a", id, NoDsaKind::Plain)), Some(FindingStatus::NoDsa));
        assert_eq!(at(no_dsa("a", id, NoDsaKind::Postponed)), Some(FindingStatus::Postponed));
        assert_eq!(at(no_dsa("a", id, NoDsaKind::Ignored)), Some(FindingStatus::Ignored));
        assert_eq!(at(no_dsa("a", id, NoDsaKind::Other("new"))), Some(FindingStatus::Unknown));
        let pending = AdvisoryRow { next_point_update: true, ..no_dsa("a", id, NoDsaKind::Plain) };
        assert_eq!(at(pending), Some(FindingStatus::FixPending));
        let with = |urgency| AdvisoryRow { urgency, ..row("a", id) };
        assert_eq!(at(with("end-of-life")), Some(FindingStatus::EndOfLife));
        assert_eq!(at(with("unimportant")), Some(FindingStatus::Negligible));
        let said = |status| AdvisoryRow { status, ..row("a", id) };
        assert_eq!(at(said(RowStatus::Undetermined)), Some(FindingStatus::UnderInvestigation));
        assert_eq!(at(said(RowStatus::Other("what"))), Some(FindingStatus::Unknown));
        assert_eq!(at(said(RowStatus::Resolved)), Some(FindingStatus::Unknown));
        assert_eq!(at(row("a", "TEMP-0841856-B18BAF")), Some(FindingStatus::Affected));
    }

    #[test]
    fn versions_are_compared_as_dpkg_does() {
        // Real versions: epoch, `+really`, a security suffix, a tilde, a rebuild.
        let zlib = "1:1.3.dfsg+really1.3.1-1";
        for (installed, fixed, vulnerable) in [
            (zlib, "1:1.3.dfsg+really1.3.1-1+deb13u1", true),
            ("1:1.3.dfsg+really1.3.1-1+deb13u1", "1:1.3.dfsg+really1.3.1-1+deb13u1", false),
            ("1:1.3.dfsg+really1.3.1-1+b1", "1:1.3.dfsg+really1.3.1-1+deb13u1", true),
            (zlib, "1:1.2.13.dfsg-1", false),
            (zlib, "1.4-1", false),
            ("3.5.7-1~deb13u3", "3.5.7-1", true),
            ("3.5.7-1~deb13u3", "3.5.7-1~deb13u2", false),
            ("2.41-12", "2.41-12+deb13u1", true),
            ("2.03.31-2", "2:1.02.205-2", true),
        ] {
            let found = status(resolved("a", "CVE-2026-1001", fixed), installed);
            assert_eq!(found.is_some(), vulnerable, "{installed} {fixed}");
        }
    }

    #[test]
    fn resolved_wins_over_a_stale_no_dsa() {
        let stale = |fixed| AdvisoryRow {
            no_dsa: no_dsa("a", "x", NoDsaKind::Ignored).no_dsa,
            ..resolved("a", "CVE-2026-1001", fixed)
        };
        assert_eq!(status(stale("1-1"), "1-1"), None);
        assert_eq!(status(stale("1-2"), "1-1"), Some(FindingStatus::Fixable));
    }

    #[test]
    fn a_fix_that_the_archive_lacks_is_announced() {
        let rows = [resolved("a", "CVE-2026-1001", "1-2")];
        let lacking = World::new(&rows, &[("a", "1-1")]).has("a", "1-1", "trixie");
        assert_eq!(lacking.only().status, FindingStatus::FixAnnounced);
        let finding = lacking.has("a", "1-2", "trixie-security").only();
        assert_eq!((finding.status, finding.fix.unwrap().suite.as_str()), (FindingStatus::Fixable, "trixie-security"));
        let suites = vec![("trixie", "1-1"), ("trixie-security", "1-3")];
        let tracker = AdvisoryRow { repositories: suites, ..resolved("a", "CVE-2026-1001", "1-2") };
        assert_eq!(World::new(&[tracker], &[("a", "1-1")]).only().fix.unwrap().version, "1-3");
    }

    #[test]
    fn an_unimportant_one_stays_so_and_shows_its_fix() {
        let unimportant = AdvisoryRow { urgency: "unimportant", ..resolved("a", "CVE-2026-1001", "1-2") };
        let finding = World::new(&[unimportant], &[("a", "1-1")]).has("a", "1-2", "trixie").only();
        assert_eq!((finding.status, finding.fix.is_some()), (FindingStatus::Negligible, true));
    }

    #[test]
    fn an_advisory_closes_an_open_row_only_for_what_is_below_it() {
        let list = "[21 Nov 2026] DSA-6531-1 a - security update\n\t{CVE-2026-1001}\n\t[trixie] - a 1-2\n";
        let world = |version: &str| {
            let mut world = World::new(&[no_dsa("a", "CVE-2026-1001", NoDsaKind::Plain)], &[("a", version)]);
            world.knowledge.notices = Notices::read(list).unwrap();
            world.has("a", "1-1", "trixie")
        };
        let finding = world("1-1").only();
        assert_eq!((finding.status, finding.fixed_version.as_deref()), (FindingStatus::FixAnnounced, Some("1-2")));
        assert_eq!(finding.notices[0].id, "DSA-6531-1");
        assert_eq!(world("1-1").has("a", "1-2", "trixie-security").only().status, FindingStatus::Fixable);
        assert_eq!(world("1-2").only().status, FindingStatus::NoDsa, "the tracker knows that it was not enough");
    }

    #[test]
    fn versions_that_are_none_are_unknown_and_said() {
        let rows =
            [resolved("a", "CVE-2026-1001", "1_2"), resolved("b", "CVE-2026-1001", "1-2"), row("b", "CVE-2026-1002")];
        let world = World::new(&rows, &[("a", "1-1"), ("b", "b-1")]);
        let statuses: Vec<_> = world.statuses().into_iter().map(|(_, status)| status).collect();
        assert_eq!(statuses, [FindingStatus::Unknown, FindingStatus::Unknown, FindingStatus::Affected]);
        let remarks: Vec<String> = world.report(None).remarks.iter().map(ToString::to_string).collect();
        assert!(
            remarks[0]
                .starts_with("a: CVE-2026-1001: the tracker's fixed version cannot be compared: `1_2` is no version")
        );
        assert!(remarks[1].starts_with("b: `b-1` is no version"), "{remarks:?}");
    }
}
