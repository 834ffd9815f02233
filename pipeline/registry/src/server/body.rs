//! Bytes of a file as the body of an answer, in large reads and with little memory however large the file is.
//!
//! In: an open file and the parts of it that are wanted, with text between them. Out: a body.
//! Multipart format: <https://www.rfc-editor.org/rfc/rfc9110#section-14.6>.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use blob::{Digest, Verdict};
use futures_util::stream;

use super::ranges::Span;
use super::share::Share;
use crate::Store;

/// What the parts of a blob are.
pub(crate) const BLOB_TYPE: &str = "application/octet-stream";

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    File(Span),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(span) => span.length,
        }
    }
}

/// How many bytes the pieces have together.
pub(crate) fn length(pieces: &[Piece]) -> u64 {
    pieces.iter().map(Piece::length).sum()
}

/// The pieces of `multipart/byteranges`, and the boundary between them.
pub(crate) fn multipart(digest: &Digest, spans: &[Span], size: u64) -> (String, Vec<Piece>) {
    // A blob that holds its own digest cannot be made, so this boundary stands in none; 70 characters are allowed.
    let boundary = digest.hex()[..64].to_owned();
    let mut pieces = Vec::with_capacity(2 * spans.len() + 1);
    for (number, span) in spans.iter().enumerate() {
        let line = if number == 0 { "" } else { "\r\n" };
        let range = content_range(*span, size);
        let head = format!("{line}--{boundary}\r\nContent-Type: {BLOB_TYPE}\r\nContent-Range: {range}\r\n\r\n");
        pieces.extend([Piece::Text(head), Piece::File(*span)]);
    }
    pieces.push(Piece::Text(format!("\r\n--{boundary}--\r\n")));
    (boundary, pieces)
}

/// The header `Content-Range`.
pub(crate) fn content_range(span: Span, size: u64) -> String {
    format!("bytes {}-{}/{size}", span.start, span.start + span.length - 1)
}

/// Hashes a file while it is sent. The last bytes are held back until the verdict: a damaged file never arrives as a whole.
#[derive(Debug)]
pub(crate) struct Check {
    store: Arc<Store>,
    digest: Digest,
    verdict: Verdict,
    left: u64,
}

impl Check {
    /// Expects the whole file.
    pub(crate) fn new(store: Arc<Store>, digest: &Digest, size: u64) -> Self {
        Self { store, digest: digest.clone(), verdict: Verdict::new(digest.clone(), size), left: size }
    }

    /// Takes the next bytes; after the last ones it says whether all were right.
    fn update(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let invalid = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
        self.verdict.update(bytes).map_err(invalid)?;
        self.left -= bytes.len() as u64;
        if self.left > 0 {
            return Ok(());
        }
        let result = self.verdict.clone().finish();
        self.store.remember(file, &self.digest, result.is_ok());
        result.map_err(invalid)
    }
}

/// The pieces as a body. A file that turns out to be too short, or damaged, ends the connection, so that the client knows.
pub(crate) fn body(check: Option<Check>, file: File, pieces: Vec<Piece>) -> Body {
    let state = (Arc::new(file), check, VecDeque::from(pieces), Share::begin());
    Body::from_stream(stream::try_unfold(state, |(file, mut check, mut pieces, share)| async move {
        let Some(piece) = pieces.pop_front() else { return Ok(None) };
        let bytes = match piece {
            Piece::Text(text) => Bytes::from(text),
            Piece::File(span) => {
                let (now, later) = split(span, share.size());
                pieces.extend(later.map(Piece::File));
                pieces.rotate_right(usize::from(later.is_some()));
                let bytes;
                (bytes, check) = read(Arc::clone(&file), check, now).await?;
                bytes
            }
        };
        io::Result::Ok(Some((bytes, (file, check, pieces, share))))
    }))
}

/// What is read now, and what later.
fn split(span: Span, size: u64) -> (Span, Option<Span>) {
    if span.length <= size {
        return (span, None);
    }
    let later = Span { start: span.start + size, length: span.length - size };
    (Span { length: size, ..span }, Some(later))
}

async fn read(file: Arc<File>, mut check: Option<Check>, span: Span) -> io::Result<(Bytes, Option<Check>)> {
    let length = usize::try_from(span.length).map_err(io::Error::other)?;
    let read = move || {
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, span.start)?;
        check.as_mut().map_or(Ok(()), |check| check.update(&file, &bytes))?;
        Ok((Bytes::from(bytes), check))
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    async fn collect(bytes: &[u8], pieces: Vec<Piece>) -> Result<Vec<u8>, axum::Error> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        axum::body::to_bytes(body(None, file, pieces), usize::MAX).await.map(|bytes| bytes.to_vec())
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|number| u8::try_from(number % 251).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_file_larger_than_one_read_comes_whole_and_in_order() {
        let bytes = pattern(3 * 256 * 1024 + 17);
        let span = Span { start: 1, length: bytes.len() as u64 - 1 };
        let pieces = vec![Piece::Text("a".to_owned()), Piece::File(span), Piece::Text("z".to_owned())];
        assert_eq!(length(&pieces), bytes.len() as u64 + 1);
        assert_eq!(collect(&bytes, pieces).await.unwrap(), [b"a", &bytes[1..], b"z"].concat());
    }

    #[tokio::test]
    async fn a_file_that_is_too_short_is_an_error_not_a_short_answer() {
        let pieces = vec![Piece::File(Span { start: 0, length: 6 })];
        assert!(collect(b"hello", pieces).await.is_err());
    }

    #[tokio::test]
    async fn parts_stand_between_boundaries() {
        let spans = [Span { start: 0, length: 2 }, Span { start: 4, length: 1 }];
        let (boundary, pieces) = multipart(&Digest::of("hello"), &spans, 5);
        let text = String::from_utf8(collect(b"hello", pieces.clone()).await.unwrap()).unwrap();
        assert_eq!(length(&pieces), text.len() as u64);
        let expected = "--B\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 0-1/5\r\n\r\nhe\r\n\
            --B\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 4-4/5\r\n\r\no\r\n--B--\r\n";
        assert_eq!(text.replace(&boundary, "B"), expected);
    }
}
