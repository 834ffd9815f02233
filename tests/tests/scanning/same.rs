//! Two factories with the same archive and the same feeds say the same, byte for byte.

use jiff::SignedDuration;
use serde_json::Value;
use signing::{OPENVEX, VULNERABILITY_REPORT};

use crate::house::{House, beside, hours_ago, media_types};
use crate::known::{Tracker, exploited};
use crate::said::said;

/// What is said of an image by scanning it: digest and payload of each statement.
async fn payloads(house: &House) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for said in said(house, "static").await {
        for predicate_type in [VULNERABILITY_REPORT, OPENVEX] {
            let [proof] = said.of(predicate_type)[..] else { panic!("{predicate_type} is not said once") };
            all.push((said.digest.to_string(), String::from_utf8(proof.payload.clone()).unwrap()));
        }
    }
    all
}

async fn are_the_same(house: &House, twin: &House) {
    let (one, other) = (payloads(house).await, payloads(twin).await);
    assert_eq!(one.len(), 4);
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
}

/// The same without the days until which a finding is tolerated.
async fn without_days(house: &House) -> Vec<String> {
    let until = |text: String| {
        let mut statement: Value = serde_json::from_str(&text).unwrap();
        let verdict = statement.pointer_mut("/predicate/scanner/result/verdict/tolerated");
        let tolerated = verdict.and_then(Value::as_array_mut).into_iter().flatten();
        tolerated.for_each(|one| assert!(one["until"].take().is_string()));
        statement.to_string()
    };
    payloads(house).await.into_iter().map(|(_, text)| until(text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_how_long_a_finding_is_tolerated_hangs_on_who_saw_it_first() {
    let mut house = House::new();
    house.secure(hours_ago(7), [beside("media-types", "13.0.1")]);
    let twin = house.twin();
    let known = Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1");
    house.know(&known);
    for house in [&house, &twin] {
        house.publish(&["static"]).await;
    }
    are_the_same(&house, &twin).await;
    house.know(&known.open("tzdata", "CVE-2026-1002"));
    for house in [&house, &twin] {
        assert_eq!(house.rescan().await.restated, ["static"]);
    }
    assert_eq!(without_days(&house).await, without_days(&twin).await);
    assert_ne!(payloads(&house).await, payloads(&twin).await, "nobody knows since when the archive has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_and_vex_documents_are_the_same_whoever_makes_them() {
    let mut house = House::new();
    let mut twin = house.twin();
    let known = Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1").open("tzdata", "CVE-2026-1002");
    house.know(&known);
    for house in [&house, &twin] {
        house.publish(&["static"]).await;
    }
    are_the_same(&house, &twin).await;

    // Found fixable: it is tolerated until a day that the archive's date makes.
    let date = hours_ago(7);
    house.secure(date, [beside("media-types", "13.0.1")]);
    twin.archive = house.archive.clone();
    house.know(&known.clone().open("netbase", "CVE-2026-1003"));
    for house in [&house, &twin] {
        house.refresh().await;
        assert_eq!(house.wave(&["static"]).await.counts(), (0, 1, 0));
        assert_eq!(house.rescan().await.restated, ["static"]);
    }
    are_the_same(&house, &twin).await;
    let verdict = said(&house, "static").await.remove(0).verdict();
    assert_eq!(verdict.tolerated[0].until, Some(date + SignedDuration::from_hours(30 * 24)), "{verdict}");

    house.feeds.put("kev", exploited(2, &["CVE-2026-1002"]), None);
    house.secure(hours_ago(5), [media_types("13.0.1")]);
    for house in [&house, &twin] {
        house.publish(&["static"]).await;
    }
    are_the_same(&house, &twin).await;
}
