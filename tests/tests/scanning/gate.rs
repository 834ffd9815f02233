//! The gate: what must not be published is not, and everybody is told why.

use scan::{Gate, UnknownData};
use store::EventKind;

use crate::house::{House, beside, hours_ago, media_types, netbase, refusal};
use crate::known::{Tracker, exploited};
use crate::said::said;

fn tags(house: &House, image: &str) -> Vec<(String, String)> {
    let (store, repository) = (&house.factory().store, image.parse().unwrap());
    let all = store.tags(&repository).unwrap().into_iter().filter(|tag| !tag.as_str().starts_with("sha256-"));
    all.map(|tag| (tag.to_string(), store.resolve(&repository, &tag).unwrap().unwrap().digest.to_string())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exploited_and_could_be_fixed_is_not_published() {
    let mut house = House::new();
    house.know(&Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1"));
    house.feeds.put("kev", exploited(2, &["CVE-2026-1001"]), None);
    house.secure(hours_ago(30), [beside("media-types", "13.0.1")]);
    house.refresh().await;
    let reason = refusal(&house.wave(&["static"]).await);
    let wanted = "static must not be published\nblocked: CVE-2026-1001 in media-types 13.0.0 (Debian: medium, exploited since 2020-11-01): \
                  fixed in 13.0.1 (trixie-security) [rule: exploited and fixable] (linux/amd64)";
    assert_eq!(reason, wanted);
    assert_eq!((tags(&house, "static"), house.factory().publications.get("static")), (Vec::new(), None));
    let blocked = house.events(EventKind::Blocked).await;
    assert_eq!(blocked.iter().map(|event| event.line.as_str()).collect::<Vec<_>>(), [wanted]);
    house.secure(hours_ago(20), [media_types("13.0.1")]);
    house.publish(&["static"]).await;
    assert_eq!(said(&house, "static").await[0].findings(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_more_fixable_findings_than_what_is_published_stays_out() {
    let mut house = House::new();
    let known = Tracker::default().open("media-types", "CVE-2026-1001");
    house.know(&known.clone().fixed("netbase-new", "CVE-2026-1002", "7.1"));
    house.publish(&["static"]).await;
    let before = (tags(&house, "static"), house.publication("static").index);
    house.secure(hours_ago(5), [netbase("7.0").source("netbase-new", "7.0"), beside("netbase-new", "7.1")]);
    let reason = refusal(&house.wave(&["static"]).await);
    let wanted =
        "blocked: 1 fixable, and the image under the tag has 0: CVE-2026-1002 in netbase-new would come (linux/amd64)";
    assert!(reason.contains(wanted), "{reason}");
    assert_eq!((tags(&house, "static"), house.publication("static").index), before);
    house.know(&known);
    house.publish(&["static"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_data_nothing_is_published_where_the_policy_says_so() {
    let house = House::on(&["amd64"], Gate { unknown_data: UnknownData::Block, ..Gate::default() });
    house.refresh().await;
    let reason = refusal(&house.wave(&["static"]).await);
    assert!(reason.contains("static must not be published\nblocked: there are no vulnerability data"), "{reason}");
    assert_eq!(tags(&house, "static"), []);
    house.know_of(&Tracker::default(), hours_ago(30));
    house.refresh().await;
    let reason = refusal(&house.wave(&["static"]).await);
    assert!(reason.contains("blocked: vulnerability data are stale: of "), "{reason}");
    house.know(&Tracker::default());
    house.publish(&["static"]).await;
    assert_eq!(tags(&house, "static").len(), 4, "{:?}", tags(&house, "static"));
}
