//! What a package's own changelog says of a fix, before the tracker says anything, and after.

use scan::{FixEvidence, FixState};

use crate::history::{fix, fixes, is_tagged_now};
use crate::house::{House, days_ago, media_types};
use crate::known::Tracker;

fn changelog(entries: &[(&str, &str)]) -> String {
    let entry = |(version, line): &(&str, &str)| {
        format!(
            "media-types ({version}) trixie-security; urgency=high\n\n  * {line}\n\n -- A <a@images.example>  Mon, 02 Nov 2020 10:00:00 +0000\n\n"
        )
    };
    entries.iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changelog_names_a_fix_before_the_tracker_does() {
    let mut house = House::new();
    house.know(&Tracker::default());
    house.publish(&["static"]).await;
    let date = days_ago(30);
    let news = "Fix CVE-2026-1001.\n  * CVE-2026-1003 does not affect this version.";
    let text = changelog(&[("13.0.1", news), ("13.0.0", "Fix CVE-2026-1002.")]);
    house.secure(date, [media_types("13.0.1").file("/usr/share/doc/media-types/changelog.gz", text)]);
    house.publish(&["static"]).await;
    let early = fix(&house, "CVE-2026-1001").await;
    assert_eq!((early.evidence, early.fixed_version.as_deref()), (Some(FixEvidence::Changelog), Some("13.0.1")));
    let lag = is_tagged_now(&house, &early).duration_since(date).as_secs();
    assert_eq!((early.archive_at, early.lag_seconds), (Some(date), Some(lag)));
    for id in ["CVE-2026-1002", "CVE-2026-1003"] {
        assert_eq!(fixes(&house, id).await, [], "{id}");
    }

    house.know(&Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1"));
    house.rescan().await;
    let late = fix(&house, "CVE-2026-1001").await;
    assert_eq!((late.evidence, late.lag_seconds), (Some(FixEvidence::Tracker), Some(lag)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_debian_takes_back_is_in_the_ledger_no_more() {
    let house = House::new();
    let known = Tracker::default().open("media-types", "CVE-2026-1001").open("tzdata", "CVE-2026-1002");
    house.know(&known.clone().open("netbase", "CVE-2026-1003"));
    house.publish(&["static"]).await;
    house.rescan().await;
    assert_eq!(fix(&house, "CVE-2026-1001").await.state, FixState::Open);
    house.know(&known.fixed("media-types", "CVE-2026-1001", "0"));
    house.rescan().await;
    assert_eq!(fixes(&house, "CVE-2026-1001").await, [], "Debian says now that the release never had it");
    assert_eq!(fixes(&house, "CVE-2026-1003").await, [], "the tracker knows it no more");
    assert_eq!(fix(&house, "CVE-2026-1002").await.state, FixState::Open);
    assert_eq!(house.ledger().open_fixes().await.unwrap().len(), 1);
}
