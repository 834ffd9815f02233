//! From one registry to another, or to another repository of the same.

use std::sync::Arc;

use registry::{CopyEvent, CopyOptions, CopySummary, Named, Place, Pushed, copy};

use super::gallery::{Gallery, Heard, LARGE, client, copy_all, wanted};
use crate::fixture::{Registry, answer, name, tag};

#[tokio::test]
async fn everything_arrives_with_its_digest_and_nothing_is_sent_twice() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let gallery = Gallery::put(&from.store, &name("team/app"));
    let client = client(&from);
    let remote = client.repository(&to.host, name("mirror/app"));
    let (source, target) =
        (Place::Remote(client.repository(&from.host, name("team/app"))), Place::Remote(remote.clone()));
    let (summary, heard) = copy_all(&source, &target).await;
    let summary = summary.unwrap();
    gallery.assert_in(&remote).await;
    // One shared layer, two small ones, two configurations, the empty one, five texts.
    assert_eq!((summary.sent_blobs, summary.reused_blobs, summary.mounted_blobs), (11, 0, 0));
    assert_eq!((summary.manifests, summary.referrers, summary.tags), (gallery.manifests(), 5, 4));
    assert!(summary.sent_bytes > LARGE as u64 && summary.missing.is_empty());
    assert!(matches!(heard[0], CopyEvent::Planned { blobs: 11, manifests: 8, tags: 4, .. }), "{:?}", heard[0]);
    let large = |event: &&CopyEvent| matches!(event, CopyEvent::BlobSent { bytes, .. } if *bytes == LARGE as u64);
    assert!(heard.iter().any(|event| large(&event)), "{heard:?}");
    let writes = |registry: &Registry| registry.count("PUT", "") + registry.count("POST", "");
    let before = writes(&to);
    let (again, heard) = copy_all(&source, &target).await;
    assert_eq!(again.unwrap(), CopySummary { reused_manifests: gallery.manifests(), ..CopySummary::default() });
    assert_eq!((writes(&to), heard.len()), (before, 1), "a second time nothing is written");
    assert_eq!(from.count("GET", "/blobs/"), 10, "each blob was read once; the empty one stands in its descriptor");
}

#[tokio::test]
async fn blobs_come_first_then_manifests_then_tags() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let gallery = Gallery::put(&from.store, &name("a"));
    let target = Place::Remote(client(&to).repository(&to.host, name("b")));
    copy_all(&Place::Store(Arc::clone(&from.store), name("a")), &target).await.0.unwrap();
    let seen = to.seen();
    let writes: Vec<_> = seen.iter().filter(|seen| seen.method == "PUT").map(|seen| seen.path.as_str()).collect();
    let place = |part: &str| writes.iter().position(|path| path.ends_with(part)).unwrap();
    let last_blob = writes.iter().rposition(|path| path.contains("/uploads/")).unwrap();
    let digest = |one: &oci::Descriptor| place(&one.digest.to_string());
    assert!(last_blob < digest(&gallery.platforms[0]));
    assert!(digest(&gallery.platforms[1]) < digest(&gallery.index));
    assert!(digest(&gallery.index) < digest(&gallery.referrers[2]));
    assert!(digest(&gallery.signatures[0].1) < place("/manifests/1"));
    let tags = &writes[writes.len() - 4..];
    assert!(tags[..2].iter().all(|path| path.contains("/manifests/sha256-")), "{tags:?}");
    assert_eq!(tags[2..].iter().filter(|path| path.ends_with("/1") || path.ends_with("/latest")).count(), 2);
}

#[tokio::test]
async fn in_one_registry_blobs_are_mounted_and_not_moved() {
    let registry = Registry::start().await;
    let gallery = Gallery::put(&registry.store, &name("a"));
    let client = client(&registry);
    let [a, b] = ["a", "b"].map(|repository| client.repository(&registry.host, name(repository)));
    let summary = copy_all(&Place::Remote(a), &Place::Remote(b.clone())).await.0.unwrap();
    gallery.assert_in(&b).await;
    assert_eq!((summary.sent_blobs, summary.mounted_blobs), (0, 11));
    assert_eq!(registry.count("GET", "/blobs/"), 0);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    let target = Place::Remote(client(&to).repository(&to.host, name("b")));
    let options = CopyOptions { dry_run: true, ..CopyOptions::default() };
    let foreseen = copy(&source, &target, &wanted(), &options, &()).await.unwrap();
    assert!(to.seen().iter().all(|seen| matches!(seen.method.as_str(), "GET" | "HEAD")));
    let done = copy_all(&source, &target).await.0.unwrap();
    assert_eq!(foreseen, done);
}

