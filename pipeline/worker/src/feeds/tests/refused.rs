//! What must not take the place of a good feed, and what must not stop a wave.

use std::io::Write;

use super::*;
use crate::Whose;

/// Reads a good tracker, then what this answer is; gives back what is said of it.
async fn second(answer: Answer) -> String {
    let good = served(tracker(30), &[("last-modified", TUESDAY)]);
    let server = server(vec![good, answer]).await;
    let home = Home::with_tracker(&server);
    assert_eq!(home.refresh(11).await, FeedNews { changed: vec!["tracker".into()], problems: Vec::new() });
    let before = home.state();
    let news = home.refresh(12).await;
    let after = home.state();
    assert_eq!((&after.kept, after.checked), (&before.kept, before.checked), "the former one stays");
    assert_eq!(home.feeds().knowledge().unwrap().advisories.len(), 30);
    assert!(news.changed.is_empty());
    let problem = after.problem.unwrap();
    assert_eq!(news.problems, std::slice::from_ref(&problem));
    assert_eq!(home.events.lock().unwrap().last(), Some(&Event::FeedFailed { problem: problem.clone() }));
    problem.message
}

#[tokio::test]
async fn what_is_no_tracker_or_less_than_one_is_refused_kept_away_and_told() {
    let whole = tracker(30);
    let cut = whole[..whole.len() - 40].to_vec();
    let cases = [
        (Answer::Bytes(b"<!DOCTYPE html><html>Sign in</html>"), "HTML"),
        (Answer::Owned(cut), "is refused"),
        (Answer::Bytes(b""), "is refused"),
        (Answer::Bytes(b"{}"), "is refused"),
        (served(tracker(19), &[]), "is refused"),
        (served(tracker(31), &[("last-modified", MONDAY)]), "older than what is kept"),
        (served(vec![0x1f, 0x8b, 8, 0], &[]), "cannot be inflated"),
        (served(tracker(31), &[("content-encoding", "br")]), "only gzip was asked for"),
        (served(tracker(31), &[("content-encoding", "gzip")]), "cannot be decoded"),
        (Answer::Status(500), "answered with status 500"),
        (Answer::Status(404), "does not have"),
        (Answer::Truncated(b"{"), "stopped in the middle"),
    ];
    for (answer, part) in cases {
        let shown = format!("{answer:?}").chars().take(80).collect::<String>();
        let message = second(answer).await;
        assert!(message.contains(part), "{shown}: {message}");
    }
}

#[tokio::test]
async fn an_endless_body_stops_at_its_bound() {
    let server = server(vec![Answer::Endless]).await;
    let home = Home::with(|settings| settings.support = [("13".into(), FeedAddress::Url(server.url("x")))].into());
    let problem = home.refresh(11).await.problems.remove(0);
    assert!(problem.message.contains("sent more than the 4194304 bytes"), "{}", problem.message);
    assert_eq!((problem.name.as_str(), problem.whose), ("support-13", Whose::Upstream));
    assert!(home.files().is_empty(), "{:?}", home.files());
}

#[tokio::test]
async fn a_small_body_that_inflates_without_end_stops_at_its_bound() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'a'; 5 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    for headers in [&[][..], &[("content-encoding", "gzip")][..]] {
        let server = server(vec![served(bomb.clone(), headers)]).await;
        let home = Home::with(|settings| settings.support = [("13".into(), FeedAddress::Url(server.url("x")))].into());
        let problem = home.refresh(11).await.problems.remove(0);
        assert!(problem.message.contains("more than the 4194304 bytes"), "{}", problem.message);
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_keeps_no_other_feed_waiting() {
    let silent = server(vec![Answer::Silent]).await;
    let good = server(vec![served(tracker(3), &[])]).await;
    let mut home = Home::with_tracker(&good);
    home.settings.kev = FeedAddress::Url(silent.url("kev"));
    home.settings.timeout = Duration::from_secs(1);
    let news = home.refresh(11).await;
    assert_eq!(news.changed, ["tracker"]);
    assert!(news.problems[0].message.contains("took longer than 1 s"), "{news:?}");
}

#[tokio::test]
async fn redirects_lead_neither_in_circles_nor_to_another_scheme() {
    let to = |place: &str| Answer::With(302, vec![("location", place.to_owned())], Vec::new());
    let refused = "redirects to where bedplate does not follow";
    for (place, part) in [
        ("/tracker", refused),
        ("ftp://a.example/x", refused),
        ("file:///etc/passwd", "answered with status 302 Found instead of the file"),
    ] {
        let server = server(vec![to(place)]).await;
        let problem = Home::with_tracker(&server).refresh(11).await.problems.remove(0);
        assert!(problem.message.contains(part), "{}", problem.message);
        assert!(server.requests().len() <= 7, "{:?}", server.requests());
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_reached_is_told_without_its_secrets() {
    let home = Home::with(|settings| {
        settings.tracker = url("http://user:secret@127.0.0.1:1/tracker");
        settings.dsa = FeedAddress::File("/nowhere/dsa-list".into());
    });
    let news = home.refresh(11).await;
    let all = format!("{news:?} {:?} {:?}", home.feeds().states(), home.events.lock().unwrap());
    assert!(!all.contains("secret") && !all.contains("user:"), "{all}");
    assert_eq!(news.problems[0].whose, Whose::Upstream);
    assert!(news.problems[1].message.starts_with("there is no file `/nowhere/dsa-list`"), "{all}");
    assert_eq!(news.problems[1].whose, Whose::Policy);
    let known = home.feeds().knowledge().unwrap();
    assert!(known.feeds.is_empty() && known.advisories.is_empty());
}
