//! One scan: an image's lock and what is known, to reports and the gate's verdict.
//!
//! In: a [`Scannable`]. Out: a [`ScannedPlatform`] for each of its platforms, and a [`Verdict`]. What is published is scanned with the same data
//! beside what is to be published: the gate compares the two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use assemble::{Catalogue, ImageLock};
use blob::Digest;
use jiff::Timestamp;
use plan::Publication;
use scan::{
    Changelogs, Context, FileList, FirstSeen, GateInput, Inventory, PathList, Report, ReportSubject, Standing, Verdict,
    judge, scan,
};
use store::{Ledger, ScannedImage};

use crate::image_build::BuiltImage;
use crate::scanning::archive::{ArchiveState, Remembered};
use crate::scanning::inventory::inventory;
use crate::scanning::{Judging, PathLists};
use crate::{ChangelogFiles, Failure, FeedSettings, Feeds, Reporter, Whose, blocking};

/// What scans; cheap to clone.
#[derive(Clone)]
pub struct Scanner {
    /// The catalogue: which suites a release has.
    pub catalogue: Arc<Catalogue>,
    /// What the catalogue says about findings.
    pub judging: Arc<Judging>,
    /// What is known.
    pub feeds: Feeds,
    /// What is remembered.
    pub ledger: Ledger,
    /// What packages say about themselves.
    pub changelogs: ChangelogFiles,
    /// The paths of images.
    pub paths: PathLists,
    pub(crate) archives: Arc<Mutex<BTreeMap<String, Remembered>>>,
    /// The archive as the last rescan of this process saw it.
    pub(crate) looked_at: Arc<Mutex<Option<ArchiveState>>>,
}

/// An image that can be scanned, whether it is published or not.
pub(crate) struct Scannable {
    /// `HOST/REPOSITORY`.
    pub(crate) name: String,
    /// What it consists of.
    pub(crate) lock: ImageLock,
    /// Each platform's manifest.
    pub(crate) manifests: BTreeMap<String, Digest>,
}

/// One platform's report.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedPlatform {
    /// The platform.
    pub platform: String,
    /// Its manifest.
    pub manifest: Digest,
    /// What was found.
    pub report: Report,
}

/// What one platform of an image has.
struct Installed {
    platform: String,
    manifest: Digest,
    inventory: Inventory,
    paths: Option<PathList>,
}

/// The gate keeps an image from being published.
#[derive(Debug, thiserror::Error)]
#[error("{verdict}")]
pub struct Blocked {
    verdict: Verdict,
}

impl Scannable {
    /// An image that was just built.
    pub(crate) fn built(built: &BuiltImage, name: &str) -> Self {
        let manifest =
            |platform: &crate::BuiltPlatform| (platform.platform.to_string(), platform.image.descriptor.digest.clone());
        Self {
            name: name.to_owned(),
            lock: built.lock.clone(),
            manifests: built.platforms.iter().map(manifest).collect(),
        }
    }

    /// An image that is published.
    pub(crate) fn published(published: &Publication) -> Self {
        let manifests = published.platforms.iter().map(|(name, it)| (name.clone(), it.manifest.clone()));
        Self { name: published.attested.name.clone(), lock: published.lock.clone(), manifests: manifests.collect() }
    }
}

impl Scanner {
    /// What scans with the feeds, the ledger and the caches of a state folder.
    pub async fn open(
        state: &Path,
        catalogue: Arc<Catalogue>,
        judging: Judging,
        feeds: &FeedSettings,
        reporter: &Reporter,
    ) -> Result<Self, Failure> {
        Ok(Self {
            catalogue,
            judging: Arc::new(judging),
            feeds: Feeds::open(feeds, state, reporter)?,
            ledger: Ledger::open(&Ledger::path_of(state)).await?,
            changelogs: ChangelogFiles::of_state(state)?,
            paths: PathLists::of_state(state)?,
            archives: Arc::default(),
            looked_at: Arc::default(),
        })
    }

