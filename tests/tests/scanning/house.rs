//! A factory with its archive and its feeds, all on this machine.
//!
//! In: an archive, what the feeds say, the gate. Out: waves, rescans, and the same again by a process that was started anew. Times of feeds are
//! counted from now, because a factory goes by its clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use oci::Platform;
use plan::{Outcome, WaveSummary};
use scan::{EvidenceRules, Gate};
use store::{Event, Ledger};
use tests::{FakeArchive, FakeFeeds, FakePackage, FakeServer, FakeSuite, mini_trixie};
use worker::{FeedAddress, FeedNews, FeedSettings, Judging, Rescan, State, WaveRequest};

use crate::factory::{Factory, factory_with};
use crate::known::{Tracker, advisories, exploited};

/// The suites of the archive.
const SUITES: [&str; 3] = ["trixie", "trixie-updates", "trixie-security"];

/// Everything.
pub(crate) struct House {
    pub(crate) archive: FakeArchive,
    pub(crate) server: Arc<FakeServer>,
    pub(crate) feeds: Arc<FakeFeeds>,
    platforms: Vec<Platform>,
    folder: tempfile::TempDir,
    judging: Judging,
    open: Option<(State, Factory)>,
    minutes: AtomicI64,
}

/// Now, in whole seconds.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

/// A time as HTTP writes it.
pub(crate) fn http(time: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap()
}

impl House {
    /// With the small archive for amd64, feeds that say nothing of any image, and the usual gate.
    pub(crate) fn new() -> Self {
        Self::on(&["amd64"], Gate::default())
    }

    /// The same for these architectures and with this gate. All suites are 150 days old.
    pub(crate) fn on(architectures: &[&str], gate: Gate) -> Self {
        let archive = SUITES.iter().fold(mini_trixie(architectures), |archive, suite| {
            archive.change(suite, |suite| suite.date(&days_ago(150).to_string()))
        });
        let (server, feeds) = (Arc::new(archive.serve()), Arc::new(FakeFeeds::start()));
        feeds.put("kev", exploited(1, &[]), None);
        feeds.put("dsa", advisories(&[]), None);
        let platforms = architectures.iter().map(|name| Platform::linux(*name)).collect();
        Self::opened(archive, server, feeds, platforms, Judging { gate, ..Judging::default() })
    }

    /// Another factory, with the same archive and feeds.
    pub(crate) fn twin(&self) -> Self {
        let (server, feeds) = (Arc::clone(&self.server), Arc::clone(&self.feeds));
        Self::opened(self.archive.clone(), server, feeds, self.platforms.clone(), self.judging.clone())
    }

    fn opened(
        archive: FakeArchive,
        server: Arc<FakeServer>,
        feeds: Arc<FakeFeeds>,
        platforms: Vec<Platform>,
        judging: Judging,
    ) -> Self {
        let (folder, minutes) = (tempfile::tempdir().unwrap(), AtomicI64::new(-120));
        let mut house = Self { archive, server, feeds, platforms, folder, judging, open: None, minutes };
        house.start_again();
        house
    }

    fn settings(&self) -> FeedSettings {
        let url = |path: &str| FeedAddress::Url(self.feeds.url(path).parse().unwrap());
        FeedSettings {
            tracker: url("tracker"),
            dsa: url("dsa"),
            kev: url("kev"),
            dla: FeedAddress::Off,
            epss: FeedAddress::Off,
            support: BTreeMap::new(),
            interval: Duration::ZERO,
            ..FeedSettings::default()
        }
    }

    /// Another process on the same state folder.
    pub(crate) fn start_again(&mut self) {
        self.open = None;
        let opened =
            factory_with(&self.archive, &self.server, self.folder.path(), &self.settings(), self.judging.clone());
        self.open = Some(opened);
    }

    /// The same with another gate.
    pub(crate) fn set_gate(&mut self, gate: Gate) {
        self.judging.gate = gate;
        self.start_again();
    }

    /// The same with other rules and statements of the catalogue.
    pub(crate) fn set_rules(&mut self, rules: EvidenceRules) {
        self.judging.rules = rules;
        self.start_again();
    }

    /// Nothing is open, so that files can be changed.
    pub(crate) fn stop(&mut self) -> std::path::PathBuf {
        self.open = None;
        self.folder.path().join("state")
    }

    pub(crate) fn factory(&self) -> &Factory {
        &self.open.as_ref().unwrap().1
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.factory().scanner.ledger
    }

