//! The end: what runs may finish, nothing begins, and nobody holds it up for ever.

use std::time::{Duration, Instant};

use registry::{ListenSettings, TimeoutSettings};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::{Edge, folder, uploads};
use crate::raw::Raw;

fn shutdown(time: Duration) -> ListenSettings {
    let timeouts = TimeoutSettings { shutdown: time, ..TimeoutSettings::default() };
    ListenSettings { timeouts, ..ListenSettings::default() }
}

/// An upload of which half has come.
async fn half(edge: &Edge) -> Raw {
    let mut raw = Raw::connect(edge.address).await;
    let path = format!("{}?digest={}", uploads("app"), blob::Digest::of("hello"));
    raw.send(&format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    raw
}

#[tokio::test]
async fn a_running_request_ends_well_and_idle_connections_at_once() {
    let edge = Edge::listen(folder(), &shutdown(Duration::from_secs(20))).await;
    let mut idle = [Raw::connect(edge.address).await, Raw::connect(edge.address).await];
    idle[1].ask().await;
    let mut running = half(&edge).await;
    edge.stop.send(()).unwrap();
    for raw in &mut idle {
        assert!(raw.rest().await.1 < Duration::from_secs(5));
    }
    assert!(TcpStream::connect(edge.address).await.is_err(), "it still listens");
    assert!(!edge.server.is_finished());
    running.send("llo").await;
    let (answer, _) = running.rest().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    timeout(Duration::from_secs(5), edge.server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut() {
    let edge = Edge::listen(folder(), &shutdown(Duration::from_millis(300))).await;
    let mut running = half(&edge).await;
    let begun = Instant::now();
    edge.stop.send(()).unwrap();
    timeout(Duration::from_secs(10), edge.server).await.unwrap().unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(!running.rest().await.0.contains("201"));
}
