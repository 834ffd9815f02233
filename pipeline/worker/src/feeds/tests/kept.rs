//! What is done with feeds that are good.

use std::fs;
use std::io::Write;

use blob::Digest;

use super::*;
use crate::feeds::Previous;

#[tokio::test]
async fn an_answer_that_nothing_changed_moves_only_when_it_was_checked() {
    let first = served(tracker(3), &[("last-modified", MONDAY), ("etag", "\"one\"")]);
    let server = server(vec![first, Answer::With(304, Vec::new(), Vec::new())]).await;
    let home = Home::with_tracker(&server);
    home.refresh(11).await;
    let before = home.state();
    assert_eq!(before.date(), Some("2026-11-23T10:00:00Z".parse().unwrap()));
    assert_eq!(home.refresh(12).await, FeedNews::default());
    assert_eq!(home.state(), FeedState { checked: Some(at(12)), ..before });
    let heads = server.heads();
    assert!(!heads[0].contains("if-none-match"), "{}", heads[0]);
    assert!(heads[1].contains("if-none-match: \"one\"\n"), "{}", heads[1]);
    assert!(heads[1].contains(&format!("if-modified-since: {}\n", MONDAY.to_lowercase())), "{}", heads[1]);
}

#[tokio::test]
async fn where_a_server_knows_no_conditions_the_digest_tells() {
    let server = server(vec![served(tracker(3), &[]), served(tracker(3), &[]), served(tracker(4), &[])]).await;
    let home = Home::with_tracker(&server);
    home.refresh(11).await;
    let before = home.state();
    assert_eq!(home.refresh(12).await, FeedNews::default());
    assert_eq!(home.state(), FeedState { checked: Some(at(12)), ..before });
    assert_eq!(home.state().date(), Some(at(12)), "confirmed then");
    assert_eq!(home.refresh(13).await.changed, ["tracker"]);
    assert_eq!(home.state().kept.unwrap().digest, Digest::of(tracker(4)));
}

#[tokio::test]
async fn a_problem_goes_when_the_feed_is_good_again() {
    let server = server(vec![Answer::Status(404), served(tracker(3), &[])]).await;
    let home = Home::with_tracker(&server);
    assert_eq!(home.refresh(11).await.problems.len(), 1);
    assert_eq!(home.state().problem.unwrap().at, at(11));
    assert_eq!(home.refresh(12).await.changed, ["tracker"]);
    assert_eq!(home.state().problem, None);
}

#[tokio::test]
async fn bodies_in_gzip_are_kept_plain_and_files_in_gzip_as_they_are() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&tracker(5)).unwrap();
    let gzip = encoder.finish().unwrap();
    for (headers, digest) in
        [(&[("content-encoding", "gzip")][..], Digest::of(tracker(5))), (&[][..], Digest::of(&gzip))]
    {
        let server = server(vec![served(gzip.clone(), headers)]).await;
        let home = Home::with_tracker(&server);
        assert_eq!(home.refresh(11).await.changed, ["tracker"]);
        assert_eq!(home.state().kept.unwrap().digest, digest);
        assert_eq!(home.feeds().knowledge().unwrap().advisories.len(), 5);
    }
}

#[tokio::test]
async fn a_folder_gives_everything_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tracker.json"), tracker(2)).unwrap();
    fs::write(folder.path().join("support-13"), "binutils  limited  Only for trusted content\n").unwrap();
    let home = Home::with(|settings| settings.folder = Some(folder.path().into()));
    assert_eq!(home.refresh(11).await.changed, ["tracker", "support-13"]);
    let known = home.feeds().knowledge().unwrap();
    assert!(known.support.of("binutils", "13").is_some() && known.support.of("binutils", "12").is_none());
    assert_eq!(known.feeds.iter().map(|feed| feed.name.as_str()).collect::<Vec<_>>(), ["tracker", "support-13"]);
    assert_eq!(home.refresh(12).await, FeedNews::default());
    fs::write(folder.path().join("tracker.json"), tracker(3)).unwrap();
    assert_eq!(home.refresh(13).await.changed, ["tracker"]);
}

#[tokio::test]
async fn a_feed_that_changes_once_a_day_is_left_alone_in_between() {
    let server = server(vec![Answer::Bytes(b"binutils  limited  x\n")]).await;
    let mut home = Home::with(|settings| settings.support = [("13".into(), FeedAddress::Url(server.url("x")))].into());
    home.settings.interval = Duration::from_hours(2);
    for (hour, requests) in [(10, 1), (11, 1), (12, 2)] {
        home.refresh(hour).await;
        assert_eq!(server.requests().len(), requests, "at {hour}");
    }
}

