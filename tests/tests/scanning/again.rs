//! What is published is scanned again when something new is known: as little as possible is looked at and said anew, and no image changes.

use jiff::SignedDuration;
use scan::Standing;
use store::{EventKind, FindingChange};
use tests::{Elf, FakePackage};

use crate::house::{House, beside, hours_ago, now, refusal};
use crate::known::{Tracker, exploited};
use crate::said::{Said, said};

const BOTH: [&str; 2] = ["base", "static"];

/// media-types is in both images, openssl in base only.
fn known() -> Tracker {
    Tracker::default().open("media-types", "CVE-2026-1001").open("openssl", "CVE-2026-1002")
}

/// A house with both images, scanned again once after they were published.
async fn house() -> House {
    let house = House::new();
    house.know(&known());
    house.publish(&BOTH).await;
    let first = house.rescan().await;
    assert_eq!((first.images, first.restated), (BOTH.map(str::to_owned).into(), Vec::new()));
    house
}

fn referrers(said: &[Said]) -> Vec<blob::Digest> {
    said.iter().flat_map(|it| it.referrers.clone()).collect()
}

/// Everything that readers of an image see beside what is said about it.
fn image(house: &House, image: &str) -> Vec<(String, blob::Digest)> {
    let (store, repository) = (&house.factory().store, image.parse().unwrap());
    let tags = store.tags(&repository).unwrap().into_iter().filter(|tag| !tag.as_str().starts_with("sha256-"));
    tags.map(|tag| (tag.to_string(), store.resolve(&repository, &tag).unwrap().unwrap().digest)).collect()
}

fn ids(changes: &[FindingChange]) -> Vec<String> {
    changes.iter().map(|it| format!("{} {}", it.image, it.id)).collect()
}

