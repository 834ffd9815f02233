//! One target: everything arrives, nothing is sent twice, and a dry run sends nothing.

use worker::{Amount, How, Sending, Targets, silent};

use crate::publisher::{Publisher, layer, to};
use crate::target::Target;
use crate::watcher::pull_all;

/// Blobs that hold what is said: for the index and each of two platforms four bundles, a payload and its configuration; and `{}` once.
const SIGNATURES: usize = 3 * 6 + 1;

#[tokio::test(flavor = "multi_thread")]
async fn images_arrive_with_all_tags_and_what_they_share_is_sent_once() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    let statement = publisher.state_about(&images[1]);
    let sent = publisher.send(&target.place("team"), &images, Sending::All).await;
    let amounts: Vec<_> = sent.iter().map(|one| one.amounts().unwrap()).collect();
    assert_eq!((amounts[0].sent.blobs, amounts[0].tags), (3 + SIGNATURES, 2 + 3), "each manifest has a signature tag");
    assert_eq!(
        amounts[1].mounted,
        Amount { blobs: 2, bytes: 200_002 },
        "the layer that both have, and the empty object"
    );
    assert_eq!(amounts[1].referrers, 1 + 3 * 5, "index and platforms each have five of ours");
    let uploads = Target::uploads(&target.heard());
    assert!(uploads.values().all(|count| *count == 1), "{uploads:?}");
    let [base, python] = [&images[0], &images[1]].map(|image| image.index.to_string());
    let expected = [
        ("team/base:1", &base),
        ("team/base:latest", &base),
        ("team/python:3.13", &python),
        ("team/python:latest", &python),
    ];
    let expected = expected.map(|(name, digest)| (name.to_owned(), digest.clone()));
    assert_eq!(pull_all(&target.client).await, expected);
    let referrers = target.client.get(&format!("/v2/team/python/referrers/{python}")).await.json();
    let listed = referrers["manifests"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["digest"] == statement.digest.to_string()), "{referrers:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_sends_nothing_and_unchanged_images_are_not_even_asked_about() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    publisher.send(&target.place("team"), &images, Sending::All).await;
    target.heard();
    let again = publisher.send(&target.place("team"), &images, Sending::All).await;
    assert!(again.iter().all(|one| one.amounts().is_some_and(|it| it.manifests + it.tags + it.sent.blobs == 0)));
    let heard = target.heard();
    for writing in ["PUT", "POST", "PATCH"] {
        assert_eq!(Target::asked(&heard, writing), 0, "{heard:?}");
    }
    let targets = Targets::new(&[to(&target.place("team"))], silent()).unwrap();
    let run = async |images: &[_]| {
        targets.publish(&publisher.store, &publisher.signers, images, Sending::Changed).await.len()
    };
    assert_eq!((run(&images).await, run(&images).await), (2, 0));
    target.heard();
    let newer = [images[0].clone(), publisher.publish("python", "3.14", &[layer("base"), layer("newer")])];
    assert_eq!(run(&newer).await, 1);
    let heard = target.heard();
    assert!(heard.iter().all(|(request, _)| !request.contains("team/base")), "{heard:?}");
    publisher.state_about(&newer[1]);
    assert_eq!((run(&newer).await, run(&newer).await), (1, 0), "a new statement is news too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_done_with_each_blob_and_does_nothing() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    publisher.send(&target.place("team"), &images[..1], Sending::All).await;
    target.heard();
    let dry = publisher.send(&target.place("new"), &images, Sending::DryRun).await;
    let heard = target.heard();
    assert!(heard.iter().all(|(request, _)| request.starts_with("HEAD") || request.starts_with("GET")), "{heard:?}");
    let shared = blob::Digest::of(layer("base"));
    let how = |number: usize| dry[number].amounts().unwrap().blobs[&shared].how;
    assert_eq!((how(0), how(1)), (How::Send, How::Mount), "the first image brings it, the second has it from there");
    let planned = dry[1].amounts().unwrap();
    let all = (planned.manifests, planned.tags, planned.sent.blobs);
    assert_eq!(
        all,
        (3 + 3 * 5, 2 + 3, 3 + SIGNATURES - 1),
        "the layer that both have and the empty object come from the first"
    );
    let sent = publisher.send(&target.place("new"), &images, Sending::All).await;
    let done = sent[1].amounts().unwrap();
    assert_eq!((done.manifests, done.tags, done.sent), (planned.manifests, planned.tags, planned.sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_say_which_images_and_tags_go() {
    let (publisher, target) = (Publisher::new(), Target::start().await);
    let images = publisher.two();
    let mut settings = to(&target.place("team"));
    (settings.images, settings.tags) = (vec!["py*".to_owned()], vec!["3.*".to_owned()]);
    let targets = Targets::new(&[settings], silent()).unwrap();
    targets.publish(&publisher.store, &publisher.signers, &images, Sending::All).await;
    let names: Vec<String> = pull_all(&target.client).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["team/python:3.13"]);
}
