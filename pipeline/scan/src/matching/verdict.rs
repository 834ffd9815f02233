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
use crate::row::{AdvisoryRow, NoDsaKind, RowStatus};

/// The version of a row that says that the release never had it.
const NEVER: &str = "0";

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
