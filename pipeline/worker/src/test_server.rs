//! A tiny HTTP server for this room's tests, that can also break off in the middle of an answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::RetryPolicy;

/// What the server sends.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Status(u16),
    Bytes(&'static [u8]),
    Owned(Vec<u8>),
    /// A status, headers and a body.
    With(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body without an end.
    Endless,
    /// Never an answer.
    Silent,
    /// Announces one byte more than it sends.
    Truncated(&'static [u8]),
}

pub(crate) struct TestServer {
    base: Url,
    requests: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    /// Answers by path (without the leading slash) and by how often that path was asked for before.
    pub(crate) async fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen_heads = Arc::clone(&heads);
        tokio::spawn(async move {
            loop {
                let mut stream = listener.accept().await.unwrap().0;
                let (path, head) = read_request(&mut stream).await;
                seen_heads.lock().unwrap().push(head);
                let nth = seen.lock().unwrap().iter().filter(|before| **before == path).count();
                let reply = answer(&path, nth);
                seen.lock().unwrap().push(path);
                tokio::spawn(async move { send(&mut stream, reply).await });
            }
        });
        Self { base, requests, heads }
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    /// The paths asked for so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl TestServer {
    /// The headers of the requests so far, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Three attempts, nearly no waiting.
pub(crate) fn impatient() -> RetryPolicy {
    let soon = Duration::from_millis(2);
    RetryPolicy { attempts: 3, first_delay: soon, longest_delay: soon, longest_asked: soon }
}

async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await.unwrap().unwrap_or_default();
    let mut head = String::new();
    while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
        head += &(line.to_lowercase() + "\n");
    }
    (first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned(), head)
}

async fn send(stream: &mut TcpStream, answer: Answer) {
    let mut more = String::new();
    let (status, length, body) = match answer {
        Answer::With(status, headers, body) => {
            more = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            (status, body.len(), body)
        }
        Answer::Silent => return std::future::pending().await,
        Answer::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n").await;
            while stream.write_all(&[b'a'; 4096]).await.is_ok() {}
            return;
        }
        Answer::Status(status) => (status, 0, Vec::new()),
        Answer::Bytes(bytes) => (200, bytes.len(), bytes.to_vec()),
        Answer::Owned(bytes) => (200, bytes.len(), bytes),
        Answer::Truncated(bytes) => (200, bytes.len() + 1, bytes.to_vec()),
    };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{more}connection: close\r\n\r\n");
    // The client may have gone away: that is its business.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

/// The smallest package index that has more than one package.
pub(crate) const PACKAGES: &str = "\
Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\nFilename: pool/main/g/glibc/libc6_2.41-12_amd64.deb\nSize: 4\n\
SHA256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n\n\
Package: zlib1g\nVersion: 1:1.3.1-1\nArchitecture: amd64\nFilename: pool/main/z/zlib/zlib1g_1.3.1-1_amd64.deb\nSize: 4\n\
SHA256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
