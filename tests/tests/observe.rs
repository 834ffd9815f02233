//! Observing the archive against a fake one: what is believed, what is refused and with which words, what is fetched.
//!
//! In: an archive that composes, signs and serves itself, and a machine whose APT sources name it. Out: verdicts.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use debian::{Architecture, Fingerprint};
use jiff::Timestamp;
use tests::{FakeArchive, FakeKey, FakePackage, FakeServer, FakeSuite, Fault, Generation, When, clear_sign};
use worker::{
    Archive, ArchiveSettings, Client, Debs, Event, Failure, InReleases, Indexes, News, Observer, RetryPolicy, Snapshot,
    Wanted, WantedDeb, Whose,
};

const SUITES: [&str; 3] = ["trixie", "trixie-updates", "trixie-security"];

/// A machine, its state folder and the archive that its APT sources name.
struct Machine {
    folder: tempfile::TempDir,
    server: FakeServer,
    client: Client,
    observer: Observer,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Machine {
    fn of(archive: &FakeArchive) -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), archive.serve());
        let sources = folder.path().join("etc/apt/sources.list.d");
        std::fs::create_dir_all(&sources).unwrap();
        std::fs::write(sources.join("debian.sources"), archive.apt_sources(&server.url())).unwrap();
        let found = Archive::find(&ArchiveSettings::default(), folder.path()).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let reporter = Arc::clone(&events);
        let client = Client::new(quick(), Arc::new(move |event| reporter.lock().unwrap().push(event))).unwrap();
        let observer = Observer::new(client.clone(), Arc::new(found), InReleases::of_state(folder.path()));
        Self { folder, server, client, observer, events }
    }

    fn state(&self) -> &Path {
        self.folder.path()
    }

    async fn observe(&self, now: &str) -> Result<Snapshot, Failure> {
        self.observe_allowing(None, now).await
    }

    async fn observe_allowing(&self, allowed: Option<Vec<Fingerprint>>, now: &str) -> Result<Snapshot, Failure> {
        let wanted = Wanted {
            suites: SUITES.map(|suite| suite.parse().unwrap()).into(),
            components: vec!["main".parse().unwrap()],
            architectures: vec![Architecture::Amd64, Architecture::Arm64],
            allowed,
        };
        let indexes = Indexes::of_state(self.state()).unwrap();
        self.observer.observe_all(&wanted, &indexes, now.parse().unwrap()).await
    }

    fn accepted(&self, suite: &str) -> Vec<Timestamp> {
        let accepted = InReleases::of_state(self.state()).accepted(&suite.parse().unwrap()).unwrap();
        accepted.into_iter().map(|record| record.received).collect()
    }

    fn restarts(&self) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| matches!(event, Event::ObserveRestarted { .. })).count()
    }
}

fn quick() -> RetryPolicy {
    let soon = Duration::from_millis(2);
    RetryPolicy { attempts: 3, first_delay: soon, longest_delay: soon, longest_asked: Duration::from_secs(1) }
}

const NOW: &str = "2026-08-02T00:00:00Z";
const LATER: &str = "2026-08-03T00:00:00Z";

fn openssl(version: &str) -> FakePackage {
    FakePackage::new("openssl", version)
}

fn archive() -> FakeArchive {
    let suite = |name: &str| FakeSuite::new(name).architectures(&["amd64", "arm64"]);
    let main =
        suite("trixie").package(openssl("3.5.1-1")).package(FakePackage::new("tzdata", "2026a-1").architecture("all"));
    FakeArchive::new().suite(main).suite(suite("trixie-updates")).suite(suite("trixie-security"))
}

/// The same archive a day later, with a fix in its security suite.
fn fixed(archive: &FakeArchive) -> FakeArchive {
    archive
        .clone()
        .change("trixie-security", |suite| suite.date("2026-08-02T10:00:00Z").package(openssl("3.5.1-1+deb13u1")))
}

#[tokio::test]
async fn when_nothing_changed_nothing_is_read_but_three_in_release_files() {
    let machine = Machine::of(&archive());
    let first = machine.observe(NOW).await.unwrap();
    let counts: Vec<_> = first.indexes[&Architecture::Amd64].iter().map(|one| one.index.len()).collect();
    assert_eq!(counts, [2, 0, 0]);
    assert_eq!(first.indexes[&Architecture::Arm64][0].index.iter().next().unwrap().name(), "tzdata");
    assert_eq!(machine.server.count("*/by-hash/*") + 3, machine.server.requests().len());
    machine.server.forget_requests();
    let second = machine.observe(LATER).await.unwrap();
    let mut requests = machine.server.requests();
    requests.sort();
    assert_eq!(
        requests,
        ["trixie-security", "trixie-updates", "trixie"].map(|suite| format!("dists/{suite}/InRelease"))
    );
    assert_eq!(second.digest(), first.digest());
    assert!(second.suites.iter().all(|suite| suite.news == News::Unchanged));
    assert_eq!(machine.accepted("trixie"), [NOW.parse().unwrap()]);
}

