//! How fast are inventories matched against everything that is known? Ratios are to ours on the same inventories.

use scan::{
    Advisories, ArchiveVersions, Changelogs, Context, EvidenceRules, Inventory, Knowledge, Report, ReportSubject,
    Standing, scan,
};

use super::{debsecan, installed, least, python, row};

const RUNS: usize = 7;
const COUNT: usize = 1_000;
const SIZE: usize = 100;

/// Calls with what reports are made from.
pub(crate) fn with<T>(knowledge: &Knowledge, call: impl FnOnce(&Context<'_>) -> T) -> T {
    call(&Context {
        knowledge,
        archive: &ArchiveVersions::default(),
        changelogs: &Changelogs::default(),
        rules: &EvidenceRules::default(),
        standing: Standing::Current { date: "2026-11-21T00:00:00Z".parse().unwrap() },
        today: "2026-11-21".parse().unwrap(),
    })
}

fn report(inventory: &Inventory, context: &Context<'_>) -> Report {
    scan(inventory, ReportSubject::default(), None, context)
}

/// One inventory, and a thousand.
pub(crate) fn measure(bytes: &[u8]) {
    let knowledge = Knowledge { advisories: Advisories::read_tracker(bytes).unwrap(), ..Knowledge::default() };
    let inventories = installed::inventories(COUNT, SIZE);
    with(&knowledge, |context| {
        let found: usize = inventories.iter().map(|it| report(it, context).findings.len()).sum();
        let one = report(&inventories[0], context);
        let what = format!("scan {SIZE} packages: {} findings", one.findings.len());
        let ours = least(100, || assert_eq!(report(&inventories[0], context).findings.len(), one.findings.len()));
        row(&what, ours, None);
        let text = serde_json::to_string(&one).unwrap();
        let took = least(100, || assert_eq!(serde_json::to_string(&one).unwrap().len(), text.len()));
        row(&format!("  write its report, {} kB of JSON", text.len() / 1_000), took, None);
        let sbom = installed::cyclonedx(&inventories[0]);
        let read = || Inventory::from_cyclonedx(&sbom).unwrap();
        assert_eq!(report(&read(), context).findings.len(), one.findings.len());
        let took = least(100, || assert_eq!(report(&read(), context).findings.len(), one.findings.len()));
        row(&format!("  the same out of a CycloneDX SBOM, {} kB", sbom.len() / 1_000), took, None);
        let all = least(RUNS, || {
            assert_eq!(inventories.iter().map(|it| report(it, context).findings.len()).sum::<usize>(), found);
        });
        row(&format!("scan {COUNT} inventories of {SIZE} packages: {found} findings"), all, None);
        python::measure(bytes, &inventories, (ours, all), found);
        debsecan::measure(&inventories[0], &one, &knowledge);
    });
}
