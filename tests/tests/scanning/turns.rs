//! Whose turn it is with what is open: ours, Debian's, a person's, the network's.

use scan::{FixRecord, Turn};
use store::FixFilter;
use tests::{FakePackage, Fault, When};

use crate::house::{House, beside, days_ago, media_types};
use crate::known::Tracker;

async fn turn(house: &House, id: &str) -> Option<Turn> {
    let filter = FixFilter { id: Some(id.to_owned()), ..FixFilter::default() };
    let mut all: Vec<FixRecord> = house.ledger().fixes(&filter).await.unwrap();
    assert_eq!(all.len(), 1, "{id}: {all:?}");
    all.remove(0).turn
}

fn known() -> Tracker {
    Tracker::default().open("netbase", "CVE-2026-1001").fixed("zlib", "CVE-2026-1002", "1:9.0-1").fixed(
        "media-types",
        "CVE-2026-1003",
        "13.0.1",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_fails_makes_it_a_persons_turn_until_it_passes() {
    let mut house = House::new();
    house.know(&known());
    house.publish(&["base"]).await;
    assert_eq!(turn(&house, "CVE-2026-1002").await, Some(Turn::Debian));
    let bad = FakePackage::new("zlib1g", "1:9.0-1").source("zlib", "1:9.0-1").file("/usr/lib/zlib-fixed", "no library");
    house.secure(days_ago(20), [bad, beside("media-types", "13.0.1")]);
    assert_eq!(house.wave(&["base"]).await.counts(), (0, 0, 1));
    house.rescan().await;
    let Some(Turn::Blocked { reason }) = turn(&house, "CVE-2026-1002").await else { panic!("it is blocked") };
    assert!(reason.contains("libz"), "{reason}");
    assert!(matches!(turn(&house, "CVE-2026-1003").await, Some(Turn::Blocked { .. })), "nothing of the image gets out");
    assert_eq!(turn(&house, "CVE-2026-1001").await, Some(Turn::Debian));
    house.change("trixie-security", days_ago(10), |suite| suite.without_package("zlib1g"));
    house.wave(&["base"]).await;
    house.rescan().await;
    assert_eq!(turn(&house, "CVE-2026-1002").await, Some(Turn::Debian), "the archive took it back");
    assert_eq!(turn(&house, "CVE-2026-1003").await, Some(Turn::Ours));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_lacks_a_package_makes_it_the_networks_turn() {
    let mut house = House::new();
    house.know(&known());
    house.publish(&["static"]).await;
    house.secure(days_ago(20), [media_types("13.0.1")]);
    house.server.fail("*media-types_13.0.1*", When::Always, Fault::Status(404));
    let failure = house.try_wave(&["static"]).await.unwrap_err();
    house.rescan().await;
    let Some(Turn::Upstream { reason }) = turn(&house, "CVE-2026-1003").await else { panic!("it is upstream's") };
    assert_eq!(reason, failure.chain());
    house.server.heal();
    house.publish(&["static"]).await;
    assert_eq!(turn(&house, "CVE-2026-1003").await, None);
    assert_eq!(house.ledger().hindrances().await.unwrap().len(), 0);
}