    /// What the ledger has seen of one kind, the oldest first.
    pub(crate) async fn events(&self, kind: store::EventKind) -> Vec<Event> {
        let mut events = self.ledger().events(None, 1000).await.unwrap();
        events.retain(|event| event.kind == kind);
        events.reverse();
        events
    }

    /// The tracker says this from now on; each time a minute younger than the time before. Gives its date.
    pub(crate) fn know(&self, tracker: &Tracker) -> Timestamp {
        let minutes = self.minutes.fetch_add(1, Ordering::SeqCst);
        let date = now() + SignedDuration::from_mins(minutes);
        self.know_of(tracker, date);
        date
    }

    /// The tracker says this, of a date.
    pub(crate) fn know_of(&self, tracker: &Tracker, date: Timestamp) {
        self.feeds.put("tracker", tracker.to_bytes(), Some(&http(date)));
    }

    pub(crate) async fn refresh(&self) -> FeedNews {
        self.factory().scanner.feeds.refresh(Timestamp::now()).await
    }

    /// A suite has something else from now on, and says that it has it since then.
    pub(crate) fn change(&mut self, suite: &str, date: Timestamp, change: impl FnOnce(FakeSuite) -> FakeSuite) {
        self.archive = self.archive.clone().change(suite, |suite| change(suite.date(&date.to_string())));
        self.server.swap(self.archive.compose());
    }

    /// The security suite has these packages in place of others of their names.
    pub(crate) fn secure(&mut self, date: Timestamp, packages: impl IntoIterator<Item = FakePackage>) {
        self.change("trixie-security", date, |suite| packages.into_iter().fold(suite, FakeSuite::replacing));
    }

    /// A wave for these images, on all platforms that the archive has.
    pub(crate) async fn try_wave(&self, images: &[&str]) -> Result<WaveSummary, worker::Failure> {
        let images = images.iter().map(ToString::to_string).collect();
        let request = WaveRequest { images, platforms: self.platforms.clone() };
        self.factory().run(&request).await
    }

    pub(crate) async fn wave(&self, images: &[&str]) -> WaveSummary {
        self.try_wave(images).await.unwrap()
    }

    /// Feeds, then a wave, which must publish all of these images. Gives the reasons of the first.
    pub(crate) async fn publish(&self, images: &[&str]) -> Vec<String> {
        self.refresh().await;
        let summary = self.wave(images).await;
        assert_eq!(summary.counts(), (images.len(), 0, 0), "{summary:?}");
        match &summary.images[0].outcome {
            Outcome::Published { reasons, .. } => reasons.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Feeds, then a rescan, which must not fail.
    pub(crate) async fn rescan(&self) -> Rescan {
        self.refresh().await;
        let factory = self.factory();
        let rescan = factory.publisher.rescan(&factory.publications, Timestamp::now()).await.unwrap();
        assert_eq!(rescan.failures, []);
        rescan
    }

    pub(crate) fn publication(&self, image: &str) -> plan::Publication {
        self.factory().publications.get(image).unwrap()
    }
}

/// The package media-types of this version, which static and all that stand on it have.
pub(crate) fn media_types(version: &str) -> FakePackage {
    let package = FakePackage::new("media-types", version).architecture("all").multi_arch("foreign");
    package
        .provides("mime-support")
        .file("/etc/mime.types", format!("text/{version}\ttxt\n"))
        .conffile("/etc/mime.types")
}

/// The package netbase of this version.
pub(crate) fn netbase(version: &str) -> FakePackage {
    let package = FakePackage::new("netbase", version).architecture("all").multi_arch("foreign");
    let files = ["/etc/ethertypes", "/etc/protocols", "/etc/rpc", "/etc/services"];
    files.iter().fold(package, |package, path| package.file(path, "ip 0 IP\n").conffile(path))
}

/// Another package of the same source in this version: the archive has the fix, and no image can take it.
pub(crate) fn beside(source: &str, version: &str) -> FakePackage {
    FakePackage::new(format!("{source}-beside"), version).architecture("all").source(source, version)
}

/// A time by its distance from now, in hours.
pub(crate) fn hours_ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// The same in days.
pub(crate) fn days_ago(days: i64) -> Timestamp {
    hours_ago(24 * days)
}

/// What keeps the only image of a wave from being published.
pub(crate) fn refusal(summary: &WaveSummary) -> String {
    match &summary.images[0].outcome {
        Outcome::Failed { whose: worker::Whose::Policy, message } => message.clone(),
        other => panic!("{other:?}"),
    }
}