#[tokio::test]
async fn what_is_known_stays_in_memory_until_a_feed_changes() {
    let server = server(vec![
        served(tracker(3), &[("last-modified", MONDAY)]),
        served(tracker(3), &[("last-modified", MONDAY)]),
        served(tracker(4), &[]),
    ])
    .await;
    let home = Home::with_tracker(&server);
    let feeds = home.feeds();
    feeds.refresh(at(11)).await;
    let known = feeds.knowledge().unwrap();
    feeds.refresh(at(12)).await;
    assert!(Arc::ptr_eq(&known, &feeds.clone().knowledge().unwrap()));
    feeds.refresh(at(13)).await;
    assert_eq!((known.advisories.len(), feeds.knowledge().unwrap().advisories.len()), (3, 4));
}

#[tokio::test]
async fn an_index_that_is_torn_or_gone_is_made_again_and_damaged_bytes_are_fetched_again() {
    let server = server(vec![served(tracker(3), &[("etag", "\"one\"")])]).await;
    let home = Home::with_tracker(&server);
    home.refresh(11).await;
    let digest = home.state().kept.unwrap().digest;
    let path = home.state.path().join("feeds/sha256").join(digest.hex());
    let index = path.with_extension("index");
    let whole = fs::read(&index).unwrap();
    for torn in [&whole[..whole.len() / 2], b"", b"another version"] {
        fs::write(&index, torn).unwrap();
        assert_eq!(home.feeds().knowledge().unwrap().advisories.len(), 3);
        assert_eq!(fs::read(&index).unwrap(), whole);
    }
    fs::remove_file(&index).unwrap();
    fs::write(&path, vec![b'x'; tracker(3).len()]).unwrap();
    assert!(home.feeds().knowledge().unwrap().feeds.is_empty(), "what is damaged is not known");
    assert!(home.state().problem.unwrap().message.contains("is damaged or gone"));
    assert_eq!(home.refresh(12).await.changed, ["tracker"]);
    assert!(!server.heads()[1].contains("if-none-match"), "there is nothing that could be unchanged");
    assert_eq!(home.feeds().knowledge().unwrap().advisories.len(), 3);
}

#[tokio::test]
async fn what_the_last_rescan_stood_on_is_kept_until_the_next_one() {
    let server = server((3..8).map(|ids| served(tracker(ids), &[])).collect()).await;
    let home = Home::with_tracker(&server);
    home.refresh(10).await;
    let feeds = home.feeds();
    let first = feeds.knowledge().unwrap();
    assert!(matches!(feeds.previous_advisories(&first).unwrap(), Previous::Unknown));
    assert_eq!(feeds.changed_since_rescan(&first), ["tracker"]);
    feeds.rescanned(&first).unwrap();
    assert!(matches!(feeds.previous_advisories(&first).unwrap(), Previous::Same));
    assert!(feeds.changed_since_rescan(&first).is_empty());
    for hour in [11, 12] {
        home.refresh(hour).await;
    }
    assert_eq!(home.files().len(), 4, "the present and the one last rescanned, each with its index");
    let feeds = home.feeds();
    let third = feeds.knowledge().unwrap();
    let Previous::Other(before) = feeds.previous_advisories(&third).unwrap() else { panic!("rows have changed") };
    assert_eq!(third.advisories.changes_since(&before).len(), 2);
    feeds.rescanned(&third).unwrap();
    home.refresh(13).await;
    assert_eq!(home.files().len(), 4);
    assert!(!home.files().contains(&Digest::of(tracker(3)).hex().to_owned()));
}

#[tokio::test]
async fn a_process_that_died_leaves_the_former_feed_whole() {
    let server = server(vec![served(tracker(3), &[])]).await;
    let home = Home::with_tracker(&server);
    home.refresh(11).await;
    let folder = home.state.path().join("feeds");
    // It died after it had named the bytes, and while it wrote the record.
    let named = folder.join("sha256").join(Digest::of("later").hex());
    fs::write(&named, "later").unwrap();
    fs::write(folder.join(".partial-tracker"), "{\"kind\":").unwrap();
    assert_eq!(home.feeds().knowledge().unwrap().advisories.len(), 3);
    home.refresh(12).await;
    assert!(!named.exists());
}
