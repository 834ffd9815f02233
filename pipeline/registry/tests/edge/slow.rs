//! Clients that send or take slowly, or nothing at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use registry::{ListenSettings, TimeoutSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout};

use crate::fixture::{Edge, LARGE, folder, until, uploads};
use crate::raw::Raw;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(30);

fn timeouts(header: Duration, idle: Duration) -> ListenSettings {
    let timeouts = TimeoutSettings { header, idle, ..TimeoutSettings::default() };
    ListenSettings { timeouts, ..ListenSettings::default() }
}

/// What an endless answer is made of.
const PIECE: usize = 256 * 1024;

/// Whether this is the time after which something should have happened, give or take a busy machine.
fn is_about(time: Duration, expected: Duration) -> bool {
    (expected.mul_f32(0.8)..expected + Duration::from_secs(4)).contains(&time)
}

#[tokio::test]
async fn a_head_that_drips_is_cut_in_time() {
    let edge = Edge::listen(folder(), &timeouts(SHORT, LONG)).await;
    let mut raw = Raw::connect(edge.address).await;
    let begun = Instant::now();
    raw.send("GET /v2/ HTTP/1.1\r\nHost: a\r\n").await;
    let (mut reading, mut writing) = raw.0.split();
    let drip = async {
        while writing.write_all(b"X: y\r\n").await.is_ok() {
            sleep(SHORT / 10).await;
        }
    };
    let mut byte = [0];
    tokio::select! {
        () = drip => {}
        read = reading.read(&mut byte) => assert!(matches!(read, Ok(0) | Err(_)), "an answer to half a head"),
        () = sleep(LONG / 2) => panic!("it was let drip"),
    }
    assert!(is_about(begun.elapsed(), SHORT), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_client_that_sends_nothing_is_cut_in_time_before_and_between_requests() {
    let edge = Edge::listen(folder(), &timeouts(LONG, SHORT)).await;
    let mut raw = Raw::connect(edge.address).await;
    let (answer, time) = raw.rest().await;
    assert!(answer.is_empty() && is_about(time, SHORT), "{answer} {time:?}");
    let mut raw = Raw::connect(edge.address).await;
    raw.ask().await;
    let (answer, time) = raw.rest().await;
    assert!(answer.is_empty() && is_about(time, SHORT), "{answer} {time:?}");
}

#[tokio::test]
async fn a_connection_may_rest_longer_between_requests_than_a_head_may_take() {
    let edge = Edge::listen(folder(), &timeouts(SHORT, LONG)).await;
    let mut raw = Raw::connect(edge.address).await;
    sleep(2 * SHORT).await;
    for _ in 0..2 {
        raw.ask().await;
        sleep(2 * SHORT).await;
    }
    assert!(raw.ask().await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_body_that_stops_is_refused_and_one_that_crawls_is_not() {
    let edge = Edge::listen(folder(), &timeouts(LONG, 2 * SHORT)).await;
    let head = format!(
        "POST {}?digest={} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        uploads("app"),
        blob::Digest::of("crawl")
    );
    let mut raw = Raw::connect(edge.address).await;
    raw.send(&head).await;
    for piece in ["c", "r", "a", "w", "l"] {
        sleep(SHORT / 2).await;
        raw.send(piece).await;
    }
    let mut status = [0; 12];
    timeout(LONG, raw.0.read_exact(&mut status)).await.unwrap().unwrap();
    assert_eq!(&status, b"HTTP/1.1 201");
    let mut raw = Raw::connect(edge.address).await;
    raw.send(&head).await;
    raw.send("cr").await;
    let (answer, time) = raw.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && is_about(time, 2 * SHORT), "{answer} {time:?}");
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_and_who_takes_slowly_is_not() {
    let edge = Edge::listen(folder(), &timeouts(LONG, 2 * SHORT)).await;
    let request = format!("GET {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", edge.put_large());
    let mut slow = Raw::connect(edge.address).await;
    slow.send(&request).await;
    let mut stuck = Raw::connect(edge.address).await;
    stuck.send(&request).await;
    let mut answer = Vec::new();
    for _ in 0..12 {
        sleep(SHORT / 3).await;
        (&mut slow.0).take(256 * 1024).read_to_end(&mut answer).await.unwrap();
    }
    timeout(LONG, slow.0.read_to_end(&mut answer)).await.unwrap().unwrap();
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer.len() - head, LARGE);
    assert!(stuck.rest().await.0.len() < LARGE, "it was cut long ago");
    until("the server goes on", async || edge.ask("GET", "/v2/", &[]).await.status() == 200).await;
}

/// A route that counts what is made of an endless answer.
fn endless(made: &Arc<AtomicUsize>) -> Router {
    let made = Arc::clone(made);
    let answer = move || {
        let made = Arc::clone(&made);
        let piece = move |()| {
            made.fetch_add(PIECE, Ordering::Relaxed);
            std::future::ready(Some((Ok::<_, std::io::Error>(vec![0_u8; PIECE]), ())))
        };
        std::future::ready(Body::from_stream(futures_util::stream::unfold((), piece)))
    };
    Router::new().route("/", get(answer))
}

#[tokio::test]
async fn little_is_made_of_an_answer_that_nobody_takes() {
    let made = Arc::new(AtomicUsize::new(0));
    let listener = registry::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let listen = registry::Listen::new(&ListenSettings::default()).unwrap();
    tokio::spawn(registry::serve(listener, endless(&made), listen, std::future::pending()));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut raw = Raw(socket.connect(address).await.unwrap());
    raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(2 * SHORT).await;
    let (before, mut taken) = (made.load(Ordering::Relaxed), vec![0; 4 * PIECE]);
    assert!((PIECE..8 * PIECE).contains(&before), "{before}");
    raw.0.read_exact(&mut taken).await.unwrap();
    sleep(SHORT).await;
    let after = made.load(Ordering::Relaxed);
    assert!(after > before && after < before + 8 * PIECE, "it goes on as far as it was taken: {before} {after}");
}
