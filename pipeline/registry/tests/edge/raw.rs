//! Connections byte by byte, as bad clients use them.
//!
//! In: an address. Out: a [`Raw`] connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing in these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes; whether the other side still takes them is not asked.
    pub(crate) async fn send(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// Asks for `/v2/` and waits for the answer, which leaves the connection open.
    pub(crate) async fn ask(&mut self) -> String {
        self.send("GET /v2/ HTTP/1.1\r\nHost: registry.example\r\n\r\n").await;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n{}") {
            answer.push(timeout(PATIENCE, self.0.read_u8()).await.expect("an answer").expect("an answer"));
        }
        String::from_utf8(answer).unwrap()
    }

    /// Reads until the server closes: what came, and how long that took.
    pub(crate) async fn rest(&mut self) -> (String, Duration) {
        let (begun, mut bytes) = (Instant::now(), Vec::new());
        // A connection that was cut while bytes were on the way ends by an error.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the server closes");
        (String::from_utf8_lossy(&bytes).into_owned(), begun.elapsed())
    }
}
