//! How long does a changed feed take until the ledger has the new reports of every image that it touches? Four months of real changes.
//!
//! An event here is: compare the advisories, ask the ledger which images have the sources, read their reports and packages, match the changed
//! sources anew, write the reports. Reading the new feed is in `loading`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use blob::Digest;
use jiff::Timestamp;
use scan::{Advisories, Inventory, Knowledge, Report, ReportSubject, rescan, scan};
use store::{Ledger, PublishedImage, PublishedPlatform, ScannedImage};
use tokio::runtime::Runtime;

use super::data::{apply, begin, built, events, inventories};
use super::{least, matching, row};

const COUNT: usize = 1_000;
const PLATFORM: &str = "linux/amd64";
/// What images are like: so many sources that most have, so many others.
const KINDS: [(&str, usize, usize); 2] = [("like base images", 54, 6), ("unlike each other", 30, 70)];

/// Everything about both kinds.
pub(crate) fn measure() {
    for (kind, common, any) in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let ledger = runtime.block_on(Ledger::open(&Ledger::path_of(folder.path()))).unwrap();
        Replay { ledger, runtime }.run(kind, &inventories(&begin(), COUNT, common, any));
    }
}

struct Replay {
    ledger: Ledger,
    runtime: Runtime,
}

/// What an event took, and how many images it touched.
struct Took {
    all: Duration,
    matching: Duration,
    writing: Duration,
    images: usize,
}

impl Replay {
    fn run(&self, kind: &str, inventories: &[Inventory]) {
        let mut rows = begin();
        let mut former = Knowledge { advisories: built(rows.iter()), ..Knowledge::default() };
        self.publish(inventories, &former);
        let mut took = Vec::new();
        for (at, event) in events().iter().enumerate() {
            apply(&mut rows, event);
            let knowledge = Knowledge { advisories: built(rows.iter()), ..Knowledge::default() };
            took.push(self.event(at, &former.advisories, &knowledge));
            former = knowledge;
        }
        say(kind, &mut took);
        let whole = least(3, || {
            matching::with(&former, |context| {
                let all = inventories.iter().map(|it| scan(it, ReportSubject::default(), None, context).findings.len());
                assert!(all.sum::<usize>() > 0);
            });
        });
        row("  instead, scan all of them again, and write nothing", whole, None);
    }

    fn publish(&self, inventories: &[Inventory], knowledge: &Knowledge) {
        for (at, inventory) in inventories.iter().enumerate() {
            let name = format!("image-{at}");
            let manifest = Digest::of(&name);
            let packages = inventory.packages.clone();
            let published = PublishedImage {
                image: name.clone(),
                codename: inventory.distribution.release().unwrap().into(),
                index: Digest::of(format!("index {at}")),
                tags: vec!["latest".into()],
                reasons: Vec::new(),
                moments: scan::Moments { decided: None, built: None, scanned: None, signed: None, tagged: second(0) },
                platforms: vec![PublishedPlatform { platform: PLATFORM.into(), manifest: manifest.clone(), packages }],
            };
            let subject = ReportSubject { name: name.clone(), digest: Some(manifest.clone()), platform: None };
            let report = matching::with(knowledge, |context| scan(inventory, subject, None, context));
            self.runtime.block_on(self.ledger.published(&published)).unwrap();
            self.runtime.block_on(self.ledger.scanned(&[scanned(name, manifest, 0, report)])).unwrap();
        }
    }

    fn event(&self, at: usize, former: &Advisories, knowledge: &Knowledge) -> Took {
        let begun = Instant::now();
        let changed = knowledge.advisories.changes_since(former);
        let pairs: BTreeSet<_> = changed.iter().map(|it| (it.source.clone(), it.release.clone())).collect();
        let pairs: Vec<_> = pairs.into_iter().collect();
        let affected = self.runtime.block_on(self.ledger.inventories_with(&pairs)).unwrap();
        let (mut scans, mut matching) = (Vec::new(), Duration::ZERO);
        for it in &affected {
            let former = self.runtime.block_on(self.ledger.report_of(&it.manifest)).unwrap().unwrap().report;
            let packages = self.runtime.block_on(self.ledger.inventory(&it.manifest)).unwrap();
            let inventory = Inventory { distribution: former.distribution.clone(), packages, remarks: Vec::new() };
            let begun = Instant::now();
            let report = matching::with(knowledge, |context| rescan(&former, &inventory, None, &changed, context));
            matching += begun.elapsed();
            if report != former {
                scans.push(scanned(it.image.clone(), it.manifest.clone(), at + 1, report));
            }
        }
        let written = Instant::now();
        self.runtime.block_on(self.ledger.scanned(&scans)).unwrap();
        Took { all: begun.elapsed(), matching, writing: written.elapsed(), images: affected.len() }
    }
}

fn scanned(image: String, manifest: Digest, at: usize, report: Report) -> ScannedImage {
    ScannedImage { image, platform: PLATFORM.into(), manifest, at: second(at), report, verdict: None }
}

fn second(at: usize) -> Timestamp {
    Timestamp::from_second(1_735_000_000 + i64::try_from(at).unwrap()).unwrap()
}

fn say(kind: &str, took: &mut [Took]) {
    let count = took.len();
    let touching = took.iter().filter(|it| it.images > 0).count();
    println!("{COUNT} images {kind}, {count} events, {touching} of them touch an image:");
    took.sort_by_key(|it| it.all);
    for (name, at) in [("median", count / 2), ("nine tenths", count * 9 / 10), ("longest", count - 1)] {
        let Took { all, matching, writing, images } = &took[at];
        let what = format!("  {name}: {images} images, matching {matching:.1?}, writing {writing:.1?}");
        row(&what, *all, None);
    }
}