#[tokio::test]
async fn a_fix_costs_one_index_and_is_received_at_its_own_time() {
    let archive = archive();
    let machine = Machine::of(&archive);
    let first = machine.observe(NOW).await.unwrap();
    machine.server.swap(fixed(&archive).compose());
    machine.server.forget_requests();
    let second = machine.observe(LATER).await.unwrap();
    assert_ne!(second.digest(), first.digest());
    assert_eq!(machine.server.count("*/by-hash/*"), 1);
    assert_eq!(
        second.indexes[&Architecture::Amd64][2].index.find("openssl").next().unwrap().version_text(),
        "3.5.1-1+deb13u1"
    );
    assert_eq!(machine.accepted("trixie-security"), [NOW, LATER].map(|time| time.parse().unwrap()));
}

#[tokio::test]
async fn one_known_signature_of_several_is_enough_unless_the_catalogue_allows_another_key_only() {
    let keys = vec![FakeKey::generate("known"), FakeKey::generate("unknown to the machine")];
    let [known, unknown] = [0, 1].map(|at: usize| keys[at].fingerprint().parse::<Fingerprint>().unwrap());
    let suites = SUITES.map(|name| FakeSuite::new(name).architectures(&["amd64", "arm64"]));
    let machine = Machine::of(&suites.into_iter().fold(FakeArchive::with_keys(keys), FakeArchive::suite));
    let snapshot = machine.observe_allowing(Some(vec![known.clone()]), NOW).await.unwrap();
    assert_eq!(snapshot.suites[0].in_release.signers, [known]);
    let failure = machine.observe_allowing(Some(vec![unknown]), NOW).await.unwrap_err();
    assert!(failure.chain().contains("none of which is allowed for this suite"), "{failure:?}");
    assert_eq!(failure.whose(), Whose::Policy);
}

/// What a machine that accepted `archive()` says to this `InRelease` of trixie a day later.
async fn refusal(archive: &FakeArchive, change: impl FnOnce(&mut Generation)) -> Failure {
    let machine = Machine::of(archive);
    machine.observe(NOW).await.unwrap();
    let mut generation = archive.compose();
    change(&mut generation);
    machine.server.swap(generation);
    let failure = machine.observe(LATER).await.unwrap_err();
    assert_eq!(machine.accepted("trixie").len(), 1, "a refused file must not be kept");
    failure
}

const IN_RELEASE: &str = "dists/trixie/InRelease";

fn edit(generation: &mut Generation, change: impl FnOnce(String) -> String) {
    let text = String::from_utf8(generation.get(IN_RELEASE).unwrap().to_vec()).unwrap();
    generation.put(IN_RELEASE, change(text));
}

fn resigned(archive: &FakeArchive, suite: impl FnOnce(FakeSuite) -> FakeSuite) -> Vec<u8> {
    archive.clone().change("trixie", suite).compose().get(IN_RELEASE).unwrap().to_vec()
}

#[tokio::test]
async fn each_bad_in_release_is_refused_with_its_own_message() {
    let archive = archive();
    let stranger = [FakeKey::generate("stranger")];
    let release = String::from_utf8(archive.compose().get("dists/trixie/Release").unwrap().to_vec()).unwrap();
    let forged = clear_sign(&stranger, &release, NOW.parse().unwrap());
    let expired = resigned(&archive, |suite| suite.valid_until("2026-08-02T12:00:00Z"));
    let old = resigned(&archive, |suite| suite.date("2026-07-31T10:00:00Z"));
    let ahead = release.replace("01 Aug 2026", "01 Sep 2026").replace("Sat,", "Tue,");
    let future = clear_sign(archive.keys(), &ahead, NOW.parse().unwrap());
    let other = archive.compose().get("dists/trixie-updates/InRelease").unwrap().to_vec();
    let replaced = [
        (forged, "none of which is in the keyring", Whose::Policy),
        (release.into_bytes(), "is not clear-signed", Whose::Upstream),
        (expired, "expired at 2026-08-02T12:00:00Z", Whose::Upstream),
        (old, "of 2026-07-31T10:00:00Z, older than that of 2026-08-01T10:00:00Z seen before", Whose::Upstream),
        (future, "check the clock of this machine", Whose::Policy),
        (other, "gave the `InRelease` of suite `trixie-updates` for suite `trixie`", Whose::Upstream),
    ];
    for (bytes, words, whose) in replaced {
        let failure = refusal(&archive, |generation| generation.put(IN_RELEASE, bytes)).await;
        assert!(failure.chain().contains(words), "{words}: {failure:?}");
        assert_eq!(failure.whose(), whose, "{failure:?}");
    }
}