#[tokio::test]
async fn what_is_not_wanted_stays_behind() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let gallery = Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    let remote = client(&to).repository(&to.host, name("b"));
    let target = Place::Remote(remote.clone());
    let options = CopyOptions { with_referrers: false, with_signature_tags: false, ..CopyOptions::default() };
    let by_digest = vec![(Named::Digest(gallery.index.digest.clone()), vec![tag("only")])];
    let summary = copy(&source, &target, &by_digest, &options, &()).await.unwrap();
    assert_eq!((summary.manifests, summary.referrers, summary.tags), (3, 0, 1));
    assert_eq!(remote.tags().await.unwrap(), [tag("only")]);
}

#[tokio::test]
async fn a_tag_that_points_elsewhere_is_moved_and_only_that() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    let target = Place::Remote(client(&to).repository(&to.host, name("b")));
    copy_all(&source, &target).await.0.unwrap();
    let other = crate::fixture::put_image(&to.store, &name("b"), "other").0;
    to.store.tag(&name("b"), &tag("latest"), &other).unwrap();
    let (summary, heard) = copy_all(&source, &target).await;
    assert_eq!((summary.unwrap().tags, heard.len()), (1, 2), "{heard:?}");
    assert!(matches!(&heard[1], CopyEvent::TagMoved { tag: moved, .. } if *moved == tag("latest")));
}

/// A registry that does not list referrers.
async fn without_list() -> Registry {
    Registry::with(
        |seen| seen.path.contains("/referrers/").then(|| answer(404, &[], "")),
        |_, response| drop(response.headers_mut().remove("oci-subject")),
    )
    .await
}

#[tokio::test]
async fn referrers_are_listed_by_fallback_tags_where_the_target_has_no_list() {
    let (from, to) = (Registry::start().await, without_list().await);
    let gallery = Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    let remote = client(&to).repository(&to.host, name("b"));
    let target = Place::Remote(remote.clone());
    copy_all(&source, &target).await.0.unwrap();
    gallery.assert_in(&remote).await;
    let again = copy_all(&source, &target).await.0.unwrap();
    assert_eq!((again.manifests, again.tags), (0, 0));
    // Where only the list was lost, only the list is made again.
    remote.delete(&Named::Tag(tag(&format!("sha256-{}", gallery.index.digest.hex())))).await.unwrap();
    copy_all(&source, &target).await.0.unwrap();
    gallery.assert_in(&remote).await;
    // And back to a registry that lists them itself: without those tags.
    let back = Registry::start().await;
    let remote = client(&back).repository(&back.host, name("c"));
    copy_all(&target, &Place::Remote(remote.clone())).await.0.unwrap();
    gallery.assert_in(&remote).await;
    assert_eq!(remote.tags().await.unwrap().len(), 4);
}

#[tokio::test]
async fn signatures_are_found_also_where_tags_are_not_listed() {
    let from = Registry::before(|seen| seen.path.contains("/tags/").then(|| answer(403, &[], ""))).await;
    let to = Registry::start().await;
    let gallery = Gallery::put(&from.store, &name("a"));
    let source = Place::Remote(client(&from).repository(&from.host, name("a")));
    let remote = client(&to).repository(&to.host, name("b"));
    copy_all(&source, &Place::Remote(remote.clone())).await.0.unwrap();
    gallery.assert_in(&remote).await;
}

#[tokio::test]
async fn it_can_run_beside_other_work() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    let target = Place::Remote(client(&to).repository(&to.host, name("b")));
    let work = tokio::spawn(async move {
        let heard = Heard::default();
        copy(&source, &target, &wanted(), &CopyOptions::default(), &heard).await.unwrap();
        let heard = heard.0.into_inner().unwrap();
        heard.iter().filter(|event| matches!(event, CopyEvent::BlobFinished { outcome: Pushed::Sent(_), .. })).count()
    });
    assert_eq!(work.await.unwrap(), 11);
}
