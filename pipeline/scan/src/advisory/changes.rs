//! Two [`Advisories`] in; which rows one has that the other has not, or has otherwise, out.

use std::cmp::Ordering;

use super::Advisories;
use super::record::Row;
use crate::row::RowKey;

impl Advisories {
    /// The rows that are new, gone or in anything different, sorted. Sources of which nothing changed cost one comparison a release.
    pub fn changes_since(&self, earlier: &Self) -> Vec<RowKey> {
        let mut changes = Vec::new();
        let (mut ours, mut theirs) = (0, 0);
        loop {
            match self.compare_groups(ours, earlier, theirs) {
                None => return changes,
                Some(Ordering::Less) => changes.extend(self.group(ours).iter().map(|row| self.key(row))),
                Some(Ordering::Greater) => changes.extend(earlier.group(theirs).iter().map(|row| earlier.key(row))),
                Some(Ordering::Equal) => self.changes_in_group(ours, earlier, theirs, &mut changes),
            }
            let order = self.compare_groups(ours, earlier, theirs);
            ours += usize::from(order != Some(Ordering::Greater));
            theirs += usize::from(order != Some(Ordering::Less));
        }
    }

    fn group(&self, at: usize) -> &[Row] {
        self.rows.get(self.range(at)).unwrap_or_default()
    }

    /// None where both are at their end.
    fn compare_groups(&self, ours: usize, earlier: &Self, theirs: usize) -> Option<Ordering> {
        match (self.groups.get(ours), earlier.groups.get(theirs)) {
            (None, None) => None,
            (Some(_), None) => Some(Ordering::Less),
            (None, Some(_)) => Some(Ordering::Greater),
            (Some(group), Some(other)) => {
                Some(self.compare(group, earlier.strings.get(other.source), earlier.strings.get(other.release)))
            }
        }
    }

    fn changes_in_group(&self, ours: usize, earlier: &Self, theirs: usize, changes: &mut Vec<RowKey>) {
        let fingerprint = |it: &Self, at: usize| it.groups.get(at).map(|group| group.fingerprint);
        if fingerprint(self, ours) == fingerprint(earlier, theirs) {
            return;
        }
        let (mut ours, mut theirs) = (self.group(ours), earlier.group(theirs));
        while let Some((order, key)) = self.compare_first(ours, earlier, theirs) {
            changes.extend(key);
            ours = ours.get(usize::from(order != Ordering::Greater)..).unwrap_or_default();
            theirs = theirs.get(usize::from(order != Ordering::Less)..).unwrap_or_default();
        }
    }

    /// Which of the first two rows comes first, and its key if it is a change.
    fn compare_first(&self, ours: &[Row], earlier: &Self, theirs: &[Row]) -> Option<(Ordering, Option<RowKey>)> {
        let (row, other) = match (ours.first(), theirs.first()) {
            (None, None) => return None,
            (Some(row), None) => return Some((Ordering::Less, Some(self.key(row)))),
            (None, Some(row)) => return Some((Ordering::Greater, Some(earlier.key(row)))),
            (Some(row), Some(other)) => (row, other),
        };
        let order = self.strings.get(row.id).cmp(earlier.strings.get(other.id));
        let key = match order {
            Ordering::Equal => (!self.same(row, earlier, other)).then(|| self.key(row)),
            Ordering::Less => Some(self.key(row)),
            Ordering::Greater => Some(earlier.key(other)),
        };
        Some((order, key))
    }

    fn same(&self, row: &Row, earlier: &Self, other: &Row) -> bool {
        let mut strings = row.strings().into_iter().zip(other.strings());
        let same = strings.all(|(ours, theirs)| self.strings.get_some(ours) == earlier.strings.get_some(theirs));
        same && (row.bug, row.next_point_update) == (other.bug, other.next_point_update)
    }
}

#[cfg(test)]
mod tests {
    use crate::advisory::fixture::{bare, built, full};
    use crate::row::{AdvisoryRow, NoDsa, NoDsaKind, RowStatus};

    #[test]
    fn a_change_of_any_field_is_a_change_of_that_row_only() {
        let row = || full("CVE-2026-2");
        let before = built(&[full("CVE-2026-1"), row(), bare("CVE-2026-2")]);
        let no_dsa = |kind, text| Some(NoDsa { kind, text });
        let others = [
            AdvisoryRow { status: RowStatus::Open, ..row() },
            AdvisoryRow { urgency: "high", ..row() },
            AdvisoryRow { fixed_version: None, ..row() },
            AdvisoryRow { fixed_version: Some(""), ..row() },
            AdvisoryRow { no_dsa: None, ..row() },
            AdvisoryRow { no_dsa: no_dsa(NoDsaKind::Plain, "Minor issue"), ..row() },
            AdvisoryRow { no_dsa: no_dsa(NoDsaKind::Ignored, "Minor"), ..row() },
            AdvisoryRow { next_point_update: false, ..row() },
            AdvisoryRow { repositories: vec![("trixie", "1:1.3.dfsg-1")], ..row() },
            AdvisoryRow { description: None, ..row() },
            AdvisoryRow { scope: Some("local"), ..row() },
            AdvisoryRow { debian_bug: None, ..row() },
        ];
        for other in others {
            let after = built(&[full("CVE-2026-1"), other.clone(), bare("CVE-2026-2")]);
            let changes = after.changes_since(&before);
            let names: Vec<_> = changes.iter().map(|key| (key.source.as_str(), key.id.as_str())).collect();
            assert_eq!(names, [("zlib", "CVE-2026-2")], "{other:?}");
        }
    }

    #[test]
    fn rows_that_are_new_or_gone_are_changes_in_order() {
        let before = built(&[full("CVE-2026-1"), full("CVE-2026-2")]);
        let after = built(&[full("CVE-2026-2"), full("CVE-2026-3"), bare("CVE-2026-9")]);
        let ids = |keys: Vec<crate::RowKey>| keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
        assert_eq!(ids(after.changes_since(&before)), ["CVE-2026-9", "CVE-2026-1", "CVE-2026-3"]);
        assert_eq!(ids(before.changes_since(&after)), ["CVE-2026-9", "CVE-2026-1", "CVE-2026-3"]);
    }
}