#[tokio::test]
async fn tampered_text_and_text_outside_the_signed_part_are_refused() {
    let archive = archive();
    let tamper = |text: String| text.replace("Origin: Fake", "Origin: Evil");
    let failure = refusal(&archive, |generation| edit(generation, tamper)).await;
    assert!(failure.chain().contains("does not fit the text"), "{failure:?}");
    for (before, after) in [("Origin: Evil\n", ""), ("", "Origin: Evil\n")] {
        let failure = refusal(&archive, |generation| edit(generation, |text| format!("{before}{text}{after}"))).await;
        assert!(failure.chain().contains("is outside the signed message"), "{failure:?}");
        assert_eq!(failure.whose(), Whose::Upstream);
    }
}

#[tokio::test]
async fn a_mirror_that_changes_in_mid_wave_is_noticed_and_all_is_read_again() {
    let archive = archive();
    let machine = Machine::of(&archive);
    let next =
        fixed(&archive).change("trixie", |suite| suite.date("2026-08-02T09:00:00Z").replacing(openssl("3.5.2-1")));
    machine.server.swap_after("*InRelease", 3, next.compose());
    let snapshot = machine.observe(LATER).await.unwrap();
    assert_eq!((machine.restarts(), machine.server.count("*InRelease")), (1, 6));
    let indexes = &snapshot.indexes[&Architecture::Amd64];
    let versions = [0, 2].map(|at: usize| indexes[at].index.find("openssl").next().unwrap().version_text().to_owned());
    assert_eq!(versions, ["3.5.2-1", "3.5.1-1+deb13u1"]);
}

#[tokio::test]
async fn a_mirror_that_never_has_what_it_promises_is_given_up_after_three_times() {
    let machine = Machine::of(&archive());
    machine.server.fail("*/by-hash/*", When::Always, Fault::Status(404));
    let failure = machine.observe(NOW).await.unwrap_err();
    assert!(failure.to_string().starts_with("the mirror moved on 3 times"), "{failure}");
    assert_eq!((failure.whose(), machine.server.count("*InRelease")), (Whose::Upstream, 9));
    assert!(!failure.is_mirror_moved_on(), "to start again at once would be vain");
}

#[tokio::test]
async fn passing_faults_are_waited_out_and_lasting_ones_are_bounded() {
    let machine = Machine::of(&archive());
    machine.server.fail("*trixie/InRelease", When::Nth(1), Fault::RetryAfter(503, 0));
    machine.server.fail("*trixie-updates/InRelease", When::Nth(1), Fault::ResetAfter(10));
    machine.server.fail("*/by-hash/*", When::First(2), Fault::CloseAfter(10));
    machine.server.fail("*/by-hash/*", When::Nth(3), Fault::FlipBit(10));
    machine.observe(NOW).await.unwrap();
    assert_eq!(machine.restarts(), 0);
    machine.server.fail("*InRelease", When::Always, Fault::Endless);
    let failure = machine.observe(NOW).await.unwrap_err();
    assert!(failure.chain().contains("more than the 4194304 bytes"), "{failure:?}");
    machine.server.heal();
    machine.server.fail("*InRelease", When::Always, Fault::Status(403));
    assert_eq!(machine.observe(NOW).await.unwrap_err().whose(), Whose::Policy);
}

#[tokio::test]
async fn packages_are_fetched_once_and_one_that_is_gone_starts_the_wave_again() {
    let machine = Machine::of(&archive());
    let snapshot = machine.observe(NOW).await.unwrap();
    let debs = Debs::of_state(machine.state()).unwrap();
    let wanted: Vec<_> = snapshot.indexes[&Architecture::Amd64][0]
        .index
        .iter()
        .map(|package| WantedDeb {
            name: package.name().into(),
            version: package.version_text().into(),
            digest: format!("sha256:{}", package.sha256()).parse().unwrap(),
            size: package.size(),
            path: package.filename().into(),
            base: snapshot.suites[0].base.clone(),
        })
        .collect();
    machine.server.fail("*openssl*", When::First(1), Fault::Status(404));
    let failure = Failure::from(debs.fetch_all(&machine.client, &wanted).await.unwrap_err());
    assert!(failure.is_mirror_moved_on(), "{failure:?}");
    debs.fetch_all(&machine.client, &wanted).await.unwrap();
    assert_eq!(debs.fetch_all(&machine.client, &wanted).await.unwrap().count, 0);
    for deb in &wanted {
        debs.open(&deb.digest, deb.size).unwrap().finish().unwrap();
    }
}
