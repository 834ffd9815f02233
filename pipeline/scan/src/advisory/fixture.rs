//! Rows for tests.

use super::{Advisories, AdvisoriesBuilder};
use crate::row::{AdvisoryRow, NoDsa, NoDsaKind, RowStatus};

/// A row with something in every field.
pub(super) fn full(id: &str) -> AdvisoryRow<'_> {
    AdvisoryRow {
        source: "zlib",
        id,
        release: "trixie",
        status: RowStatus::Other("embargoed"),
        urgency: "low**",
        fixed_version: Some("1:1.3.dfsg+really1.3.1-1+deb13u1"),
        no_dsa: Some(NoDsa { kind: NoDsaKind::Ignored, text: "Minor issue" }),
        next_point_update: true,
        repositories: vec![("trixie", "1:1.3.dfsg-1"), ("trixie-security", "1:1.3.dfsg-2")],
        description: Some("é \" \\"),
        scope: Some("remote"),
        debian_bug: Some(1_146_895),
    }
}

/// A row that says as little as a row can.
pub(super) fn bare(id: &str) -> AdvisoryRow<'_> {
    let (status, urgency) = (RowStatus::Open, "");
    let empty = AdvisoryRow { source: "abc", fixed_version: None, no_dsa: None, repositories: Vec::new(), ..full(id) };
    AdvisoryRow { status, urgency, next_point_update: false, description: None, scope: None, debian_bug: None, ..empty }
}

pub(super) fn built(rows: &[AdvisoryRow<'_>]) -> Advisories {
    let mut builder = AdvisoriesBuilder::default();
    for row in rows {
        builder.add(row).unwrap();
    }
    builder.finish().unwrap()
}

/// Two rows in two groups.
pub(super) fn two_rows() -> Advisories {
    built(&[full("CVE-2026-85091"), bare("CVE-2026-85092")])
}