async fn lines(house: &House, kind: EventKind) -> Vec<String> {
    house.events(kind).await.into_iter().map(|event| event.line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_about_one_image_restates_that_image_only() {
    let house = house().await;
    let before = (said(&house, "base").await, said(&house, "static").await, image(&house, "base"));
    house.know(&known().open("openssl", "CVE-2026-1003"));
    let rescan = house.rescan().await;
    assert_eq!((rescan.images, rescan.restated), (vec!["base".into()], vec!["base".into()]));
    assert_eq!((ids(&rescan.changes.appeared), ids(&rescan.changes.gone)), (vec!["base CVE-2026-1003".into()], vec![]));
    let after = said(&house, "base").await;
    for (old, new) in before.0.iter().zip(&after) {
        assert_eq!((old.referrers.len(), &old.digest), (new.referrers.len(), &new.digest));
        assert_ne!(old.referrers, new.referrers);
        assert!(new.referrers.len() <= 10, "{} referrers", new.referrers.len());
        assert_eq!(new.findings()[1..], ["CVE-2026-1002 openssl affected", "CVE-2026-1003 openssl affected"]);
        assert!(new.vex().unwrap().to_string().contains("CVE-2026-1003"));
    }
    assert_eq!(image(&house, "base"), before.2);
    assert_eq!(referrers(&said(&house, "static").await), referrers(&before.1));
    let wanted = "CVE-2026-1003 in openssl appeared in base linux/amd64 (affected)";
    assert_eq!(lines(&house, EventKind::FindingAppeared).await.last().unwrap(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_and_what_concerns_no_image_write_nothing() {
    let house = house().await;
    let before = (referrers(&said(&house, "base").await), house.events(EventKind::FindingAppeared).await.len());
    assert_eq!(house.rescan().await.images, [""; 0]);
    house.know(&known().open("linux", "CVE-2026-1003"));
    let rescan = house.rescan().await;
    assert_eq!((rescan.images, rescan.restated), (Vec::new(), Vec::new()));
    assert_eq!((referrers(&said(&house, "base").await), house.events(EventKind::FindingAppeared).await.len()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vanishes_takes_its_vex_document_with_it() {
    let house = house().await;
    let before = said(&house, "static").await;
    house.know(&known().without("media-types", "CVE-2026-1001"));
    let rescan = house.rescan().await;
    assert_eq!(rescan.restated, BOTH);
    assert_eq!(ids(&rescan.changes.gone), ["base CVE-2026-1001", "static CVE-2026-1001"]);
    for (old, new) in before.iter().zip(said(&house, "static").await) {
        assert!(old.vex().is_some() && new.vex().is_none());
        assert_eq!((new.findings(), new.referrers.len()), (Vec::new(), old.referrers.len() - 1));
    }
    assert_eq!(said(&house, "base").await[0].findings(), ["CVE-2026-1002 openssl affected"]);
    let gone = lines(&house, EventKind::FindingGone).await;
    assert_eq!(gone[1], "CVE-2026-1001 in media-types is gone from static linux/amd64 (affected)");
    house.know(&known());
    assert_eq!(ids(&house.rescan().await.changes.appeared), ["base CVE-2026-1001", "static CVE-2026-1001"]);
    assert!(said(&house, "static").await[0].vex().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_does_not_grow_old_while_nothing_changes() {
    let house = House::new();
    let date = hours_ago(20);
    house.know_of(&known(), date);
    house.publish(&BOTH).await;
    house.rescan().await;
    house.know_of(&known(), date + SignedDuration::from_hours(11));
    assert_eq!(house.rescan().await.images, [""; 0]);
    let later = date + SignedDuration::from_hours(13);
    house.know_of(&known().open("openssl", "CVE-2026-1003"), later);
    assert_eq!(house.rescan().await.restated, BOTH, "one for its new row, the other for its age");
    assert_eq!(said(&house, "static").await[0].standing(), Standing::Current { date: later });
    house.know_of(&known().open("openssl", "CVE-2026-1003"), now());
    assert_eq!(house.rescan().await.restated, [""; 0], "seven hours are not old");
}

/// The library of another source.
fn zlib_for_arm64(source: &str, version: &str) -> FakePackage {
    let library = Elf::shared_library("libz.so.1", &[]).defines_versions(&["ZLIB_1.2.0"]).architecture("arm64");
    FakePackage::new("zlib1g", version)
        .architecture("arm64")
        .multi_arch("same")
        .source(source, version)
        .file("/usr/lib/aarch64-linux-gnu/libz.so.1", library.to_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_refused_does_not_hide_what_is_new_in_the_image_under_the_tag() {
    let mut house = House::on(&["amd64", "arm64"], scan::Gate::default());
    house.secure(hours_ago(9), [zlib_for_arm64("zlib-new", "1:9.0-1")]);
    house.know(&known());
    house.publish(&["base"]).await;
    house.rescan().await;
    // Only arm64 gets something else, and it is worse; amd64 keeps its manifest.
    house.secure(hours_ago(5), [zlib_for_arm64("zlib-newer", "1:9.0-2"), beside("zlib-newer", "1:9.0-3")]);
    house.know(&known().open("zlib", "CVE-2026-1003").fixed("zlib-newer", "CVE-2026-1004", "1:9.0-3"));
    house.refresh().await;
    let reason = refusal(&house.wave(&["base"]).await);
    assert!(reason.contains("CVE-2026-1004 in zlib-newer would come (linux/arm64)"), "{reason}");
    assert_eq!(house.rescan().await.restated, ["base"]);
    let reports = said(&house, "base").await.remove(0).reports();
    let on = |platform: &str| reports.iter().find(|it| it.subject.platform.as_deref() == Some(platform)).unwrap();
    let has = |platform: &str| on(platform).findings.iter().any(|it| it.id == "CVE-2026-1003");
    assert!(has("linux/amd64") && !has("linux/arm64"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_restated_is_named_and_tried_again() {
    let mut house = house().await;
    let lost = house.stop().join("registry/static");
    let away = lost.with_file_name("away");
    std::fs::rename(&lost, &away).unwrap();
    house.start_again();
    house.know(&known().open("media-types", "CVE-2026-1003"));
    house.refresh().await;
    let factory = house.factory();
    let rescan = factory.publisher.rescan(&factory.publications, jiff::Timestamp::now()).await.unwrap();
    assert_eq!((rescan.restated, rescan.failures.len()), (vec!["base".into()], 1));
    assert!(rescan.failures[0].0 == "static" && rescan.failures[0].1.contains("is not there"), "{:?}", rescan.failures);
    std::fs::rename(&away, &lost).unwrap();
    house.start_again();
    assert_eq!(house.rescan().await.restated, ["static"]);
    assert_eq!(said(&house, "static").await[0].findings().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exploited_now_is_said_of_the_images_that_have_it() {
    let house = house().await;
    house.feeds.put("kev", exploited(2, &["CVE-2026-1002"]), None);
    let rescan = house.rescan().await;
    assert_eq!(rescan.restated, ["base"]);
    assert!(rescan.changes.is_empty(), "{:?}", rescan.changes);
    let findings = said(&house, "base").await[1].reports().remove(0).findings;
    let since: Vec<_> = findings.iter().map(|it| it.severity.kev.map(|day| day.to_string())).collect();
    assert_eq!(since, [None, Some("2020-11-01".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_started_again_goes_on_where_the_other_stopped() {
    let mut house = house().await;
    let before = referrers(&said(&house, "static").await);
    house.start_again();
    assert_eq!(house.rescan().await.restated, [""; 0]);
    house.know(&known().open("openssl", "CVE-2026-1003"));
    house.refresh().await;
    house.start_again();
    assert_eq!(house.rescan().await.restated, ["base"]);
    assert_eq!(said(&house, "base").await[0].findings().len(), 3);
    assert_eq!(referrers(&said(&house, "static").await), before);
    house.know(&known());
    let rescan = house.rescan().await;
    assert_eq!((rescan.images, rescan.restated), (vec!["base".into()], vec!["base".into()]));
}
