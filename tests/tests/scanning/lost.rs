//! A ledger that is lost is made anew from what else is there, and what only it knew is not known.

use scan::Turn;

use crate::history::{fix, is_tagged_now};
use crate::house::{House, days_ago, media_types};
use crate::known::Tracker;

fn known() -> Tracker {
    Tracker::default().fixed("media-types", "CVE-2026-1001", "13.0.1").fixed("media-types", "CVE-2026-1002", "13.0.2")
}

fn lose(house: &mut House) {
    let state = house.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(state.join(format!("ledger.sqlite{end}")));
    }
    house.start_again();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_wave_goes_on_and_lost_lags_are_not_known() {
    let mut house = House::new();
    house.know(&known());
    house.publish(&["static"]).await;
    let first = house.publication("static");
    lose(&mut house);
    house.secure(days_ago(20), [media_types("13.0.1")]);
    house.publish(&["static"]).await;
    house.rescan().await;
    let all = house.ledger().publications("static").await.unwrap();
    assert_eq!(all.iter().map(|it| &it.index).collect::<Vec<_>>(), [&house.publication("static").index, &first.index]);
    assert_eq!((all[1].moments.decided, all[1].moments.signed), (None, None));
    assert_eq!(all[1].moments.tagged.as_millisecond(), first.published.as_millisecond());
    let lost = fix(&house, "CVE-2026-1001").await;
    is_tagged_now(&house, &lost);
    assert_eq!((lost.archive_at, lost.lag_seconds), (None, None), "nobody remembers whether it was there before");

    let date = days_ago(10);
    house.secure(date, [media_types("13.0.2")]);
    house.publish(&["static"]).await;
    let next = fix(&house, "CVE-2026-1002").await;
    let lag = is_tagged_now(&house, &next).duration_since(date).as_secs();
    assert_eq!((next.archive_at, next.lag_seconds), (Some(date), Some(lag)));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_archive_has_nothing_new_a_rescan_fills_in() {
    let mut house = House::new();
    house.know(&known().open("tzdata", "CVE-2026-1003"));
    house.publish(&["static"]).await;
    lose(&mut house);
    assert_eq!(house.wave(&["static"]).await.counts(), (0, 1, 0));
    let rescan = house.rescan().await;
    assert_eq!((rescan.images, rescan.restated.len()), (vec!["static".to_owned()], 1));
    assert_eq!(fix(&house, "CVE-2026-1003").await.turn, Some(Turn::Debian));
    let found = house.ledger().latest_report("static", "linux/amd64").await.unwrap().unwrap();
    assert_eq!(found.report.findings.len(), 3);
    let date = days_ago(5);
    house.secure(date, [media_types("13.0.2")]);
    house.publish(&["static"]).await;
    is_tagged_now(&house, &fix(&house, "CVE-2026-1002").await);
}
