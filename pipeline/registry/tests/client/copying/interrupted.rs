//! A copy that ends anywhere, and is run again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use registry::{Client, Place};

use super::gallery::{Gallery, copy_all};
use crate::fixture::{Registry, Seen, answer, name, settings};

/// So many blobs are on their way when one is refused.
const AT_A_TIME: usize = 4;

fn is_write(seen: &Seen) -> bool {
    !matches!(seen.method.as_str(), "GET" | "HEAD")
}

/// A registry that refuses the write with this number, and, without a list of referrers, keeps none.
async fn refusing(number: usize, lists: bool) -> Registry {
    let writes = AtomicUsize::new(0);
    Registry::with(
        move |seen| {
            if !lists && seen.path.contains("/referrers/") {
                return Some(answer(404, &[], ""));
            }
            let refused = is_write(seen) && writes.fetch_add(1, Ordering::SeqCst) == number;
            refused.then(|| answer(400, &[], r#"{"errors":[{"code":"DENIED","message":"not now"}]}"#))
        },
        move |_, response| {
            if !lists {
                response.headers_mut().remove("oci-subject");
            }
        },
    )
    .await
}

/// The copy is stopped at every write that it makes, one after the other: there are at least so many, some of which it does without.
async fn stopped_everywhere(lists: bool, least: usize) {
    let from = Registry::start().await;
    let gallery = Gallery::put(&from.store, &name("a"));
    let source = Place::Store(Arc::clone(&from.store), name("a"));
    for number in 0.. {
        let to = refusing(number, lists).await;
        let remote = Client::new(settings(to.folder.path())).unwrap().repository(&to.host, name("b"));
        let target = Place::Remote(remote.clone());
        let (first, _) = copy_all(&source, &target).await;
        let stopped = first.is_err();
        if stopped {
            let there = to.store.tags(&name("b")).unwrap();
            let named: Vec<_> = there.iter().filter(|tag| !tag.as_str().starts_with("sha256-")).collect();
            let complete = to.store.tags(&name("b")).unwrap().len() >= 3;
            assert!(named.is_empty() || complete, "a tag came before all else was there: {there:?}");
            copy_all(&source, &target).await.0.unwrap();
        }
        gallery.assert_in(&remote).await;
        let seen = to.seen();
        let sent: Vec<_> = seen.iter().filter(|seen| seen.is("PUT", "/uploads/")).map(|seen| &seen.query).collect();
        let different: BTreeSet<_> = sent.iter().collect();
        assert!(sent.len() <= different.len() + AT_A_TIME, "at write {number} what was there was sent again");
        if !stopped && number >= least {
            return;
        }
    }
}

#[tokio::test]
async fn wherever_it_is_stopped_the_next_run_ends_the_same() {
    // Eleven blobs with a session each, eight manifests, four tags; sessions that were given back come on top.
    stopped_everywhere(true, 11 * 2 + 8 + 4).await;
}

#[tokio::test]
async fn also_where_referrers_are_listed_by_tags() {
    stopped_everywhere(false, 11 * 2 + 8 + 4 + 3).await;
}
