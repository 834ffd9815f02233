//! Ten thousand connections at once: all are answered, and the memory stays bounded.

use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::images::Image;
use crate::process::Process;

const CONNECTIONS: usize = 10_000;
/// What a connection that waits may cost, in kilobytes.
const MOST_MEMORY: u64 = 40;

/// Lets this process, and those that it starts, have many files open.
fn raise_limit() {
    let limit = format!("--nofile={}:", CONNECTIONS + 2000);
    let status = Command::new("prlimit").arg("--pid").arg(std::process::id().to_string()).arg(limit).status();
    assert!(status.unwrap().success(), "no {CONNECTIONS} files may be open at once");
}

/// Asks over a connection that stays open.
async fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    timeout(Duration::from_secs(30), stream.read_exact(&mut answer)).await.expect("an answer in time").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "opens ten thousand connections: .ci/run has room for them"]
async fn ten_thousand_connections_are_answered_and_others_go_on() {
    raise_limit();
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(&folder.path().join("registry"), &[]);
    let image = Image::new(100_000);
    image.push(&process.client, "team/image", "1").await;
    let before = process.memory("VmRSS");
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(process.client.address()).await.unwrap();
        ask(&mut stream).await;
        streams.push(stream);
    }
    let each = (process.memory("VmRSS") - before) / CONNECTIONS as u64;
    assert!(each < MOST_MEMORY, "{each} kB for each connection");
    image.is_pulled(&process.client, "team/image", "1").await;
    drop(streams);
    image.is_pulled(&process.client, "team/image", "1").await;
}
