//! Months of an archive, replayed through waves: each lag is what a person counts from the files' dates.

use jiff::Timestamp;
use scan::{FixEvidence, FixRecord, FixState, Turn};
use store::FixFilter;

use crate::house::{House, beside, days_ago, media_types, netbase};
use crate::known::{Tracker, advisories};

/// The rows of one vulnerability in `static`, by occurrence.
pub(crate) async fn fixes(house: &House, id: &str) -> Vec<FixRecord> {
    let filter = FixFilter { id: Some(id.to_owned()), image: Some("static".into()), ..FixFilter::default() };
    house.ledger().fixes(&filter).await.unwrap()
}

/// The only one.
pub(crate) async fn fix(house: &House, id: &str) -> FixRecord {
    let mut all = fixes(house, id).await;
    assert_eq!(all.len(), 1, "{id}: {all:?}");
    all.remove(0)
}

/// The tags moved to the fix with the publication of now, each step after the one before.
pub(crate) fn is_tagged_now(house: &House, record: &FixRecord) -> Timestamp {
    let published = house.publication("static");
    let tagged = record.tagged_at.unwrap();
    assert_eq!((record.state, record.index.as_ref()), (FixState::Fixed, Some(&published.index)));
    assert_eq!(tagged.as_millisecond(), published.published.as_millisecond());
    let steps =
        [record.observed_at, record.decided_at, record.built_at, record.scanned_at, record.signed_at, record.tagged_at];
    assert!(steps.iter().all(Option::is_some) && steps.is_sorted(), "{steps:?}");
    assert_eq!(record.turn, None);
    tagged
}

/// Seconds from one time to another.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lag_is_counted_from_the_date_of_the_first_file_that_had_the_fix() {
    let mut house = House::new();
    let before = days_ago(140);
    house.secure(before, [beside("netbase", "6.6")]);
    let known = Tracker::default().fixed("netbase", "CVE-2026-1003", "6.6").fixed("netbase", "CVE-2026-1009", "6.5");
    house.know(&known.clone().open("media-types", "CVE-2026-1001"));
    house.publish(&["static"]).await;
    let first = house.publication("static").published;
    let open = fix(&house, "CVE-2026-1001").await;
    assert_eq!((open.state, open.turn, open.affected_version.as_str()), (FixState::Open, Some(Turn::Debian), "13.0.0"));
    assert_eq!((open.archive_at, open.fixed_version, open.observed_at), (None, None, None));
    let unseen = fix(&house, "CVE-2026-1003").await;
    assert_eq!((unseen.turn.clone(), unseen.archive_version.as_deref()), (Some(Turn::Ours), Some("6.6")));
    assert_eq!((unseen.archive_at, unseen.age(Timestamp::now())), (None, None), "it was there before anybody watched");
    assert_eq!(fixes(&house, "CVE-2026-1009").await, [], "what was published never had it");

    // The fix comes, with an advisory; a factory that is up sees each file.
    house.feeds.put("dsa", advisories(&[("DSA-9001-1", "media-types", "CVE-2026-1001", "13.0.1")]), None);
    let known = known.fixed("media-types", "CVE-2026-1001", "13.0.1");
    house.know(&known);
    let date = days_ago(100);
    house.secure(date, [media_types("13.0.1")]);
    house.publish(&["static"]).await;
    let fixed = fix(&house, "CVE-2026-1001").await;
    let tagged = is_tagged_now(&house, &fixed);
    assert_eq!((fixed.archive_at, fixed.archive_after), (Some(date), Some(before)));
    assert_eq!(
        (fixed.archive_suite.as_deref(), fixed.archive_version.as_deref()),
        (Some("trixie-security"), Some("13.0.1"))
    );
    assert_eq!(fixed.lag_seconds, Some(seconds(date, tagged)));
    assert_eq!(
        (fixed.notice.as_deref(), fixed.notice_date.unwrap().to_string().as_str()),
        (Some("DSA-9001-1"), "2020-11-20")
    );
    assert_eq!(
        (fixed.affected_at.as_millisecond(), fixed.evidence),
        (first.as_millisecond(), Some(FixEvidence::Tracker))
    );

    // Whatever files came between, the first that was seen counts, and the one seen before it bounds what is not known.
    house.know(&known.fixed("media-types", "CVE-2026-1002", "13.0.2"));
    let seen = days_ago(50);
    house.secure(seen, [media_types("13.0.2")]);
    house.publish(&["static"]).await;
    let late = fix(&house, "CVE-2026-1002").await;
    let tagged = is_tagged_now(&house, &late);
    assert_eq!(
        (late.archive_at, late.archive_after, late.lag_seconds),
        (Some(seen), Some(date), Some(seconds(seen, tagged)))
    );
    assert_eq!(fix(&house, "CVE-2026-1001").await, fixed, "what has ended stays as it was");

    // What nobody saw come has no lag, however late the image gets it.
    house.secure(days_ago(10), [netbase("6.6")]);
    house.publish(&["static"]).await;
    let unknown = fix(&house, "CVE-2026-1003").await;
    is_tagged_now(&house, &unknown);
    assert_eq!((unknown.archive_at, unknown.lag_seconds), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_archive_takes_back_and_gives_again_is_counted_twice() {
    let mut house = House::new();
    house.know(&Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1"));
    house.publish(&["static"]).await;
    let date = days_ago(90);
    house.secure(date, [media_types("13.0.1")]);
    house.publish(&["static"]).await;
    let first = fix(&house, "CVE-2026-1001").await;
    assert_eq!(first.lag_seconds, Some(seconds(date, is_tagged_now(&house, &first))));
    house.change("trixie-security", days_ago(80), |suite| suite.without_package("media-types"));
    house.publish(&["static"]).await;
    let back = house.publication("static").published;
    let open = fixes(&house, "CVE-2026-1001").await;
    assert_eq!((open.len(), open[1].state, open[1].turn.clone()), (2, FixState::Open, Some(Turn::Debian)));
    house.secure(days_ago(70), [media_types("13.0.1")]);
    house.publish(&["static"]).await;
    let both = fixes(&house, "CVE-2026-1001").await;
    assert_eq!(both[0], first);
    let tagged = is_tagged_now(&house, &both[1]);
    assert_eq!(both[1].affected_at.as_millisecond(), back.as_millisecond());
    assert_eq!(
        both[1].lag_seconds,
        Some(seconds(both[1].affected_at, tagged)),
        "the tags cannot have been late before they went back"
    );
}
