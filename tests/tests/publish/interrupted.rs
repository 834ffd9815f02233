//! Interrupted at any moment, and run again: the same end; and who looks meanwhile never finds less than a whole image.

use std::time::{Duration, Instant};

use worker::Sending;

use crate::publisher::{Publisher, layer};
use crate::target::Target;
use crate::watcher::{Watcher, pull_all};

/// How often publishing is interrupted.
const TIMES: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn stopped_anywhere_and_run_again_it_ends_the_same_and_sends_no_blob_twice() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    let begun = Instant::now();
    publisher.send(&target.place("whole"), &images, Sending::All).await;
    let whole = begun.elapsed();
    let watcher = Watcher::start(&target.client);
    for number in 0..TIMES {
        let other = Target::start().await;
        let after = whole * u32::try_from(number).unwrap() / u32::try_from(TIMES).unwrap();
        let stopped = tokio::time::timeout(after, publisher.send(&other.place("x"), &images, Sending::All)).await;
        other.settle().await;
        pull_all(&other.client).await;
        let sent = publisher.send(&other.place("x"), &images, Sending::All).await;
        assert!(sent.iter().all(worker::Sent::is_good), "stopped after {after:?} ({stopped:?}): {sent:?}");
        assert_eq!(pull_all(&other.client).await.len(), 4, "stopped after {after:?}");
        let uploads = Target::uploads(&other.heard());
        assert!(uploads.values().all(|count| *count == 1), "stopped after {after:?}: {uploads:?}");
    }
    assert!(watcher.stop().await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_that_move_always_lead_to_something_whole() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let watcher = Watcher::start(&target.client);
    let (address, mut last) = (target.client.address(), None);
    for number in 0..12 {
        let version = format!("1.{number}");
        let image = publisher.publish("base", &version, &[layer("base"), layer(&version)]);
        let after = Duration::from_millis(fastrand::u64(0..60));
        let publish = || publisher.send(&address, std::slice::from_ref(&image), Sending::All);
        let _ = tokio::time::timeout(after, publish()).await;
        assert!(publish().await[0].is_good());
        last = Some(image);
    }
    assert!(watcher.stop().await > 12);
    let found = pull_all(&target.client).await;
    assert_eq!(found.len(), 13, "every version stays: {found:?}");
    assert!(found.contains(&("base:latest".to_owned(), last.unwrap().index.to_string())));
}
