//! Blobs over the network: whole, or the ranges that are asked for.
//!
//! In: a repository and a digest. Out: the file's bytes as a stream.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs>.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::Repository;

use super::body::{BLOB_TYPE, Check, Piece, body, content_range, length, multipart};
use super::conditions::{is_known, is_range_wanted};
use super::errors::ApiError;
use super::manifests::CACHE_DIGEST;
use super::ranges::{Span, Wanted};
use super::router::{Request, about, blocking};
use crate::StoredBlob;

/// Answers `/v2/<name>/blobs/<digest>`.
pub(crate) async fn answer(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let Some(blob) = open(&request, &repository, &digest).await? else {
        return Err(why_not(&request, repository, &digest).await?);
    };
    let mut headers = about(&digest, CACHE_DIGEST)?;
    if is_known(request.headers(), &digest) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    set(&mut headers, ACCEPT_RANGES, "bytes")?;
    set(&mut headers, CONTENT_TYPE, BLOB_TYPE)?;
    let (status, pieces) = choose(&request, &digest, blob.size, &mut headers)?;
    set(&mut headers, CONTENT_LENGTH, &length(&pieces).to_string())?;
    let body =
        if request.is_head() { Body::empty() } else { body(blob_check(&request, &digest, &blob), blob.file, pieces) };
    Ok((status, headers, body).into_response())
}

/// Opens a blob. Before a part of it is sent it is hashed as a whole, where nobody has done so yet; a whole one is hashed while it is
/// sent. Who only asks whether it is there relies on it later: that must be true too.
async fn open(request: &Request, repository: &Repository, digest: &Digest) -> Result<Option<StoredBlob>, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    let (is_head, is_part) = (request.is_head(), request.headers().contains_key(RANGE));
    blocking(move || {
        let Some(blob) = store.open_blob(&name, &wanted)? else { return Ok(None) };
        let is_here = if is_head { store.promise(&name, &wanted) } else { Ok(true) };
        let is_whole =
            if is_part || is_head { store.check(&blob, &store.blob_path(&name, &wanted), &wanted)? } else { true };
        Ok(Some(blob).filter(|_| is_whole && is_here.unwrap_or(true)))
    })
    .await
}

/// What to find out about a blob while it is sent as a whole.
fn blob_check(request: &Request, digest: &Digest, blob: &StoredBlob) -> Option<Check> {
    let is_part = request.headers().contains_key(RANGE);
    (!blob.is_checked && !is_part).then(|| Check::new(Arc::clone(request.store()), digest, blob.size))
}

/// Says whether the repository or only the blob is missing.
async fn why_not(request: &Request, repository: Repository, digest: &Digest) -> Result<ApiError, ApiError> {
    let (store, name) = (Arc::clone(request.store()), repository.clone());
    let known = blocking(move || Ok(store.exists(&name))).await?;
    Ok(if known { ApiError::blob_unknown(&repository, digest) } else { ApiError::name_unknown(&repository) })
}

/// The status and the pieces to send; headers that depend on the range are set.
fn choose(
    request: &Request,
    digest: &Digest,
    size: u64,
    headers: &mut HeaderMap,
) -> Result<(StatusCode, Vec<Piece>), ApiError> {
    match wanted(request, digest, size) {
        Wanted::Nothing => Err(ApiError::range_not_satisfiable(size)),
        Wanted::Whole => Ok((StatusCode::OK, vec![Piece::File(Span { start: 0, length: size })])),
        Wanted::Parts(spans) => Ok((StatusCode::PARTIAL_CONTENT, parts(digest, &spans, size, headers)?)),
    }
}

/// One range is sent as it is, several as `multipart/byteranges`.
fn parts(digest: &Digest, spans: &[Span], size: u64, headers: &mut HeaderMap) -> Result<Vec<Piece>, ApiError> {
    if let [span] = *spans {
        set(headers, CONTENT_RANGE, &content_range(span, size))?;
        return Ok(vec![Piece::File(span)]);
    }
    let (boundary, pieces) = multipart(digest, spans, size);
    set(headers, CONTENT_TYPE, &format!("multipart/byteranges; boundary={boundary}"))?;
    Ok(pieces)
}

/// Ranges are for GET only.
fn wanted(request: &Request, digest: &Digest, size: u64) -> Wanted {
    let usable = request.head.method == Method::GET && is_range_wanted(request.headers(), digest);
    let header = request.headers().get(RANGE).filter(|_| usable);
    Wanted::parse(header.and_then(|value| value.to_str().ok()), size)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), ApiError> {
    headers.insert(name, value.parse().map_err(ApiError::internal)?);
    Ok(())
}
