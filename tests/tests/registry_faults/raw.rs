//! HTTP as no client would speak it: bytes on a socket.
//!
//! In: the text of a request, whole, broken or endless. Out: what came back before the connection ended.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No exchange may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends bytes as they are, and reads until the connection ends; a reset ends it too.
pub(crate) async fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The answer may come, and the connection end, before all is sent.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads until the connection ends.
pub(crate) async fn read(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request without a body, or with a short one, after which the connection is closed.
pub(crate) fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The status of an answer; `None` where there was none.
pub(crate) fn status(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}
