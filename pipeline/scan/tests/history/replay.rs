//! The same four months over inventories: reports that follow each event by its changed rows only end as whole scans do.

use std::collections::BTreeSet;

use scan::{
    Advisories, ArchiveVersions, Changelogs, Context, EvidenceRules, Inventory, Knowledge, Report, ReportSubject,
    RowKey, Standing, rescan, scan,
};

use crate::data::{Rows, apply, begin, built, events, inventories};
use crate::near;

const COUNT: usize = 1_000;
/// A source with rows in both releases at all times: with it, a few rows cover both.
const ANCHOR: &str = "zlib";

/// Calls with what a report of these advisories is made from.
fn with<T>(advisories: Advisories, call: impl FnOnce(&Context<'_>) -> T) -> T {
    let knowledge = Knowledge { advisories, ..Knowledge::default() };
    call(&Context {
        knowledge: &knowledge,
        archive: &ArchiveVersions::default(),
        changelogs: &Changelogs::default(),
        rules: &EvidenceRules::default(),
        standing: Standing::Current { date: "2025-02-12T18:06:00Z".parse().unwrap() },
        today: "2025-02-12".parse().unwrap(),
    })
}

fn all(inventories: &[Inventory], rows: &Rows) -> Vec<Report> {
    let subject = |at: usize| ReportSubject { name: format!("image-{at}"), ..ReportSubject::default() };
    with(built(rows.iter()), |context| {
        inventories.iter().zip(0..).map(|(inventory, at)| scan(inventory, subject(at), None, context)).collect()
    })
}

/// The inventories that have a source whose rows changed in their release.
fn touched(inventories: &[Inventory], changed: &[RowKey]) -> Vec<usize> {
    let pairs: BTreeSet<(&str, &str)> = changed.iter().map(|it| (it.source.as_str(), it.release.as_str())).collect();
    let has = |inventory: &Inventory| {
        let release = inventory.distribution.release().unwrap();
        inventory.packages.iter().any(|it| pairs.contains(&(it.source.as_str(), release)))
    };
    (0..inventories.len()).filter(|at| has(&inventories[*at])).collect()
}

#[test]
fn reports_that_follow_the_changed_rows_end_as_whole_scans_do() {
    let mut rows = begin();
    let inventories = inventories(&rows, COUNT, 3, 3);
    let mut reports = all(&inventories, &rows);
    let (mut scans, mut differ) = (0, 0);
    for event in events() {
        let changed = apply(&mut rows, &event);
        let touched = touched(&inventories, &changed);
        let sources = changed.iter().map(|it| it.source.clone()).chain([ANCHOR.to_owned()]).collect();
        with(near(&rows, &sources), |context| {
            for at in touched {
                let report = rescan(&reports[at], &inventories[at], None, &changed, context);
                differ += usize::from(report.findings != reports[at].findings);
                scans += 1;
                reports[at] = report;
            }
        });
    }
    let whole = all(&inventories, &rows);
    for (followed, whole) in reports.iter().zip(&whole) {
        assert_eq!(followed, whole);
    }
    let findings: usize = whole.iter().map(|report| report.findings.len()).sum();
    assert!(
        differ > COUNT && scans > 2 * COUNT && findings > 10 * COUNT,
        "{scans} scans, {differ} of them differ, {findings} findings"
    );
    assert!(whole.iter().all(|report| report.standing.is_current()));
}
