//! Feeds that are cut off, broken, old: what was known stays, it is told, images are published all the same, and nothing is called clean.

use jiff::Timestamp;
use scan::{FirstSeen, Grade, Standing, grade_all};
use tests::FeedFault;

use crate::house::{House, days_ago, hours_ago, media_types};
use crate::known::Tracker;
use crate::said::said;

const OPEN: &str = "CVE-2026-1001 media-types affected";

fn known() -> Tracker {
    Tracker::default().open("media-types", "CVE-2026-1001")
}

/// The feed fails: it is told with this word, and the next wave publishes with what was known.
async fn is_survived(house: &mut House, age: i64, word: &str) {
    let news = house.refresh().await;
    let problem = news.problems.iter().find(|problem| problem.name == "tracker").unwrap();
    assert!(problem.message.contains(word), "{}", problem.message);
    assert_eq!(news.changed, [""; 0]);
    house.secure(days_ago(age), [media_types(&format!("13.0.{}", 100 - age))]);
    assert_eq!(house.wave(&["static"]).await.counts(), (1, 0, 0), "{word}");
    let said = said(house, "static").await.remove(0);
    assert_eq!((said.findings(), said.standing().is_current()), (vec![OPEN.to_owned()], true), "{word}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_file_stays_whatever_comes_in_its_place() {
    let mut house = House::new();
    let date = house.know(&known());
    house.publish(&["static"]).await;
    let other = known().open("tzdata", "CVE-2026-1002");
    house.know(&other);
    house.feeds.fail("tracker", FeedFault::Html);
    is_survived(&mut house, 60, "this is HTML").await;
    house.feeds.fail("tracker", FeedFault::Truncated(300));
    is_survived(&mut house, 50, "reading the tracker's JSON").await;
    house.feeds.fail(
        "tracker",
        FeedFault::Replaced(
            br#"{"a":{"CVE-2026-1":{"releases":{"trixie":{"status":"open","urgency":"low"}}}}}"#.to_vec(),
        ),
    );
    is_survived(&mut house, 40, "1 entries, and 31 before").await;
    house.feeds.heal();
    house.know_of(&other, date - jiff::SignedDuration::from_hours(1));
    is_survived(&mut house, 30, "older than what is kept").await;
    house.feeds.fail("tracker", FeedFault::Status(404));
    is_survived(&mut house, 20, "does not have").await;
    house.feeds.heal();
    house.know(&other);
    assert_eq!(house.refresh().await.problems, []);
    assert_eq!(house.rescan().await.restated, ["static"]);
    assert_eq!(said(&house, "static").await[0].findings(), [OPEN, "CVE-2026-1002 tzdata affected"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_are_unknown_and_so_is_the_grade() {
    let house = House::new();
    let date = hours_ago(25);
    house.know_of(&Tracker::default(), date);
    house.publish(&["static"]).await;
    let old = said(&house, "static").await.remove(0);
    assert_eq!((old.standing(), old.findings()), (Standing::Stale { date }, Vec::new()));
    let words = format!("vulnerability data are stale: of {date}");
    assert_eq!(old.verdict().unknown, Some(words.clone()));
    let graded = grade_all(&old.reports(), &FirstSeen::new(), Timestamp::now());
    assert!(graded.grade == Grade::Unknown && graded.reason.contains(&words), "{graded}");
    house.know(&Tracker::default());
    assert_eq!(house.rescan().await.restated, ["static"]);
    let new = said(&house, "static").await.remove(0);
    assert!(new.standing().is_current() && new.verdict().unknown.is_none());
    assert_eq!(grade_all(&new.reports(), &FirstSeen::new(), Timestamp::now()).grade, Grade::A);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_data_an_image_is_published_and_says_that_nobody_knows() {
    let house = House::new();
    house.publish(&["static"]).await;
    for said in said(&house, "static").await {
        assert_eq!((said.standing(), said.vex()), (Standing::Absent, None));
        assert_eq!(said.verdict().unknown.as_deref(), Some("there are no vulnerability data"));
        assert_eq!(grade_all(&said.reports(), &FirstSeen::new(), Timestamp::now()).grade, Grade::Unknown);
    }
    assert_eq!(house.rescan().await.restated, [""; 0]);
    house.know(&known());
    assert_eq!(house.rescan().await.restated, ["static"]);
    assert_eq!(said(&house, "static").await[0].findings(), [OPEN]);
}
