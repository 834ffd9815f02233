//! Turns a file and a fault into an HTTP answer.
//!
//! It takes the bytes that lie at a path, the request's headers and perhaps a fault. Without a fault it does what a mirror
//! does: `ETag`, `If-None-Match`, and the rest of a file for `Range: bytes=N-`.
//!
//! Format: <https://www.rfc-editor.org/rfc/rfc9110.html>.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use futures_util::stream::{self, Stream, StreamExt};

use super::Fault;
use super::wire::Resetter;

/// Long enough for what was written to leave the machine before the connection breaks.
const FLUSH: Duration = Duration::from_millis(20);

/// The answer to one request.
pub(crate) async fn answer(file: Option<Bytes>, headers: &HeaderMap, fault: Option<Fault>, wire: Resetter) -> Response {
    match fault {
        None => honest(file, headers),
        Some(Fault::Status(code)) => status(code),
        Some(Fault::RetryAfter(code, seconds)) => with(status(code), header::RETRY_AFTER, &seconds.to_string()),
        Some(Fault::Redirect(to)) => with(status(302), header::LOCATION, &to),
        Some(Fault::Replace(bytes)) => bytes.into_response(),
        Some(Fault::Endless) => Body::from_stream(zeros()).into_response(),
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            honest(file, headers)
        }
        Some(fault) => file.map_or_else(|| status(404), |file| broken(&file, &fault, wire)),
    }
}

/// What a mirror answers.
fn honest(file: Option<Bytes>, headers: &HeaderMap) -> Response {
    let Some(file) = file else { return status(404) };
    let tag = format!("\"{}\"", Digest::of(&file).short());
    let asked = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if asked(header::IF_NONE_MATCH) == Some(&tag) {
        return with(status(304), header::ETAG, &tag);
    }
    let range = asked(header::RANGE).and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let answer = range.map_or_else(|| file.clone().into_response(), |start| rest(&file, start));
    with(answer, header::ETAG, &tag)
}

/// The file from a place on.
fn rest(file: &Bytes, start: usize) -> Response {
    let length = file.len();
    if start >= length {
        return with(status(416), header::CONTENT_RANGE, &format!("bytes */{length}"));
    }
    let answer = (StatusCode::PARTIAL_CONTENT, file.slice(start..)).into_response();
    with(answer, header::CONTENT_RANGE, &format!("bytes {start}-{}/{length}", length - 1))
}

/// An answer that starts well.
fn broken(file: &Bytes, fault: &Fault, wire: Resetter) -> Response {
    let start = |count: usize| file.slice(..count.min(file.len()));
    match *fault {
        Fault::Truncate(count) => start(count).into_response(),
        Fault::FlipBit(at) => flipped(file, at).into_response(),
        Fault::Drip(count, pause) => announced(file, drip(file.clone(), count, pause)),
        Fault::CloseAfter(count) => announced(file, piece(start(count)).chain(breakage(Resetter::default()))),
        Fault::ResetAfter(count) => announced(file, piece(start(count)).chain(breakage(wire))),
        _ => {
            let Fault::StallAfter(count) = *fault else { return status(500) };
            announced(file, piece(start(count)).chain(stream::pending()))
        }
    }
}

fn flipped(file: &Bytes, at: usize) -> Vec<u8> {
    let mut bytes = file.to_vec();
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    bytes
}

type Piece = io::Result<Bytes>;

/// A body that announces the whole file, whatever really comes.
fn announced(file: &Bytes, body: impl Stream<Item = Piece> + Send + 'static) -> Response {
    with(Body::from_stream(body).into_response(), header::CONTENT_LENGTH, &file.len().to_string())
}

fn piece(bytes: Bytes) -> impl Stream<Item = Piece> + Send + 'static {
    stream::iter([Ok(bytes)])
}

/// Ends the connection: with a reset, if the wire is the connection's.
fn breakage(wire: Resetter) -> impl Stream<Item = Piece> + Send + 'static {
    stream::once(async move {
        tokio::time::sleep(FLUSH).await;
        wire.reset();
        Err(io::Error::other("the test wants this connection to break"))
    })
}

fn drip(file: Bytes, count: usize, pause: Duration) -> impl Stream<Item = Piece> + Send + 'static {
    stream::unfold(file, move |mut rest| async move {
        let next = rest.split_to(count.max(1).min(rest.len()));
        tokio::time::sleep(pause).await;
        (!next.is_empty()).then_some((Ok(next), rest))
    })
}

fn zeros() -> impl Stream<Item = Piece> + Send + 'static {
    stream::repeat_with(|| Ok(Bytes::from_static(&[0; 8192])))
}

fn status(code: u16) -> Response {
    let code = StatusCode::from_u16(code).expect("a status between 100 and 999");
    let text = code.canonical_reason().unwrap_or("a fault of the test");
    if code == StatusCode::NOT_MODIFIED { code.into_response() } else { (code, text).into_response() }
}

fn with(mut answer: Response, name: header::HeaderName, value: &str) -> Response {
    answer.headers_mut().insert(name, value.parse().expect("a header's value"));
    answer
}
