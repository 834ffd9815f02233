//! Blobs on their way to a registry that does not make it easy.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use registry::{BlobSource, ClientSettings, Pushed};

use crate::fixture::{Registry, answer, blob, name, quiet, settings};
use crate::guard::Guard;
use crate::sink::{Fault, Sink};

const CHUNK: usize = 100_000;

#[tokio::test]
async fn a_small_blob_goes_in_one_request_and_only_once() {
    let registry = Registry::start().await;
    let (layer, bytes) = blob(1000);
    let remote = registry.remote("team/app");
    let source = BlobSource::Bytes(bytes.into());
    assert_eq!(remote.push_blob(&layer, &source, &[], &quiet).await.unwrap(), Pushed::Sent(1000));
    assert_eq!(remote.push_blob(&layer, &source, &[], &quiet).await.unwrap(), Pushed::Present);
    assert_eq!(remote.blob_size(&layer.digest).await.unwrap(), Some(1000));
    assert_eq!((registry.count("POST", ""), registry.count("PUT", ""), registry.count("PATCH", "")), (1, 1, 0));
}

#[tokio::test]
async fn an_empty_blob_and_a_file_go_too() {
    let registry = Registry::start().await;
    let remote = registry.remote("team/app");
    for length in [0, 300_000] {
        let (layer, bytes) = blob(length);
        let path = registry.folder.path().join("layer");
        std::fs::write(&path, &bytes).unwrap();
        let pushed = remote.push_blob(&layer, &BlobSource::File(path), &[], &quiet).await.unwrap();
        assert_eq!(pushed, Pushed::Sent(length as u64));
        let stored = std::fs::read(registry.store.blob_path(&name("team/app"), &layer.digest)).unwrap();
        assert_eq!(stored, bytes);
    }
}

#[tokio::test]
async fn a_large_blob_goes_in_chunks_and_tells_how_far_it_is() {
    let registry = Registry::start().await;
    let (layer, bytes) = blob(CHUNK * 3 + 1);
    let settings = ClientSettings { chunk: CHUNK as u64, ..settings(registry.folder.path()) };
    let told = Mutex::new(Vec::new());
    let remote = registry.remote_with(settings, "team/app");
    let source = BlobSource::Bytes(bytes.into());
    remote.push_blob(&layer, &source, &[], &|at| told.lock().unwrap().push(at)).await.unwrap();
    let seen = registry.seen();
    let ranges: Vec<_> = seen.iter().filter_map(|seen| seen.header("content-range")).collect();
    assert_eq!(ranges, ["0-99999", "100000-199999", "200000-299999", "300000-300000"]);
    let told = told.lock().unwrap();
    assert!(told.is_sorted() && told.last() == Some(&layer.size), "{told:?}");
}

