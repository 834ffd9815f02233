//! One request and its answer, as they pass.
//!
//! In: a request from the connection, and an answer from the routes. Out: the same, with bytes counted, with a clock on the request's body, and with a
//! line for the access log when all is over, however it ended.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_LENGTH, USER_AGENT};
use axum::http::{HeaderMap, Method, Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use jiff::Timestamp;
use tokio::time::Sleep;

use super::access_log::{AccessLog, Line};
use super::paced::Progress;
use crate::server::access::UserSlot;
use crate::server::share;

/// Longer texts are cut in the log.
const LONGEST_TEXT: usize = 1024;
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What is known of a request until it is over.
pub(crate) struct Exchange {
    progress: Arc<Progress>,
    entry: Option<Entry>,
    sent: u64,
    /// What the kernel had taken of the connection before the answer.
    before: u64,
    /// How long the answer's body is, where that is known.
    expected: Option<u64>,
    ended: bool,
}

/// A line that is not finished.
struct Entry {
    log: Arc<AccessLog>,
    line: Line,
    began: Instant,
    user: UserSlot,
    input: Arc<Input>,
}

/// What came of a request's body.
#[derive(Default)]
struct Input {
    bytes: AtomicU64,
    is_broken: AtomicBool,
}

impl Exchange {
    /// Begins with a request, whose body is then read against the clock.
    pub(crate) fn begin(
        request: Request<Incoming>,
        client: SocketAddr,
        log: Option<&Arc<AccessLog>>,
        progress: &Arc<Progress>,
        idle: Duration,
    ) -> (Self, Request<Body>) {
        progress.begin();
        let input = Arc::new(Input::default());
        let user = UserSlot::default();
        let entry = log.map(|log| Entry {
            log: Arc::clone(log),
            line: line(&request, client),
            began: Instant::now(),
            user: user.clone(),
            input: Arc::clone(&input),
        });
        let mut request = request.map(|body| received_body(body, input, idle));
        request.extensions_mut().insert(user);
        (Self { progress: Arc::clone(progress), entry, sent: 0, before: 0, expected: None, ended: false }, request)
    }

    /// Goes on with the answer, whose body is counted.
    pub(crate) fn answer(mut self, method: &Method, response: Response<Body>) -> Response<Counted> {
        if let Some(entry) = &mut self.entry {
            entry.line.status = Some(response.status().as_u16());
        }
        self.before = self.progress.written();
        self.expected = if *method == Method::HEAD { Some(0) } else { announced(&response) };
        response.map(|body| Counted { body, exchange: self })
    }
}

impl Exchange {
    /// Whether the client must first take more of what it was given; the task is woken when it does.
    fn waits(&self) -> bool {
        let taken = self.progress.written() - self.before;
        let waits = self.sent > taken + share::ahead();
        if waits {
            self.progress.await_more();
        }
        waits
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.progress.end();
        let Some(entry) = self.entry.take() else { return };
        let is_sent = self.ended || self.expected.is_some_and(|expected| self.sent >= expected);
        let is_whole = is_sent && !entry.input.is_broken.load(Ordering::Relaxed);
        entry.log.write(Line {
            user: entry.user.user().map(str::to_owned),
            bytes_sent: self.sent,
            bytes_received: entry.input.bytes.load(Ordering::Relaxed),
            seconds: (entry.began.elapsed().as_secs_f64() * 1e6).round() / 1e6,
            complete: entry.line.status.is_some() && is_whole,
            ..entry.line
        });
    }
}

fn line(request: &Request<Incoming>, client: SocketAddr) -> Line {
    let header = |name: &str| header(request.headers(), name);
    Line {
        time: format!("{:.6}", Timestamp::now()),
        client: client.ip().to_canonical().to_string(),
        forwarded_for: header(FORWARDED_FOR),
        user: None,
        method: request.method().to_string(),
        path: cut(request.uri().path()),
        status: None,
        bytes_sent: 0,
        bytes_received: 0,
        seconds: 0.0,
        user_agent: header(USER_AGENT.as_str()),
        complete: false,
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| cut(&String::from_utf8_lossy(value.as_bytes())))
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn announced(response: &Response<Body>) -> Option<u64> {
    let header = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    header.or(response.body().size_hint().exact())
}

/// An answer's body, counted.
pub(crate) struct Counted {
    body: Body,
    exchange: Exchange,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.exchange.waits() {
            return Poll::Pending;
        }
        let result = Pin::new(&mut self.body).poll_frame(context);
        match &result {
            Poll::Ready(Some(Ok(frame))) => self.exchange.sent += size(frame),
            Poll::Ready(None) => self.exchange.ended = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        result
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request's body, counted, which fails where nothing comes for too long while it is awaited.
struct Received {
    body: Incoming,
    input: Arc<Input>,
    idle: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

fn received_body(body: Incoming, input: Arc<Input>, idle: Duration) -> Body {
    if body.is_end_stream() { Body::empty() } else { Body::new(Received { body, input, idle, alarm: None }) }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                self.alarm = None;
                frame.map(|frame| frame.map_err(Into::into))
            }
            Poll::Pending => {
                let idle = self.idle;
                let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
                ready!(alarm.as_mut().poll(context));
                Some(Err("the client sends nothing more".into()))
            }
        };
        match &frame {
            Some(Ok(frame)) => _ = self.input.bytes.fetch_add(size(frame), Ordering::Relaxed),
            Some(Err(_)) => self.input.is_broken.store(true, Ordering::Relaxed),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn size(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| data.len() as u64)
}
