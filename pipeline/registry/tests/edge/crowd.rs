//! Many connections, and requests that are too large.

use std::time::Duration;

use registry::{LimitSettings, ListenSettings};
use tokio::time::{sleep, timeout};

use crate::fixture::{Edge, folder, refusal, text, until, uploads};
use crate::raw::Raw;

const IDLE: usize = 2000;

fn limits(limits: LimitSettings) -> ListenSettings {
    ListenSettings { limits, ..ListenSettings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_idle_connections_leave_room_for_requests() {
    let edge = Edge::listen(folder(), &ListenSettings::default()).await;
    let mut crowd = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        let mut raw = Raw::connect(edge.address).await;
        if number % 2 == 0 {
            raw.ask().await;
        }
        crowd.push(raw);
    }
    assert_eq!(edge.ask("GET", &text("app"), &[]).await.status(), 200);
    assert!(crowd[0].ask().await.starts_with("HTTP/1.1 200 OK"), "none was dropped for the others");
    assert!(crowd[1].ask().await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_ends() {
    let edge = Edge::listen(folder(), &limits(LimitSettings { connections: 2, ..LimitSettings::default() })).await;
    let mut first = Raw::connect(edge.address).await;
    let mut second = Raw::connect(edge.address).await;
    first.ask().await;
    second.ask().await;
    let mut third = Raw::connect(edge.address).await;
    assert!(timeout(Duration::from_millis(300), third.ask()).await.is_err(), "there was no room");
    drop(first);
    let mut fourth = Raw::connect(edge.address).await;
    drop(third);
    assert!(fourth.ask().await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_head_too_large_or_of_too_many_headers_is_refused() {
    let small = LimitSettings { header_bytes: 1000, headers: 10, ..LimitSettings::default() };
    for settings in [limits(small), ListenSettings::default()] {
        let edge = Edge::listen(folder(), &settings).await;
        let (bytes, count) = (settings.limits.header_bytes as usize, settings.limits.headers as usize);
        for (headers, expected) in [
            (format!("X: {}\r\n", "x".repeat(bytes)), "HTTP/1.1 431 "),
            ("X: y\r\n".repeat(count), "HTTP/1.1 431 "),
            (format!("X: {}\r\n", "x".repeat(bytes / 2)), "HTTP/1.1 200 "),
            ("X: y\r\n".repeat(count / 2), "HTTP/1.1 200 "),
        ] {
            let mut raw = Raw::connect(edge.address).await;
            raw.send(&format!("GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")).await;
            let (answer, _) = raw.rest().await;
            assert!(answer.starts_with(expected), "{} headers: {answer}", headers.len());
        }
    }
}

#[tokio::test]
async fn an_upload_too_many_is_told_to_come_again() {
    let edge = Edge::listen(folder(), &limits(LimitSettings { uploads: 1, ..LimitSettings::default() })).await;
    let digest = blob::Digest::of("hello");
    let path = format!("{}?digest={digest}", uploads("app"));
    let mut first = Raw::connect(edge.address).await;
    first.send(&format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")).await;
    sleep(Duration::from_millis(300)).await;
    let ask =
        || async { edge.client.post(format!("http://{}{path}", edge.address)).body("hello").send().await.unwrap() };
    until("the first upload runs", async || {
        let response = ask().await;
        response.status() == 429
            && response.headers().contains_key("retry-after")
            && refusal(response).await.1 == "TOOMANYREQUESTS"
    })
    .await;
    first.send("llo").await;
    until("there is room again", async || ask().await.status() == 201).await;
}
