//! A server of vulnerability feeds, on a free port of this machine, in a thread of its own.
//!
//! It takes files by their paths, with or without `Last-Modified`, and serves them as real servers do: `ETag`, 304 where nothing changed, gzip
//! where it is asked for. It fails where it is told to, and stops when it is dropped.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use futures_util::stream;
use tokio::sync::oneshot;

/// What goes wrong with a file.
#[derive(Debug, Clone)]
pub enum FeedFault {
    /// A web page instead of the file.
    Html,
    /// Only so many bytes of it, without a sign that something is missing.
    Truncated(usize),
    /// Another body, such as one that shrank.
    Replaced(Vec<u8>),
    /// Another `Last-Modified`.
    Dated(&'static str),
    /// The answer comes after this time.
    Slow(Duration),
    /// A body without an end.
    Endless,
    /// Only this status.
    Status(u16),
    /// Another address.
    Redirect(String),
    /// Neither `Last-Modified` nor `ETag`, and never 304.
    Unconditional,
}

/// A running server.
#[derive(Debug)]
pub struct FakeFeeds {
    url: String,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    files: BTreeMap<String, (Bytes, Option<String>)>,
    faults: BTreeMap<String, FeedFault>,
    requests: Vec<(String, StatusCode)>,
}

impl FakeFeeds {
    /// Starts to serve, nothing at first.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || run(listener, router, stopped));
        Self { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// Serves a file from now on; `modified` as HTTP writes dates.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>, modified: Option<&str>) {
        let file = (Bytes::from(bytes.into()), modified.map(str::to_owned));
        self.shared().files.insert(path.to_owned(), file);
    }

    /// Lets a path fail from now on.
    pub fn fail(&self, path: &str, fault: FeedFault) {
        self.shared().faults.insert(path.to_owned(), fault);
    }

    /// Forgets all faults.
    pub fn heal(&self) {
        self.shared().faults.clear();
    }

    /// The statuses that a path was answered with, in order.
    pub fn statuses(&self, path: &str) -> Vec<u16> {
        let asked = self.shared().requests.clone();
        asked.iter().filter(|(asked, _)| asked == path).map(|(_, status)| status.as_u16()).collect()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

impl Drop for FakeFeeds {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(listener: std::net::TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket that does not block");
        tokio::select! {
            _ = axum::serve(listener, router) => {}
            _ = stopped => {}
        }
    });
}

async fn handle(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (file, fault) = {
        let shared = lock(&shared);
        (shared.files.get(&path).cloned(), shared.faults.get(&path).cloned())
    };
    if let Some(FeedFault::Slow(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let answer = answer(file, fault, request.headers());
    lock(&shared).requests.push((path, answer.status()));
    answer
}

fn answer(file: Option<(Bytes, Option<String>)>, fault: Option<FeedFault>, asked: &HeaderMap) -> Response {
    let Some((bytes, modified)) = file else { return StatusCode::NOT_FOUND.into_response() };
    match fault {
        None | Some(FeedFault::Slow(_)) => honest(&bytes, modified.as_deref(), asked),
        Some(FeedFault::Html) => "<!DOCTYPE html>\n<html><body>Sign in</body></html>".into_response(),
        Some(FeedFault::Truncated(length)) => bytes.slice(..length.min(bytes.len())).into_response(),
        Some(FeedFault::Replaced(other)) => honest(&other.into(), modified.as_deref(), asked),
        Some(FeedFault::Dated(date)) => honest(&bytes, Some(date), &HeaderMap::new()),
        Some(FeedFault::Endless) => Body::from_stream(zeros()).into_response(),
        Some(FeedFault::Status(code)) => StatusCode::from_u16(code).expect("a status").into_response(),
        Some(FeedFault::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(FeedFault::Unconditional) => bytes.into_response(),
    }
}

/// What a server answers that knows conditions and compression.
fn honest(bytes: &Bytes, modified: Option<&str>, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", Digest::of(bytes).short());
    let asks = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let same = match asks(header::IF_NONE_MATCH) {
        Some(known) => known == tag,
        None => modified.is_some() && asks(header::IF_MODIFIED_SINCE) == modified,
    };
    let gzip = asks(header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip"));
    let mut answer = match (same, gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (_, true) => ([(header::CONTENT_ENCODING, "gzip")], compressed(bytes)).into_response(),
        _ => bytes.clone().into_response(),
    };
    let headers = [(header::ETAG, Some(tag.as_str())), (header::LAST_MODIFIED, modified)];
    for (name, value) in headers {
        if let Some(value) = value {
            answer.headers_mut().insert(name, value.parse().expect("a header"));
        }
    }
    answer
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zeros() -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::repeat_with(|| Ok(Bytes::from_static(&[0; 16_384])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: &str = "Mon, 23 Nov 2026 10:00:00 GMT";

    async fn get(server: &FakeFeeds, known: Option<&str>) -> reqwest::Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.get(server.url("kev.json"));
        let request = known.into_iter().fold(request, |request, known| request.header("if-modified-since", known));
        request.send().await.unwrap()
    }

    #[tokio::test]
    async fn serves_what_it_has_and_says_when_nothing_changed() {
        let server = FakeFeeds::start();
        server.put("kev.json", "{}", Some(MONDAY));
        assert_eq!(get(&server, None).await.text().await.unwrap(), "{}");
        assert_eq!(get(&server, Some(MONDAY)).await.status(), 304);
        server.fail("kev.json", FeedFault::Unconditional);
        assert_eq!(get(&server, Some(MONDAY)).await.status(), 200);
        assert_eq!(server.statuses("kev.json"), [200, 304, 200]);
    }

    #[tokio::test]
    async fn fails_as_it_is_told_until_it_is_healed() {
        let server = FakeFeeds::start();
        server.put("kev.json", "0123", None);
        let faults = [
            (FeedFault::Html, "<!DOCTYPE html>\n<html><body>Sign in</body></html>"),
            (FeedFault::Truncated(2), "01"),
            (FeedFault::Replaced(b"9".to_vec()), "9"),
            (FeedFault::Status(500), ""),
            (FeedFault::Redirect("/x".into()), ""),
        ];
        for (fault, body) in faults {
            server.fail("kev.json", fault);
            assert_eq!(get(&server, None).await.text().await.unwrap(), body);
        }
        server.heal();
        assert_eq!(get(&server, None).await.text().await.unwrap(), "0123");
    }
}