    /// Scans every platform of an image with what is known at `now`.
    pub(crate) async fn scan(&self, image: Scannable, now: Timestamp) -> Result<Vec<ScannedPlatform>, Failure> {
        let archive = self.archive(&image.lock.release).await?;
        let own = self.clone();
        blocking(move || {
            let knowledge = own.feeds.knowledge()?;
            let context = Context {
                knowledge: &knowledge,
                archive: &archive,
                changelogs: &Changelogs::default(),
                rules: &own.judging.rules,
                standing: Standing::of(&knowledge.feeds, now, own.feeds.stale_after()),
                today: now.to_zoned(jiff::tz::TimeZone::UTC).date(),
            };
            let installed = own.installed(&image);
            let scanned = scan_all(&image.name, &installed, &context);
            // To look into a .deb takes a hundred times as long as a scan: only sources with findings have theirs looked into.
            let found: BTreeSet<&str> =
                scanned.iter().flat_map(|it| &it.report.findings).map(|it| it.source.as_str()).collect();
            if found.is_empty() {
                return Ok(scanned);
            }
            let wanted = image.lock.packages().filter(|package| found.contains(package.source.as_str()));
            let changelogs = own.changelogs.load(wanted);
            Ok(scan_all(&image.name, &installed, &Context { changelogs: &changelogs, ..context }))
        })
        .await
    }

    /// What each platform of an image has.
    fn installed(&self, image: &Scannable) -> Vec<Installed> {
        let platform = |(platform, manifest): (&String, &Digest)| {
            let inventory = inventory(&self.catalogue, &image.lock, image.lock.platforms.get(platform)?);
            let (platform, manifest, paths) = (platform.clone(), manifest.clone(), self.paths.load(manifest));
            Some(Installed { platform, manifest, inventory, paths })
        };
        image.manifests.iter().filter_map(platform).collect()
    }

    /// What the gate makes of an image, beside what is published of it.
    pub(crate) async fn judge(
        &self,
        image: &str,
        scanned: &[ScannedPlatform],
        published: Option<&Publication>,
        now: Timestamp,
    ) -> Result<Verdict, Failure> {
        let former = match published {
            Some(published) => reports(&self.scan(Scannable::published(published), now).await?),
            None => Vec::new(),
        };
        let first_seen = self.first_seen(image, scanned).await?;
        let (reports, published) = (reports(scanned), former);
        let input = GateInput { image, reports: &reports, published: &published, first_seen: &first_seen, now };
        Ok(judge(&self.judging.gate, &input))
    }

    /// Since when each finding is known, on whichever platform it was seen first.
    pub async fn first_seen(&self, image: &str, scanned: &[ScannedPlatform]) -> Result<FirstSeen, Failure> {
        let mut all = FirstSeen::new();
        for platform in scanned {
            for (finding, at) in self.ledger.first_seen(image, &platform.platform).await? {
                let known = all.entry(finding).or_insert(at);
                *known = at.min(*known);
            }
        }
        Ok(all)
    }

    /// Remembers what was found.
    pub(crate) async fn remember(
        &self,
        image: &str,
        scanned: &[ScannedPlatform],
        verdict: &Verdict,
        now: Timestamp,
    ) -> Result<store::FindingChanges, Failure> {
        let verdict = serde_json::to_value(verdict).ok();
        let scan = |it: &ScannedPlatform| ScannedImage {
            image: image.to_owned(),
            platform: it.platform.clone(),
            manifest: it.manifest.clone(),
            at: now,
            report: it.report.clone(),
            verdict: verdict.clone(),
        };
        let scans: Vec<ScannedImage> = scanned.iter().map(scan).collect();
        Ok(self.ledger.scanned(&scans).await?)
    }
}

fn scan_all(name: &str, installed: &[Installed], context: &Context<'_>) -> Vec<ScannedPlatform> {
    let platform = |it: &Installed| {
        let (platform, manifest) = (it.platform.clone(), it.manifest.clone());
        let subject =
            ReportSubject { name: name.to_owned(), digest: Some(manifest.clone()), platform: Some(platform.clone()) };
        let files = it.paths.as_ref().map(|paths| paths as &dyn FileList);
        ScannedPlatform { platform, manifest, report: scan(&it.inventory, subject, files, context) }
    };
    installed.iter().map(platform).collect()
}

/// Lets an image through, or says what keeps it back.
pub(crate) fn admit(verdict: &Verdict) -> Result<(), Failure> {
    if verdict.passed {
        return Ok(());
    }
    Err(Failure::new(Whose::Policy, Blocked { verdict: verdict.clone() }))
}

pub(crate) fn reports(scanned: &[ScannedPlatform]) -> Vec<Report> {
    scanned.iter().map(|it| it.report.clone()).collect()
}
