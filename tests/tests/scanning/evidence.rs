//! What makes a finding *not affected*: a part that the image lacks, or somebody's word; and only as long as it holds.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use scan::EvidenceRules;
use serde_json::{Value, json};

use crate::history::fixes;
use crate::house::House;
use crate::known::Tracker;
use crate::said::{Said, said};

fn rules(statement_expires: i64) -> EvidenceRules {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let component = |id: &str, source: &str, component: &str| json!({"ids": [id], "source": source, "component": component, "reason": "only that has it", "reference": "https://advisory.example"});
    let rules = json!({
        "components": [
            component("CVE-2026-1001", "tzdata", "/usr/share/zoneinfo/right/**"),
            component("CVE-2026-1002", "media-types", "/etc/mime.types"),
            component("CVE-2026-1003", "netbase", "netbase-extra"),
        ],
        "statements": [{
            "ids": ["CVE-2026-1004"], "images": ["static"], "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path", "author": "Ann Example", "reason": "nothing reads it",
            "expires": today.checked_add(statement_expires.days()).unwrap().to_string(),
        }],
    });
    serde_json::from_value(rules).unwrap()
}

fn known() -> Tracker {
    Tracker::default()
        .open("tzdata", "CVE-2026-1001")
        .open("media-types", "CVE-2026-1002")
        .open("netbase", "CVE-2026-1003")
        .open("base-files", "CVE-2026-1004")
}

fn stated(said: &Said, id: &str) -> (String, Option<String>) {
    let vex = said.vex().unwrap();
    let statements = vex["statements"].as_array().unwrap().clone();
    let [one] = &statements.iter().filter(|it| it["vulnerability"]["name"] == id).collect::<Vec<_>>()[..] else {
        panic!("{id} is not stated once: {statements:?}")
    };
    (one["status"].as_str().unwrap().to_owned(), one["justification"].as_str().map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_the_image_lacks_makes_it_not_affected_and_one_that_it_has_does_not() {
    let mut house = House::new();
    house.set_rules(rules(3));
    house.know(&known());
    house.publish(&["static"]).await;
    let wanted = [
        "CVE-2026-1004 base-files not-affected",
        "CVE-2026-1002 media-types affected",
        "CVE-2026-1003 netbase not-affected",
        "CVE-2026-1001 tzdata not-affected",
    ];
    for said in said(&house, "static").await {
        assert_eq!(said.findings(), wanted);
        let absent = ("not_affected".to_owned(), Some("component_not_present".to_owned()));
        assert_eq!((stated(&said, "CVE-2026-1001"), stated(&said, "CVE-2026-1003")), (absent.clone(), absent));
        assert_eq!(stated(&said, "CVE-2026-1002"), ("affected".to_owned(), None));
        let word = ("not_affected".to_owned(), Some("vulnerable_code_not_in_execute_path".to_owned()));
        assert_eq!(stated(&said, "CVE-2026-1004"), word);
    }
    assert_eq!(fixes(&house, "CVE-2026-1001").await, [], "nobody waits for the fix of what harms nobody");
    assert_eq!(fixes(&house, "CVE-2026-1002").await.len(), 1);
    // The paths of the image are remembered: without building it, a rescan finds the same.
    house.know(&known().open("tzdata", "CVE-2026-1005"));
    assert_eq!(house.rescan().await.restated, ["static"]);
    let again = said(&house, "static").await.remove(0).findings();
    assert_eq!((&again[..4], again.len()), (&wanted.map(str::to_owned)[..], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_any_more_is_said_no_more() {
    let mut house = House::new();
    house.set_rules(rules(3));
    house.know(&known());
    house.publish(&["static"]).await;
    house.rescan().await;
    let paths = house.stop().join("paths");
    std::fs::remove_dir_all(paths).unwrap();
    house.set_rules(rules(-1));
    assert_eq!(house.rescan().await.restated, ["static"]);
    let said = said(&house, "static").await.remove(0);
    let wanted = [
        "CVE-2026-1004 base-files affected",
        "CVE-2026-1002 media-types affected",
        "CVE-2026-1003 netbase not-affected",
    ];
    assert_eq!(said.findings()[..3], wanted);
    assert_eq!(said.findings()[3], "CVE-2026-1001 tzdata affected", "nobody knows any more which paths the image has");
    let remarks: Value = serde_json::to_value(&said.reports()[0].remarks).unwrap();
    assert!(remarks.to_string().contains("the statement on CVE-2026-1004 of Ann Example expired on"), "{remarks}");
}
