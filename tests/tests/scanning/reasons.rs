//! Why an image was built: one line, the same in the wave's outcome, in the ledger and in what is signed.

use serde_json::json;
use store::EventKind;

use crate::house::{House, hours_ago, media_types};
use crate::known::{Tracker, advisories};
use crate::said::said;

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_is_named_with_its_vulnerability_and_its_advisory_everywhere() {
    let mut house = House::new();
    house.know(&Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1"));
    house.feeds.put("dsa", advisories(&[("DSA-9001-1", "media-types", "CVE-2026-1001", "13.0.1")]), None);
    assert_eq!(house.publish(&["static"]).await, ["not published yet"]);
    assert_eq!(said(&house, "static").await[0].findings(), ["CVE-2026-1001 media-types fix-announced"]);
    house.secure(hours_ago(3), [media_types("13.0.1")]);
    let reasons = house.publish(&["static"]).await;
    let wanted = [
        "media-types 13.0.1 fixes CVE-2026-1001 (DSA-9001-1 trixie-security)",
        "media-types 13.0.0 → 13.0.1 (trixie-security)",
    ];
    assert_eq!(reasons, wanted);
    let newest = house.ledger().publications("static").await.unwrap().remove(0);
    assert_eq!(newest.reasons.iter().map(|it| it.line.as_str()).collect::<Vec<_>>(), wanted);
    assert_eq!(newest.index, house.publication("static").index);
    for said in said(&house, "static").await {
        assert_eq!(said.provenance()["runDetails"]["metadata"]["bedplate_reasons"], json!(wanted));
        assert_eq!(said.findings(), [""; 0]);
    }
    let line = format!("static published: {}; {}", wanted[0], wanted[1]);
    assert_eq!(house.events(EventKind::Published).await[1].line, line);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_what_vulnerability_data_will_say() {
    let mut house = House::new();
    house.publish(&["static"]).await;
    house.secure(hours_ago(3), [media_types("13.0.1")]);
    assert_eq!(house.publish(&["static"]).await, ["media-types 13.0.0 → 13.0.1 (trixie-security)"]);
}
