//! The ways in which the specification lets a blob be pushed.
//!
//! In: a way, a repository and a blob. Out: the answer to the last request of it.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs>.

use futures_util::stream;
use reqwest::Body;
use tests::{Answer, Content, closing_path};

use crate::server::Registry;

const OCTETS: (&str, &str) = ("content-type", "application/octet-stream");

/// How a blob is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One `POST` with everything.
    PostOnly,
    /// `POST`, then `PUT` with everything.
    PostPut,
    /// `POST`, `PATCH`es of so many bytes, `PUT` without a body.
    Chunks(usize),
    /// The same, but `PUT` has the last chunk.
    ChunksPutLast(usize),
    /// `POST`, one `PATCH` of unknown length, `PUT` without a body.
    Stream,
}

impl Way {
    /// All ways, with chunks such that a blob of three chunks less a few bytes has three.
    pub(crate) const ALL: [Self; 6] = [
        Self::PostOnly,
        Self::PostPut,
        Self::Chunks(usize::MAX),
        Self::Chunks(CHUNK),
        Self::ChunksPutLast(CHUNK),
        Self::Stream,
    ];
}

/// The suite's smallest chunk.
pub(crate) const CHUNK: usize = 1024;

/// Pushes a blob: the last answer, whatever it is; those before it must be good.
pub(crate) async fn push(registry: &Registry, way: Way, repository: &str, blob: &Content) -> Answer {
    match way {
        Way::PostOnly => {
            let path = format!("/v2/{repository}/blobs/uploads/?digest={}", blob.digest);
            registry.ask("POST", &path, &[OCTETS], blob.bytes.clone()).await
        }
        Way::PostPut => {
            let path = registry.begin(repository).await;
            close(registry, &path, blob, blob.bytes.clone()).await
        }
        Way::Chunks(size) => {
            let path = chunks(registry, registry.begin(repository).await, &blob.bytes, size).await;
            close(registry, &path, blob, Vec::new()).await
        }
        Way::ChunksPutLast(size) => {
            let last = (blob.bytes.len() - 1) / size * size;
            let path = chunks(registry, registry.begin(repository).await, &blob.bytes[..last], size).await;
            let range = range(last, blob.bytes.len() - last);
            let headers = [OCTETS, ("content-range", range.as_str())];
            registry.ask("PUT", &closing_path(&path, &blob.digest), &headers, blob.bytes[last..].to_vec()).await
        }
        Way::Stream => {
            let path = registry.begin(repository).await;
            let answer = registry.ask("PATCH", &path, &[OCTETS], flow(&blob.bytes)).await.is(202);
            close(registry, &answer.location(), blob, Vec::new()).await
        }
    }
}

/// A body of unknown length, in pieces.
pub(crate) fn flow(bytes: &[u8]) -> Body {
    let pieces: Vec<_> = bytes.chunks(700).map(|piece| std::io::Result::Ok(piece.to_vec())).collect();
    Body::wrap_stream(stream::iter(pieces))
}

/// The closing `PUT`, with the bytes that are still to come.
pub(crate) async fn close(registry: &Registry, path: &str, blob: &Content, rest: Vec<u8>) -> Answer {
    registry.ask("PUT", &closing_path(path, &blob.digest), &[OCTETS], rest).await
}

/// Sends chunks in order, each to where the last answer leads; gives the path to go on with.
async fn chunks(registry: &Registry, mut path: String, bytes: &[u8], size: usize) -> String {
    let mut start = 0;
    for chunk in bytes.chunks(size) {
        let answer = patch(registry, &path, start, chunk).await.is(202);
        start += chunk.len();
        assert_eq!(answer.header("range"), format!("0-{}", start - 1), "{answer}");
        path = answer.location();
    }
    path
}

/// One `PATCH` with its range.
pub(crate) async fn patch(registry: &Registry, path: &str, start: usize, chunk: &[u8]) -> Answer {
    let range = range(start, chunk.len());
    registry.ask("PATCH", path, &[OCTETS, ("content-range", &range)], chunk.to_vec()).await
}

/// The header `Content-Range` as the specification wants it here: both ends, nothing else.
pub(crate) fn range(start: usize, length: usize) -> String {
    format!("{start}-{}", start + length - 1)
}
