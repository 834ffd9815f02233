//! Clients that are too slow, on purpose or not: they are cut, and nobody else notices.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use registry::{Blobs, ListenSettings, TimeoutSettings};
use tests::{Content, Hash, RegistryUnderTest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(400);
/// A connection must have ended by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// A registry that is impatient.
async fn start(folder: &Path) -> RegistryUnderTest {
    let timeouts = TimeoutSettings { header: SHORT, idle: SHORT, ..TimeoutSettings::default() };
    let settings = ListenSettings { timeouts, ..ListenSettings::default() };
    RegistryUnderTest::start_with(&folder.join("registry"), Blobs::Required, settings).await
}

/// Sends a text byte by byte, with a pause after each, until the other side has had enough: how long that took.
async fn drip(address: String, text: String, pause: Duration) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let dripping = async {
        for byte in text.bytes().cycle() {
            let mut answer = [0; 1024];
            let sent = stream.write_all(&[byte]).await;
            if sent.is_err()
                || timeout(pause, stream.read(&mut answer)).await.is_ok_and(|read| !matches!(read, Ok(1..)))
            {
                return;
            }
        }
    };
    timeout(PATIENCE, dripping).await.expect("the connection is cut");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_drip_are_cut_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let registry = start(folder.path()).await;
    let text = "GET /v2/ HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy".to_owned();
    let slow: Vec<_> =
        (0..200).map(|_| tokio::spawn(drip(registry.address(), text.clone(), Duration::from_millis(50)))).collect();
    for _ in 0..20 {
        let begun = Instant::now();
        registry.get("/v2/").await.is(200);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    for lasted in join_all(slow).await {
        assert!(lasted.unwrap() < 5 * SHORT);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stops_is_cut_and_the_upload_goes_on_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let registry = start(folder.path()).await;
    let blob = Content::noise(1000, Hash::Sha256);
    let path = registry.begin("team/image").await;
    let mut stream = TcpStream::connect(registry.address()).await.unwrap();
    let head = format!("PATCH {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&blob.bytes[..400]).await.unwrap();
    timeout(PATIENCE, crate::raw::read(&mut stream)).await.expect("the connection is cut");
    let range = registry.get(&path).await.is(204).header("range").to_owned();
    let start = if range == "0-0" { 0 } else { 400 };
    let rest = blob.bytes[start..].to_vec();
    registry.ask("PUT", &tests::closing_path(&path, &blob.digest), &[], rest).await.is(201);
    registry.has_blob("team/image", &blob).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_reads_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let registry = start(folder.path()).await;
    let blob = Content::noise(20_000_000, Hash::Sha256);
    registry.push_blob("team/image", &blob).await;
    let mut stream = TcpStream::connect(registry.address()).await.unwrap();
    let request = format!("GET /v2/team/image/blobs/{} HTTP/1.1\r\nHost: a\r\n\r\n", blob.digest);
    stream.write_all(request.as_bytes()).await.unwrap();
    sleep(4 * SHORT).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection is cut");
    assert!(answer.len() < blob.bytes.len(), "it waited for a client that took nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_that_goes_on_gets_everything() {
    let folder = tempfile::tempdir().unwrap();
    let registry = start(folder.path()).await;
    let blob = Content::noise(20_000_000, Hash::Sha256);
    registry.push_blob("team/image", &blob).await;
    let mut stream = TcpStream::connect(registry.address()).await.unwrap();
    let path = format!("/v2/team/image/blobs/{}", blob.digest);
    stream.write_all(crate::raw::request("GET", &path, "").as_bytes()).await.unwrap();
    let (mut answer, mut piece) = (Vec::new(), vec![0; 1_000_000]);
    for turn in 0.. {
        match stream.read(&mut piece).await.unwrap() {
            0 => break,
            count => answer.extend_from_slice(&piece[..count]),
        }
        if turn < 10 {
            sleep(SHORT / 4).await;
        }
    }
    assert!(answer.ends_with(&blob.bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_ask_nothing_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let registry = start(folder.path()).await;
    for first in ["", "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(registry.address()).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let answer = crate::raw::read(&mut stream).await;
        assert!(begun.elapsed() < PATIENCE && answer.is_empty() == first.is_empty(), "{answer}");
    }
}
