//! A registry that only takes blobs, and fails as it is told to. It keeps what came before a connection broke, as some registries do.
//!
//! In: rules. Out: a [`Sink`] that listens, with the blobs and a list of what happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use blob::Digest;
use futures_util::StreamExt;
use registry::{Client, ClientSettings, Remote};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::fixture::{answer, hang_up, name, settings};

/// How one request fails.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Not at all.
    None,
    /// The connection breaks after so many bytes of the body, which are kept.
    Cut(usize),
    /// Everything is done, and the connection breaks before the answer.
    Mute,
    /// Nothing is done, and this is the answer.
    Answer(u16, Vec<(&'static str, String)>),
}

type Rule = Box<dyn Fn(&str, usize) -> Fault + Send + Sync>;

#[derive(Default)]
struct State {
    sessions: BTreeMap<usize, Vec<u8>>,
    blobs: BTreeMap<String, Vec<u8>>,
    counts: BTreeMap<String, usize>,
    /// Every request: method, and for chunks the range that was announced and the bytes that came.
    log: Vec<String>,
    /// Where each chunk began, and how many bytes of it came.
    chunks: Vec<(usize, usize)>,
}

/// A running sink.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) host: String,
    folder: Arc<TempDir>,
    state: Arc<Mutex<State>>,
    rule: Arc<Rule>,
    extra: Arc<Vec<(&'static str, String)>>,
}

impl Sink {
    /// A sink where request number `n` (from 0) with a method fails as `rule` says.
    pub(crate) async fn start(rule: impl Fn(&str, usize) -> Fault + Send + Sync + 'static) -> Self {
        Self::with_headers(Vec::new(), rule).await
    }

    /// The same, and these headers stand in the answer to POST.
    pub(crate) async fn with_headers(
        extra: Vec<(&'static str, String)>,
        rule: impl Fn(&str, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            host: listener.local_addr().unwrap().to_string(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            state: Arc::default(),
            rule: Arc::new(Box::new(rule)),
            extra: Arc::new(extra),
        };
        let server = sink.clone();
        let router = axum::Router::new().fallback(move |request: Request| {
            let server = server.clone();
            async move { server.serve(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        sink
    }

    /// A client that sends chunks of so many bytes.
    pub(crate) fn remote(&self, chunk: u64) -> Remote {
        let settings = ClientSettings { chunk, ..settings(self.folder.path()) };
        Client::new(settings).unwrap().repository(&self.host, name("team/app"))
    }

    pub(crate) fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.state.lock().unwrap().blobs.get(&digest.to_string()).cloned()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// Where each chunk began, and how many bytes of it came.
    pub(crate) fn chunks(&self) -> Vec<(usize, usize)> {
        self.state.lock().unwrap().chunks.clone()
    }

    async fn serve(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let method = head.method.to_string();
        let nth = {
            let mut state = self.state.lock().unwrap();
            state.log.push(format!("{method} {}", range(&head.headers)).trim_end().to_owned());
            let count = state.counts.entry(method.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let fault = (self.rule)(&method, nth);
        let limit = match &fault {
            Fault::Answer(status, headers) => return plain(*status, headers),
            Fault::Cut(bytes) => *bytes,
            Fault::None | Fault::Mute => usize::MAX,
        };
        let bytes = take(body, limit).await;
        let response = self.act(&head.method, &head.uri, &head.headers, &bytes);
        if matches!(fault, Fault::None) { response } else { hang_up() }
    }

    fn act(&self, method: &Method, uri: &axum::http::Uri, headers: &HeaderMap, bytes: &[u8]) -> Response {
        let mut state = self.state.lock().unwrap();
        let last = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        if *method == Method::POST {
            let id = state.sessions.len() + 1;
            state.sessions.insert(id, Vec::new());
            let mut headers = self.extra.as_ref().clone();
            headers.push(("location", location(id, 0)));
            return plain(202, &headers);
        }
        if *method == Method::HEAD {
            let blob = state.blobs.get(&last);
            return blob.map_or(plain(404, &[]), |blob| plain(200, &[("content-length", blob.len().to_string())]));
        }
        let Some(session) = last.parse().ok().and_then(|id| state.sessions.get(&id).cloned().map(|have| (id, have)))
        else {
            return plain(404, &[]);
        };
        match method.as_str() {
            "GET" => plain(204, &progress(session.0, session.1.len())),
            "DELETE" => {
                state.sessions.remove(&session.0);
                plain(204, &[])
            }
            "PATCH" => append(&mut state, session, headers, bytes),
            _ => finish(&mut state, session, uri.query().unwrap_or_default(), bytes),
        }
    }
}

/// A chunk that does not begin where the last one ended is refused.
fn append(state: &mut State, (id, mut have): (usize, Vec<u8>), headers: &HeaderMap, bytes: &[u8]) -> Response {
    let from: usize = range(headers).split('-').next().unwrap().parse().unwrap();
    if from != have.len() {
        return plain(416, &progress(id, have.len()));
    }
    state.chunks.push((from, bytes.len()));
    have.extend_from_slice(bytes);
    let length = have.len();
    state.sessions.insert(id, have);
    plain(202, &progress(id, length))
}

fn finish(state: &mut State, (id, mut have): (usize, Vec<u8>), query: &str, bytes: &[u8]) -> Response {
    have.extend_from_slice(bytes);
    let url = reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    let digest = url.query_pairs().find(|(key, _)| key == "digest").unwrap().1.into_owned();
    assert!(url.query_pairs().any(|(key, _)| key == "state"), "the location's own query is kept");
    if Digest::of(&have).to_string() != digest {
        return answer(400, &[], r#"{"errors":[{"code":"DIGEST_INVALID","message":"other bytes"}]}"#);
    }
    state.sessions.remove(&id);
    state.blobs.insert(digest, have);
    plain(201, &[("location", "/v2/x".to_owned())])
}

fn progress(id: usize, length: usize) -> Vec<(&'static str, String)> {
    vec![("location", location(id, length)), ("range", format!("0-{}", length.saturating_sub(1)))]
}

fn location(id: usize, length: usize) -> String {
    format!("/v2/team/app/blobs/uploads/{id}?state={length}")
}

fn range(headers: &HeaderMap) -> String {
    headers.get("content-range").map(|range| range.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn plain(status: u16, headers: &[(&'static str, String)]) -> Response {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    answer(status, &headers, "")
}

async fn take(body: Body, limit: usize) -> Vec<u8> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while bytes.len() < limit
        && let Some(Ok(chunk)) = stream.next().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(limit);
    bytes
}
