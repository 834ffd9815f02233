//! Four months of real changes through a ledger: it names the images that an event touches, and its reports end as whole scans do.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

#[path = "../../scan/tests/history/data.rs"]
mod data;

use std::collections::BTreeSet;

use blob::Digest;
use jiff::Timestamp;
use scan::{
    Advisories, ArchiveVersions, Changelogs, Context, EvidenceRules, Inventory, Knowledge, Report, ReportSubject,
    RowKey, Standing, rescan, scan,
};
use store::{Ledger, PublishedImage, PublishedPlatform, ScannedImage};

use data::{apply, begin, built, events, inventories};

const COUNT: usize = 40;
/// So many events are one new feed: a factory may have slept.
const AT_ONCE: usize = 4;
const PLATFORM: &str = "linux/amd64";
/// A source with rows in both releases at all times: with it, a few rows cover both.
const ANCHOR: &str = "zlib";

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

fn second(at: usize) -> Timestamp {
    Timestamp::from_second(1_735_000_000 + i64::try_from(at).unwrap()).unwrap()
}

fn name(at: usize) -> String {
    format!("image-{at:03}")
}

fn manifest(at: usize) -> Digest {
    Digest::of(name(at))
}

fn published(at: usize, inventory: &Inventory) -> PublishedImage {
    PublishedImage {
        image: name(at),
        codename: inventory.distribution.release().unwrap().into(),
        index: Digest::of(format!("index {at}")),
        tags: vec!["latest".into()],
        reasons: Vec::new(),
        moments: scan::Moments { decided: None, built: None, scanned: None, signed: None, tagged: second(0) },
        platforms: vec![PublishedPlatform {
            platform: PLATFORM.into(),
            manifest: manifest(at),
            packages: inventory.packages.clone(),
        }],
    }
}

fn scanned(at: usize, when: usize, report: Report) -> ScannedImage {
    let platform = PLATFORM.to_owned();
    ScannedImage { image: name(at), platform, manifest: manifest(at), at: second(when), report, verdict: None }
}

fn whole(at: usize, inventory: &Inventory, context: &Context<'_>) -> Report {
    let subject = ReportSubject { name: name(at), digest: Some(manifest(at)), platform: Some(PLATFORM.into()) };
    scan(inventory, subject, None, context)
}

/// The pairs of source and release that an event is about.
fn pairs(changed: &[RowKey]) -> Vec<(String, String)> {
    let pairs: BTreeSet<_> = changed.iter().map(|it| (it.source.clone(), it.release.clone())).collect();
    pairs.into_iter().collect()
}

/// Names of the images that have one of the pairs, by looking at each.
fn touched(inventories: &[Inventory], pairs: &[(String, String)]) -> Vec<String> {
    let has = |inventory: &Inventory| {
        let release = inventory.distribution.release().unwrap();
        pairs.iter().any(|(source, of)| of == release && inventory.packages.iter().any(|it| it.source == *source))
    };
    (0..inventories.len()).filter(|at| has(&inventories[*at])).map(name).collect()
}

#[tokio::test]
async fn reports_of_a_ledger_that_follows_the_changed_rows_end_as_whole_scans_do() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Ledger::path_of(folder.path())).await.unwrap();
    let mut rows = begin();
    let inventories = inventories(&rows, COUNT, 8, 6);
    let first: Vec<Report> = with(built(rows.iter()), |context| {
        inventories.iter().enumerate().map(|(at, it)| whole(at, it, context)).collect()
    });
    for (at, report) in first.into_iter().enumerate() {
        ledger.published(&published(at, &inventories[at])).await.unwrap();
        ledger.scanned(&[scanned(at, 1, report)]).await.unwrap();
    }
    let mut again = 0;
    for (when, events) in events().chunks(AT_ONCE).enumerate() {
        let changed: BTreeSet<RowKey> = events.iter().flat_map(|event| apply(&mut rows, event)).collect();
        let changed: Vec<RowKey> = changed.into_iter().collect();
        let pairs = pairs(&changed);
        let affected = ledger.inventories_with(&pairs).await.unwrap();
        let named: Vec<&String> = affected.iter().map(|it| &it.image).collect();
        assert!(named.into_iter().eq(&touched(&inventories, &pairs)), "event {when}");
        let mut scans = Vec::new();
        let sources: BTreeSet<&str> = pairs.iter().map(|it| it.0.as_str()).chain([ANCHOR]).collect();
        let advisories = built(rows.iter().filter(|(key, _)| sources.contains(key.source.as_str())));
        for it in &affected {
            let former = ledger.report_of(&it.manifest).await.unwrap().unwrap().report;
            let packages = ledger.inventory(&it.manifest).await.unwrap();
            let inventory = Inventory { distribution: former.distribution.clone(), packages, remarks: Vec::new() };
            let report = with(advisories.clone(), |context| rescan(&former, &inventory, None, &changed, context));
            let at: usize = it.image.rsplit('-').next().unwrap().parse().unwrap();
            scans.push(scanned(at, when + 2, report));
        }
        again += scans.len();
        ledger.scanned(&scans).await.unwrap();
    }
    assert!(again > 3 * COUNT, "{again} scans");
    let last: Vec<Report> = with(built(rows.iter()), |context| {
        inventories.iter().enumerate().map(|(at, it)| whole(at, it, context)).collect()
    });
    for (at, expected) in last.iter().enumerate() {
        let held = ledger.latest_report(&name(at), PLATFORM).await.unwrap().unwrap();
        assert_eq!(held.report, *expected, "{}", name(at));
    }
}
