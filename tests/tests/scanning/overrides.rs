//! An emergency: what would be blocked is published by somebody's word, which is read everywhere and ends.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use scan::{Gate, Override};
use store::EventKind;

use crate::house::{House, beside, hours_ago, refusal};
use crate::known::{Tracker, exploited};
use crate::said::said;

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// The usual gate with an override until this day.
fn overridden(expires: Date, ids: &[&str]) -> Gate {
    let one = Override {
        name: "Ann Example".into(),
        reason: "the fix breaks every upload".into(),
        expires,
        ids: ids.iter().map(ToString::to_string).collect(),
        images: vec!["static".into()],
    };
    Gate { overrides: vec![one], ..Gate::default() }
}

/// A house that would block `static`.
fn blocking(gate: Gate) -> House {
    let mut house = House::on(&["amd64"], gate);
    house.know(&Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1"));
    house.feeds.put("kev", exploited(2, &["CVE-2026-1001"]), None);
    house.secure(hours_ago(30), [beside("media-types", "13.0.1")]);
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_is_in_the_verdict_and_in_the_ledger() {
    let expires = today().checked_add(2.days()).unwrap();
    let house = blocking(overridden(expires, &["CVE-2026-1001"]));
    house.publish(&["static"]).await;
    for said in said(&house, "static").await {
        let verdict = said.verdict();
        assert!(verdict.passed && verdict.reasons.is_empty());
        let [one] = verdict.overridden.as_slice() else { panic!("{verdict}") };
        assert_eq!((one.by.name.as_str(), one.by.expires), ("Ann Example", expires));
        assert_eq!(
            (one.by.reason.as_str(), &one.reason.ids),
            ("the fix breaks every upload", &vec!["CVE-2026-1001".into()])
        );
    }
    let events = house.events(EventKind::OverrideUsed).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let start = format!(
        "static published by an override of Ann Example until {expires} (the fix breaks every upload): CVE-2026-1001 in"
    );
    assert!(event.line.starts_with(&start) && event.image.as_deref() == Some("static"), "{event:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_that_has_ended_or_is_about_something_else_lets_nothing_through() {
    let yesterday = today().checked_sub(1.day()).unwrap();
    let mut house = blocking(overridden(yesterday, &["CVE-2026-1001"]));
    house.refresh().await;
    assert!(refusal(&house.wave(&["static"]).await).contains("[rule: exploited and fixable]"));
    let later = today().checked_add(9.days()).unwrap();
    house.set_gate(overridden(later, &["CVE-2026-1002"]));
    assert!(refusal(&house.wave(&["static"]).await).contains("[rule: exploited and fixable]"));
    assert_eq!(house.events(EventKind::OverrideUsed).await, []);
    house.set_gate(overridden(later, &[]));
    house.publish(&["static"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescan_keeps_saying_that_it_was_overridden() {
    let later = today().checked_add(9.days()).unwrap();
    let house = blocking(overridden(later, &["CVE-2026-1001"]));
    house.publish(&["static"]).await;
    let known = Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1");
    house.know(&known.open("tzdata", "CVE-2026-1002"));
    assert_eq!(house.rescan().await.restated, ["static"]);
    let verdict = said(&house, "static").await.remove(0).verdict();
    assert_eq!(verdict.overridden.len(), 1, "{verdict}");
}
