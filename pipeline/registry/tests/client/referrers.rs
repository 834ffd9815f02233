//! Who speaks about an image, with the registry's own list and with the fallback tag.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::response::Response;
use oci::{Descriptor, ImageIndex, ImageManifest, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Tag};
use registry::{Client, Named, Remote};

use crate::fixture::{Registry, Seen, answer, name, put_image, settings, tag};

/// A registry that does not know referrers: as most were before 1.1.
async fn without_list(conditions: bool) -> Registry {
    Registry::with(
        |seen| seen.path.contains("/referrers/").then(|| answer(404, &[], "404 page not found")),
        move |_, response| {
            response.headers_mut().remove("oci-subject");
            if !conditions {
                response.headers_mut().remove("etag");
            }
        },
    )
    .await
}

/// A manifest that speaks about `subject`.
fn referrer(subject: &Descriptor, text: &str) -> Vec<u8> {
    let mut manifest = ImageManifest::new(Descriptor::empty(), Vec::new());
    manifest.artifact_type = Some("application/x-test".to_owned());
    manifest.subject = Some(subject.clone());
    manifest.annotations.insert("text".to_owned(), text.to_owned());
    manifest.to_bytes()
}

async fn push(remote: &Remote, subject: &Descriptor, text: &str) -> Descriptor {
    let bytes = referrer(subject, text);
    let digest = Named::Digest(blob::Digest::of(&bytes));
    remote.push_manifest(&bytes, MEDIA_TYPE_MANIFEST, &digest).await.unwrap()
}

fn fallback(subject: &Descriptor) -> Tag {
    tag(&format!("sha256-{}", subject.digest.hex()))
}

fn image(registry: &Registry) -> Descriptor {
    put_image(&registry.store, &name("a"), "layer").0
}

#[tokio::test]
async fn the_registrys_own_list_is_read_and_no_tag_is_made() {
    let registry = Registry::start().await;
    let subject = image(&registry);
    let remote = registry.remote("a");
    let pushed = push(&remote, &subject, "one").await;
    let found = remote.referrers(&subject.digest).await.unwrap();
    assert_eq!(found.iter().map(|found| &found.digest).collect::<Vec<_>>(), [&pushed.digest]);
    assert_eq!(found[0].artifact_type.as_deref(), Some("application/x-test"));
    assert_eq!(remote.tags().await.unwrap(), []);
}

#[tokio::test]
async fn without_a_list_the_fallback_tag_is_kept_right() {
    let registry = without_list(true).await;
    let subject = image(&registry);
    let remote = registry.remote("a");
    assert_eq!(remote.referrers(&subject.digest).await.unwrap(), []);
    for text in ["one", "two", "two"] {
        push(&remote, &subject, text).await;
    }
    let found = remote.referrers(&subject.digest).await.unwrap();
    let texts: Vec<_> = found.iter().map(|found| found.annotations["text"].as_str()).collect();
    assert_eq!(texts, ["one", "two"], "each once");
    assert!(found.iter().all(|found| found.artifact_type.as_deref() == Some("application/x-test")));
    assert_eq!(remote.tags().await.unwrap(), [fallback(&subject)]);
    assert_eq!(registry.count("GET", "/referrers/"), 1, "once is enough to know");
    // Our server keeps what former versions of the list name, and refuses; the list is right by then.
    remote.delete(&Named::Digest(found[0].digest.clone())).await.unwrap_err();
    assert_eq!(remote.referrers(&subject.digest).await.unwrap(), found[1..]);
}