#[tokio::test]
async fn what_the_registry_has_when_the_connection_breaks_is_not_sent_again() {
    let sink = Sink::start(|method, nth| match (method, nth) {
        ("PATCH", 1) => Fault::Cut(30_000),
        _ => Fault::None,
    })
    .await;
    let (layer, bytes) = blob(CHUNK * 4);
    let source = BlobSource::Bytes(bytes.clone().into());
    sink.remote(CHUNK as u64).push_blob(&layer, &source, &[], &quiet).await.unwrap();
    assert_eq!(sink.blob(&layer.digest), Some(bytes));
    let expected = [(0, CHUNK), (CHUNK, 30_000), (130_000, CHUNK), (230_000, CHUNK), (330_000, 70_000)];
    assert_eq!(sink.chunks(), expected, "no byte twice, none left out");
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_one_question_and_no_chunk() {
    for method in ["PATCH", "PUT"] {
        let sink =
            Sink::start(move |asked, nth| if asked == method && nth == 0 { Fault::Mute } else { Fault::None }).await;
        let (layer, bytes) = blob(CHUNK * 2 + 5);
        let source = BlobSource::Bytes(bytes.clone().into());
        sink.remote(CHUNK as u64).push_blob(&layer, &source, &[], &quiet).await.unwrap();
        assert_eq!(sink.blob(&layer.digest), Some(bytes));
        assert_eq!(sink.chunks(), [(0, CHUNK), (CHUNK, CHUNK), (2 * CHUNK, 5)], "{method}: {:?}", sink.log());
    }
}

#[tokio::test]
async fn a_passing_trouble_in_each_step_is_got_over() {
    for method in ["HEAD", "POST", "PATCH", "GET", "PUT"] {
        let sink = Sink::start(move |asked, nth| match (asked, nth) {
            (asked, 0) if asked == method => Fault::Answer(503, vec![("retry-after", "0".to_owned())]),
            // Without trouble nobody asks how far it is.
            ("PATCH", 0) if method == "GET" => Fault::Cut(7),
            _ => Fault::None,
        })
        .await;
        let (layer, bytes) = blob(CHUNK + 1);
        let source = BlobSource::Bytes(bytes.clone().into());
        sink.remote(CHUNK as u64).push_blob(&layer, &source, &[], &quiet).await.unwrap();
        assert_eq!(sink.blob(&layer.digest), Some(bytes), "{method}: {:?}", sink.log());
    }
}

#[tokio::test]
async fn out_of_step_with_the_registry_the_registry_is_asked() {
    let sink = Sink::start(|method, nth| match (method, nth) {
        ("PATCH", 1) => Fault::Answer(416, vec![]),
        _ => Fault::None,
    })
    .await;
    let (layer, bytes) = blob(CHUNK * 2);
    let source = BlobSource::Bytes(bytes.clone().into());
    sink.remote(CHUNK as u64).push_blob(&layer, &source, &[], &quiet).await.unwrap();
    assert_eq!(sink.blob(&layer.digest), Some(bytes));
    let log = sink.log();
    let again = ["PATCH 100000-199999", "GET", "POST"];
    assert!(log.windows(3).any(|three| three == again), "it insists, so another session begins: {log:?}");
}

#[tokio::test]
async fn a_session_that_is_gone_is_replaced_by_another() {
    for (method, chunk) in [("PATCH", CHUNK), ("PUT", 10 * CHUNK)] {
        let sink = Sink::start(move |asked, nth| match (asked, nth) {
            (asked, 0) if asked == method => Fault::Answer(404, vec![]),
            ("GET", 0) => Fault::Answer(404, vec![]),
            _ => Fault::None,
        })
        .await;
        let (layer, bytes) = blob(CHUNK * 2);
        let source = BlobSource::Bytes(bytes.clone().into());
        sink.remote(chunk as u64).push_blob(&layer, &source, &[], &quiet).await.unwrap();
        assert_eq!(sink.blob(&layer.digest), Some(bytes));
        assert_eq!(sink.log().iter().filter(|line| *line == "POST").count(), 2);
    }
}

#[tokio::test]
async fn a_registry_that_takes_no_chunks_gets_all_in_one_and_is_not_tried_again() {
    let sink = Sink::start(|method, _| if method == "PATCH" { Fault::Answer(405, vec![]) } else { Fault::None }).await;
    let remote = sink.remote(CHUNK as u64);
    for length in [CHUNK * 3, CHUNK * 4] {
        let (layer, bytes) = blob(length);
        remote.push_blob(&layer, &BlobSource::Bytes(bytes.clone().into()), &[], &quiet).await.unwrap();
        assert_eq!(sink.blob(&layer.digest), Some(bytes));
    }
    assert_eq!(sink.log().iter().filter(|line| line.starts_with("PATCH")).count(), 1);
}

#[tokio::test]
async fn chunks_are_as_long_as_the_registry_wants_them() {
    let least = vec![("oci-chunk-min-length", (CHUNK * 2).to_string())];
    let sink = Sink::with_headers(least, |_, _| Fault::None).await;
    let (layer, bytes) = blob(CHUNK * 5);
    sink.remote(CHUNK as u64).push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await.unwrap();
    assert_eq!(sink.chunks(), [(0, 2 * CHUNK), (2 * CHUNK, 2 * CHUNK), (4 * CHUNK, CHUNK)]);
}

#[tokio::test]
async fn a_registry_that_forgets_for_ever_is_given_up() {
    let sink = Sink::start(|method, nth| match (method, nth % 2) {
        ("PATCH", 1) => Fault::Answer(500, vec![]),
        ("GET", _) => Fault::Answer(404, vec![]),
        _ => Fault::None,
    })
    .await;
    let (layer, bytes) = blob(CHUNK * 2);
    let pushed = sink.remote(CHUNK as u64).push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await;
    let error = pushed.unwrap_err().to_string();
    assert!(error.contains(&format!("cannot send the blob `{}` to `127.0.0.1:", layer.digest)), "{error}");
    assert!(error.contains("was answered by 500") && error.contains("(tried 5 times)"), "{error}");
    assert_eq!(sink.log().last().map(String::as_str), Some("DELETE"), "the session is given back");
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_an_upload_is_replaced_and_the_chunk_sent_again() {
    let guard = Arc::new(Guard::new(None));
    let gate = Arc::clone(&guard);
    let registry = Registry::before(move |seen| {
        if seen.is("PATCH", "") && seen.nth == 2 {
            gate.revoke();
        }
        gate.check(seen)
    })
    .await;
    *guard.realm.lock().unwrap() = format!("http://{}/token", registry.host);
    let (layer, bytes) = blob(CHUNK * 4);
    let settings = ClientSettings { chunk: CHUNK as u64, ..settings(registry.folder.path()) };
    let remote = registry.remote_with(settings, "team/app");
    remote.push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await.unwrap();
    assert_eq!(registry.count("PATCH", ""), 5);
    assert_eq!(guard.scopes(), ["repository:team/app:pull,push"; 2]);
}

#[tokio::test]
async fn a_neighbour_that_has_the_blob_saves_sending_it_also_when_nobody_named_it() {
    let registry = Registry::start().await;
    let (layer, bytes) = blob(1000);
    let client = registry::Client::new(settings(registry.folder.path())).unwrap();
    let source = BlobSource::Bytes(bytes.into());
    for (repository, expected) in [("a", Pushed::Sent(1000)), ("b", Pushed::Mounted), ("b", Pushed::Present)] {
        let remote = client.repository(&registry.host, name(repository));
        assert_eq!(remote.push_blob(&layer, &source, &[], &quiet).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_registry_that_does_not_mount_gets_the_bytes_in_the_session_that_it_opened() {
    let sink = Sink::start(|_, _| Fault::None).await;
    let (layer, bytes) = blob(1000);
    let source = BlobSource::Bytes(bytes.into());
    let pushed = sink.remote(5000).push_blob(&layer, &source, &[name("other")], &quiet).await.unwrap();
    assert_eq!(pushed, Pushed::Sent(1000));
    assert_eq!(sink.log(), ["HEAD", "POST", "PUT"]);
}

#[tokio::test]
async fn a_registry_that_refuses_to_mount_is_asked_for_a_plain_session() {
    let registry = Registry::before(|seen| {
        let refused = seen.query.contains("mount=").then(|| answer(403, &[], r#"{"errors":[{"code":"DENIED"}]}"#));
        refused.filter(|_| seen.method == "POST")
    })
    .await;
    let (layer, bytes) = blob(1000);
    let remote = registry.remote("team/app");
    let pushed = remote.push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[name("other")], &quiet).await.unwrap();
    assert_eq!(pushed, Pushed::Sent(1000));
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_said_to_be_is_named() {
    let registry = Registry::start().await;
    let (layer, mut bytes) = blob(1000);
    bytes[500] ^= 1;
    let path = registry.folder.path().join("layer");
    std::fs::write(&path, &bytes).unwrap();
    let remote = registry.remote("team/app");
    let error = remote.push_blob(&layer, &BlobSource::File(path.clone()), &[], &quiet).await.unwrap_err().to_string();
    assert!(error.contains("DIGEST_INVALID") && error.contains("layer` may be damaged, or have changed"), "{error}");
    std::fs::write(&path, "short").unwrap();
    let error = remote.push_blob(&layer, &BlobSource::File(path.clone()), &[], &quiet).await.unwrap_err().to_string();
    assert!(error.contains("expected 1000 bytes, got 5; make or fetch the blob again"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = remote.push_blob(&layer, &BlobSource::File(path), &[], &quiet).await.unwrap_err().to_string();
    assert!(error.contains("layer` cannot be read: No such file"), "{error}");
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_is_not_the_registrys_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer");
    let (layer, bytes) = blob(CHUNK * 2);
    std::fs::write(&path, &bytes).unwrap();
    let shrunk = Arc::new(AtomicBool::new(false));
    let (flag, victim) = (Arc::clone(&shrunk), path.clone());
    let sink = Sink::start(move |method, nth| {
        if method == "PATCH" && nth == 0 && !flag.swap(true, Ordering::SeqCst) {
            std::fs::write(&victim, "short").unwrap();
        }
        Fault::None
    })
    .await;
    let error = sink.remote(CHUNK as u64).push_blob(&layer, &BlobSource::File(path), &[], &quiet).await.unwrap_err();
    assert!(error.to_string().contains("layer` cannot be read: it became shorter while it was read"), "{error}");
    assert!(shrunk.load(Ordering::SeqCst));
}
