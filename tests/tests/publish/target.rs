//! A registry to publish to: ours, a little slow, with an ear on every request, and with a switch to be away.
//!
//! In: nothing. Out: its address, what it was asked and how it answered, and what it holds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use registry::{Listen, ListenSettings, Service, Store};
use tests::RegistryClient;
use tokio::net::TcpListener;

/// So much slower is each request, so that an interruption finds something to interrupt.
const DELAY: Duration = Duration::from_millis(2);

/// A registry that nobody asks comes to rest by then.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request and the status of its answer, such as `PUT /v2/x/manifests/1` and 201.
type Log = Arc<Mutex<Vec<(String, u16)>>>;

/// A running registry.
pub(crate) struct Target {
    _folder: tempfile::TempDir,
    pub(crate) client: RegistryClient,
    log: Log,
    away: Arc<AtomicBool>,
    under_way: Arc<()>,
}

impl Target {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = RegistryClient::new(&listener.local_addr().unwrap().to_string());
        let (log, away) = (Log::default(), Arc::new(AtomicBool::new(false)));
        let under_way = Arc::new(());
        let (kept, switch, mark) = (Arc::clone(&log), Arc::clone(&away), Arc::downgrade(&under_way));
        let hear = move |request: Request, next: Next| {
            // Who only looks is not waited for.
            let mark = mark.upgrade().filter(|_| request.method() != Method::GET);
            let heard = hear(Arc::clone(&kept), Arc::clone(&switch), request, next);
            async move {
                let response = heard.await;
                drop(mark);
                response
            }
        };
        let router = Service::new(store).router().layer(from_fn(hear));
        let listen = Listen::new(&ListenSettings::default()).unwrap();
        tokio::spawn(registry::serve(listener, router, listen, std::future::pending()));
        Self { _folder: folder, client, log, away, under_way }
    }

    /// Its address with a prefix for repositories.
    pub(crate) fn place(&self, prefix: &str) -> String {
        format!("{}/{prefix}", self.client.address())
    }

    /// From now on everything is refused, or nothing any longer.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Waits until no request that writes is under way: what a client that is gone began may still come to its end.
    pub(crate) async fn settle(&self) {
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            assert!(begun.elapsed() < PATIENCE, "the registry is still at work");
            tokio::time::sleep(Duration::from_millis(5)).await;
            quiet = if Arc::strong_count(&self.under_way) == 1 { quiet + 1 } else { 0 };
        }
    }

    /// What was asked since this was asked last, and how that was answered.
    pub(crate) fn heard(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// The requests with this beginning.
    pub(crate) fn asked(heard: &[(String, u16)], start: &str) -> usize {
        heard.iter().filter(|(request, _)| request.starts_with(start)).count()
    }

    /// How often the bytes of each blob arrived whole.
    pub(crate) fn uploads(heard: &[(String, u16)]) -> BTreeMap<String, usize> {
        let mut uploads = BTreeMap::new();
        for (request, status) in heard.iter().filter(|(request, _)| !request.starts_with("GET")) {
            if let (201, Some((_, digest))) = (status, request.split_once("digest=")) {
                let digest = digest.split('&').next().unwrap().replace("%3A", ":");
                *uploads.entry(digest).or_default() += 1;
            }
        }
        uploads
    }
}

async fn hear(log: Log, away: Arc<AtomicBool>, request: Request, next: Next) -> Response {
    tokio::time::sleep(DELAY).await;
    let line = format!("{} {}", request.method(), request.uri());
    let is_away = away.load(Ordering::SeqCst);
    let response = if is_away { StatusCode::FORBIDDEN.into_response() } else { next.run(request).await };
    log.lock().unwrap().push((line, response.status().as_u16()));
    response
}
