//! What is published was scanned before, and everybody can read what was found: nothing more and nothing less than Debian says.

use blob::Digest;
use scan::{FeedKind, FeedUse, Gate, Standing};
use serde_json::{Value, json};
use signing::{OPENVEX, Role, VULNERABILITY_REPORT};

use crate::house::House;
use crate::known::Tracker;
use crate::said::{Said, said};

/// A row of each kind, with what it comes to in an image that has base-files 13.8+deb13u8, media-types 13.0.0, netbase 6.5 and tzdata
/// 2026f-0+deb13u1.
fn tracker() -> Tracker {
    let ignored = json!({"status": "open", "urgency": "low", "nodsa": "Too intrusive", "nodsa_reason": "ignored"});
    Tracker::default()
        .open("tzdata", "CVE-2026-1001")
        .fixed("tzdata", "CVE-2026-1002", "0")
        .fixed("netbase", "CVE-2026-1003", "6.4")
        .fixed("netbase", "CVE-2026-1004", "6.5")
        .row("media-types", "CVE-2026-1005", &ignored)
        .row("base-files", "CVE-2026-1006", &json!({"status": "open", "urgency": "unimportant"}))
        .row("base-files", "CVE-2026-1007", &json!({"status": "undetermined", "urgency": "not yet assigned"}))
        .fixed("base-files", "CVE-2026-1008", "14")
        .open("openssl", "CVE-2026-1009")
}

const FOUND: [&str; 6] = [
    "CVE-2026-1006 base-files negligible",
    "CVE-2026-1007 base-files under-investigation",
    "CVE-2026-1008 base-files fix-announced",
    "CVE-2026-1005 media-types ignored",
    "CVE-2026-1001 tzdata affected",
    "CVE-2026-1002 tzdata not-affected",
];

/// One statement of each kind, by the key for statements.
fn is_signed_once(said: &Said, key: &str) {
    for predicate_type in [VULNERABILITY_REPORT, OPENVEX] {
        let all = said.of(predicate_type);
        assert_eq!(all.len(), 1, "{predicate_type} of {}", said.digest);
        assert!(all[0].standings.iter().any(|it| it.roles.contains(&Role::Statement)), "{:?}", all[0]);
        assert!(key.contains(all[0].signer.trim_start_matches("statement-")), "{} is not {key}", all[0].signer);
    }
    assert!(said.referrers.len() <= 10, "{} referrers", said.referrers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_manifest_says_what_was_found_in_it_and_by_which_data() {
    let house = House::on(&["amd64", "arm64"], Gate::default());
    let date = house.know(&tracker());
    house.publish(&["static"]).await;
    let all = said(&house, "static").await;
    assert_eq!(all.len(), 3, "the index and two platforms");
    let id = house.factory().publisher.signers.statement[0].public_key().unwrap().id().to_string();
    for (number, said) in all.iter().enumerate() {
        is_signed_once(said, &id);
        assert_eq!(said.findings(), FOUND);
        assert_eq!(said.standing(), Standing::Current { date });
        assert_eq!(said.reports().len(), if number == 0 { 2 } else { 1 });
    }
    let digests: Vec<_> = all[0].reports().into_iter().map(|it| it.subject.digest.unwrap()).collect();
    assert_eq!(digests, [all[1].digest.clone(), all[2].digest.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feeds_are_named_with_their_digests_and_dates() {
    let house = House::new();
    let date = house.know(&tracker());
    house.publish(&["static"]).await;
    let said = said(&house, "static").await.remove(0);
    let feeds = said.reports().remove(0).feeds;
    let kinds: Vec<FeedKind> = feeds.iter().map(|feed| feed.kind).collect();
    assert_eq!(kinds, [FeedKind::Tracker, FeedKind::Dsa, FeedKind::Kev]);
    let digest = Digest::of(tracker().to_bytes());
    let tracker = FeedUse { kind: FeedKind::Tracker, name: "tracker".into(), digest: digest.clone(), date };
    assert_eq!(feeds[0], tracker);
    assert_eq!(said.scan()["scanner"]["db"]["version"], format!("{date} {digest}"));
    assert_eq!(said.scan()["metadata"]["scanFinishedOn"], date.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vex_document_has_one_statement_for_each_finding() {
    let house = House::new();
    house.know(&tracker());
    house.publish(&["static"]).await;
    let vex = said(&house, "static").await.remove(0).vex().unwrap();
    let state =
        |it: &Value| format!("{} {}", it["vulnerability"]["name"].as_str().unwrap(), it["status"].as_str().unwrap());
    let mut states: Vec<String> = vex["statements"].as_array().unwrap().iter().map(state).collect();
    states.sort();
    assert_eq!(
        states,
        [
            "CVE-2026-1001 affected",
            "CVE-2026-1002 not_affected",
            "CVE-2026-1005 affected",
            "CVE-2026-1006 affected",
            "CVE-2026-1007 under_investigation",
            "CVE-2026-1008 affected",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_found_the_report_says_so_and_there_is_no_vex_document() {
    let house = House::new();
    house.know(&Tracker::default());
    house.publish(&["static"]).await;
    for said in said(&house, "static").await {
        assert_eq!((said.findings(), said.vex()), (Vec::new(), None));
        assert!(said.standing().is_current() && said.verdict().passed);
    }
}