#[tokio::test]
async fn entries_that_others_wrote_stay_as_they_are() {
    let registry = without_list(true).await;
    let subject = image(&registry);
    let remote = registry.remote("a");
    let (other, _) = put_image(&registry.store, &name("a"), "other");
    let foreign = format!(
        r#"{{"size": {}, "x-own":[1, 2],"digest":"{}","mediaType":"{MEDIA_TYPE_INDEX}","artifactType":"application/vnd.oci.empty.v1+json"}}"#,
        other.size, other.digest
    );
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{MEDIA_TYPE_INDEX}","manifests":[{foreign}],"x-own":7}}"#);
    remote.push_manifest(text.as_bytes(), MEDIA_TYPE_INDEX, &Named::Tag(fallback(&subject))).await.unwrap();
    let pushed = push(&remote, &subject, "one").await;
    let index = remote.manifest(&Named::Tag(fallback(&subject))).await.unwrap().unwrap();
    let written = String::from_utf8(index.bytes.to_vec()).unwrap();
    assert!(written.contains(&foreign) && written.contains(r#""x-own":7"#), "{written}");
    let digests: Vec<_> =
        ImageIndex::parse(&index.bytes).unwrap().manifests.into_iter().map(|entry| entry.digest).collect();
    assert_eq!(digests, [other.digest, pushed.digest]);
}

#[tokio::test]
async fn a_tag_that_is_no_list_is_left_alone_and_told() {
    let registry = without_list(true).await;
    let (subject, manifest) = put_image(&registry.store, &name("a"), "layer");
    registry.store.tag(&name("a"), &fallback(&subject), &manifest).unwrap();
    let remote = registry.remote("a");
    assert_eq!(remote.referrers(&subject.digest).await.unwrap(), []);
    let bytes = referrer(&subject, "one");
    let digest = Named::Digest(blob::Digest::of(&bytes));
    let error = remote.push_manifest(&bytes, MEDIA_TYPE_MANIFEST, &digest).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot list the referrers of `sha256:"), "{error}");
    assert!(error.contains("expected `application/vnd.oci.image.index.v1+json`; give that another tag"), "{error}");
    assert_eq!(remote.head(&Named::Tag(fallback(&subject))).await.unwrap(), Some(manifest));
}

/// Several processes, each with a client of its own, list at once. Every request takes its time, so that they do collide.
async fn nothing_is_lost(conditions: bool, writers: usize) {
    let registry = without_list(conditions).await;
    let subject = image(&registry);
    let clients: Vec<Remote> = (0..writers)
        .map(|_| Client::new(settings(registry.folder.path())).unwrap().repository(&registry.host, name("a")))
        .collect();
    let work = clients.iter().enumerate().map(|(number, remote)| {
        let subject = subject.clone();
        async move {
            for turn in 0..3 {
                push(remote, &subject, &format!("{number}.{turn}")).await;
            }
        }
    });
    futures_util::future::join_all(work).await;
    let found = registry.remote("a").referrers(&subject.digest).await.unwrap();
    let texts: BTreeSet<_> = found.iter().map(|found| found.annotations["text"].clone()).collect();
    assert_eq!((texts.len(), found.len()), (writers * 3, writers * 3), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_lose_nothing_where_writing_can_be_conditional() {
    nothing_is_lost(true, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_at_once_lose_nothing_where_it_cannot() {
    nothing_is_lost(false, 2).await;
}

#[tokio::test]
async fn a_write_that_somebody_else_undid_is_repeated() {
    let registry = without_list(false).await;
    let subject = image(&registry);
    let remote = registry.remote("a");
    let first = push(&remote, &subject, "one").await;
    let (store, stale) =
        (registry.store.clone(), remote.manifest(&Named::Tag(fallback(&subject))).await.unwrap().unwrap());
    let tag = fallback(&subject);
    let undo = tokio::spawn(async move {
        // What a writer does that read before the second entry was there.
        while store.resolve(&name("a"), &tag).unwrap() == Some(stale.descriptor.clone()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        store.tag(&name("a"), &tag, &stale.descriptor).unwrap();
    });
    let second = push(&remote, &subject, "two").await;
    undo.await.unwrap();
    let found = remote.referrers(&subject.digest).await.unwrap();
    let digests: Vec<_> = found.into_iter().map(|found| found.digest).collect();
    assert_eq!(digests, [first.digest, second.digest]);
}

#[tokio::test]
async fn entity_tags_that_a_proxy_weakened_or_changed_do_not_stop_it() {
    for change in ["W/\"weak\"", "\"changed\""] {
        let registry = Registry::with(
            |seen| seen.path.contains("/referrers/").then(|| answer(404, &[], "")),
            move |_, response| {
                response.headers_mut().remove("oci-subject");
                response.headers_mut().insert("etag", change.parse().unwrap());
            },
        )
        .await;
        let subject = image(&registry);
        let remote = registry.remote("a");
        for text in ["one", "two"] {
            push(&remote, &subject, text).await;
        }
        assert_eq!(remote.referrers(&subject.digest).await.unwrap().len(), 2, "{change}");
    }
}

#[tokio::test]
async fn a_tag_that_never_keeps_what_is_written_is_given_up() {
    let ignore = |seen: &Seen| -> Option<Response> {
        let listing = seen.is("PUT", "/manifests/sha256-");
        listing
            .then(|| answer(201, &[], ""))
            .or_else(|| seen.path.contains("/referrers/").then(|| answer(404, &[], "")))
    };
    let registry = Registry::with(ignore, |_, response| drop(response.headers_mut().remove("oci-subject"))).await;
    let subject = image(&registry);
    let bytes = referrer(&subject, "one");
    let digest = Named::Digest(blob::Digest::of(&bytes));
    let error = registry.remote("a").push_manifest(&bytes, MEDIA_TYPE_MANIFEST, &digest).await.unwrap_err().to_string();
    assert!(error.contains("others changed tag `sha256-") && error.contains("run it again"), "{error}");
}

#[tokio::test]
async fn a_page_for_people_is_no_list() {
    let registry = Registry::before(|seen| {
        seen.path.contains("/referrers/").then(|| answer(200, &[("content-type", "text/html")], "<html>"))
    })
    .await;
    let subject = image(&registry);
    assert_eq!(registry.remote("a").referrers(&subject.digest).await.unwrap(), []);
    let broken = Registry::before(|seen| {
        seen.path.contains("/referrers/").then(|| answer(200, &[("content-type", MEDIA_TYPE_INDEX)], "{"))
    })
    .await;
    let error = broken.remote("a").referrers(&subject.digest).await.unwrap_err().to_string();
    assert!(error.contains("cannot be read: expected an image index"), "{error}");
}
