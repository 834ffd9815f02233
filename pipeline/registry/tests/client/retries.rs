//! Registries that fail for a while, and such that fail for good.

use std::time::{Duration, Instant};

use jiff::fmt::rfc2822;
use jiff::{Timestamp, ToSpan};
use oci::Repository;
use registry::{Client, ClientSettings, Patience};

use crate::fixture::{Registry, answer, hang_up, settings};

#[tokio::test]
async fn what_passes_is_waited_for() {
    for status in [408, 429, 500, 502, 503, 504] {
        let registry = Registry::before(move |seen| (seen.nth < 2).then(|| answer(status, &[], ""))).await;
        registry.remote("a").tags().await.unwrap();
        assert_eq!(registry.count("GET", ""), 3, "{status}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told_at_once() {
    for status in [400, 403, 405, 409, 413, 451, 501] {
        let registry = Registry::before(move |_| Some(answer(status, &[("retry-after", "1")], ""))).await;
        let error = registry.remote("a").tags().await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(registry.count("GET", ""), 1, "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_given_up_at_last() {
    let registry = Registry::before(|seen| if seen.nth < 2 { hang_up() } else { None }).await;
    registry.remote("a").tags().await.unwrap();
    let dead = Registry::before(|_| hang_up()).await;
    let error = dead.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("/v2/a/tags/list?…` failed: ") && error.contains("(tried 5 times)"), "{error}");
    assert_eq!(dead.count("GET", ""), 5);
}

#[tokio::test]
async fn nobody_at_the_address_is_told_with_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(settings(folder.path())).unwrap();
    let error = client.repository("127.0.0.1:1", "a".parse::<Repository>().unwrap()).tags().await.unwrap_err();
    let error = error.to_string();
    assert!(
        error.starts_with("cannot list the tags of `127.0.0.1:1/a`: the connection to `https://127.0.0.1:1/`"),
        "{error}"
    );
    assert!(error.contains("Connection refused") && error.contains("(tried 5 times)"), "{error}");
    let error = client.repository("a b", "a".parse().unwrap()).tags().await.unwrap_err().to_string();
    assert!(error.contains("`a b` is no registry: expected a host name"), "{error}");
}

/// In between one and two seconds, as HTTP writes it.
fn soon() -> String {
    let date = Timestamp::now().checked_add(2.seconds()).unwrap();
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap()
}

#[tokio::test]
async fn the_registry_says_how_long_to_wait_in_seconds_or_by_a_date() {
    for asked in [|| "1".to_owned(), soon] {
        let registry =
            Registry::before(move |seen| (seen.nth == 0).then(|| answer(429, &[("retry-after", &asked())], ""))).await;
        let begun = Instant::now();
        registry.remote("a").tags().await.unwrap();
        assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_an_hour_gets_what_we_have() {
    let registry = Registry::before(|seen| (seen.nth == 0).then(|| answer(503, &[("retry-after", "3600")], ""))).await;
    let patience = Patience { longest_asked: Duration::from_millis(200), ..crate::fixture::impatient() };
    let begun = Instant::now();
    let settings = ClientSettings { patience, ..settings(registry.folder.path()) };
    registry.remote_with(settings, "a").tags().await.unwrap();
    assert!((200..1500).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_registry_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let patience = Patience { stall: Duration::from_millis(200), ..crate::fixture::impatient() };
    let settings = ClientSettings { patience, attempts: 2, ..settings(folder.path()) };
    let error = Client::new(settings).unwrap().repository(&host, "a".parse().unwrap()).tags().await.unwrap_err();
    assert!(error.to_string().contains("stood still for 0.2 seconds"), "{error}");
    held.abort();
}
