//! Bodies as they come in: small ones collected, large ones written down piece by piece while the next piece arrives.
//!
//! In: a body. Out: its bytes, or a longer upload. Memory is bounded by [`BATCH`] however large the body is.

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;

use super::errors::ApiError;
use super::router::blocking_with;
use crate::store::Upload;

/// So many bytes are collected before they are written: frames of the network are small.
const BATCH: usize = 512 * 1024;

/// All bytes, or `None` where there are more than `limit`.
pub(crate) async fn collect(body: Body, limit: u64) -> Result<Option<Vec<u8>>, ApiError> {
    let (mut stream, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(ApiError::body_broken)?);
        if bytes.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

/// An upload as it is now, and whether all came that was to come.
pub(crate) type Received = (Upload, Result<(), ApiError>);

/// Puts a body at the end of an upload. What came before an error stays, so that the client can go on from there; but where more
/// than `expected` bytes come, all of them go.
pub(crate) async fn append(mut upload: Upload, body: Body, expected: Option<u64>) -> Result<Received, ApiError> {
    let start = upload.length;
    let mut stream = body.into_data_stream();
    loop {
        let (batch, end) = next(&mut stream).await;
        if !batch.is_empty() {
            let result;
            (upload, result) = blocking_with(upload, move |upload| upload.append(&batch)).await?;
            if result.is_err() {
                return Ok((upload, result));
            }
        }
        if expected.is_some_and(|expected| upload.length - start > expected) {
            let (shorter, result) = blocking_with(upload, move |upload| upload.shorten(start)).await?;
            return Ok((shorter, result.and_then(|()| Err(wrong_length(expected)))));
        }
        match end {
            End::More => {}
            End::Broken(reason) => return Ok((upload, Err(reason))),
            End::Reached if expected.is_none_or(|expected| upload.length - start == expected) => {
                return Ok((upload, Ok(())));
            }
            End::Reached => return Ok((upload, Err(wrong_length(expected)))),
        }
    }
}

fn wrong_length(expected: Option<u64>) -> ApiError {
    ApiError::upload_invalid(format!(
        "the piece does not have the length of its `Content-Range`: expected {} bytes",
        expected.unwrap_or_default()
    ))
}

/// Whether a body goes on.
enum End {
    More,
    Reached,
    Broken(ApiError),
}

/// What comes next, up to the size of a batch.
async fn next(stream: &mut BodyDataStream) -> (Vec<Bytes>, End) {
    let (mut batch, mut size) = (Vec::new(), 0);
    while size < BATCH {
        match stream.next().await {
            None => return (batch, End::Reached),
            Some(Err(reason)) => return (batch, End::Broken(ApiError::body_broken(reason))),
            Some(Ok(piece)) => {
                size += piece.len();
                batch.push(piece);
            }
        }
    }
    (batch, End::More)
}
