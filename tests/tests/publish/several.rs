//! Several targets: each has what it can have, and a failure says whose it is and is made good later.

use worker::{SendResult, Sending, Targets, Whose, silent};

use crate::publisher::{Publisher, layer, to};
use crate::target::Target;
use crate::watcher::pull_all;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_refuses_does_not_stop_the_others_and_gets_its_share_later() {
    let (publisher, good, bad) = (Publisher::new(), Target::start().await, Target::start().await);
    let images = publisher.two();
    bad.set_away(true);
    let targets = Targets::new(&[to(&bad.place("x")), to(&good.place("x"))], silent()).unwrap();
    let sent = targets.publish(&publisher.store, &publisher.signers, &images, Sending::Changed).await;
    let outcome: Vec<bool> = sent.iter().map(worker::Sent::is_good).collect();
    assert_eq!(outcome, [false, false, true, true]);
    match &sent[0].result {
        SendResult::Failed { whose, message } => {
            assert_eq!(*whose, Whose::Policy, "403: a person has to look at the credentials");
            assert!(message.contains("403") && message.contains("docker login"), "{message}");
        }
        other @ SendResult::Published { .. } => panic!("{other:?}"),
    }
    assert_eq!(pull_all(&good.client).await.len(), 4);
    bad.set_away(false);
    let sent = targets.publish(&publisher.store, &publisher.signers, &images, Sending::Changed).await;
    assert!(
        sent.len() == 2 && sent.iter().all(|one| one.is_good() && one.name.starts_with(&bad.place("x"))),
        "{sent:?}"
    );
    assert_eq!(pull_all(&bad.client).await, pull_all(&good.client).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_image_that_is_damaged_here_does_not_stop_the_others() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    let path = publisher.store.blob_path(&images[0].repository, &blob::Digest::of(layer("base")));
    std::fs::remove_file(path).unwrap();
    let sent = publisher.send(&target.place("x"), &images, Sending::All).await;
    assert_eq!(sent.iter().map(worker::Sent::is_good).collect::<Vec<_>>(), [false, true]);
    let names: Vec<String> = pull_all(&target.client).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["x/python:3.13", "x/python:latest"], "no tag of what is not whole");
}
