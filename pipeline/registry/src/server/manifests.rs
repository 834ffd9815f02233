//! Manifests over the network: by tag or digest, from memory.
//!
//! In: a repository, and a tag or a digest. Out: the bytes with their type and digest, or 304 where the client has them.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WARNING};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::{Descriptor, Repository, Tag};

use super::conditions::is_known;
use super::errors::ApiError;
use super::router::{Request, about, blocking, view};

/// A tag may move: ask each time, and get 304 for an answer.
pub(crate) const CACHE_TAG: &str = "no-cache";
/// What a digest names never changes.
pub(crate) const CACHE_DIGEST: &str = "public, max-age=31536000, immutable";

/// Answers `/v2/<name>/manifests/<tag>`.
pub(crate) async fn by_tag(request: Request, repository: Repository, tag: Tag) -> Result<Response, ApiError> {
    let view = view(request.store(), &repository).await?;
    let descriptor = view.tagged(&tag).ok_or_else(|| ApiError::tag_unknown(&repository, &tag))?;
    answer(request, repository, descriptor, CACHE_TAG).await
}

/// Answers `/v2/<name>/manifests/<digest>`. Who asks for a digest has pinned it: that keeps it from being collected.
pub(crate) async fn by_digest(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let view = view(request.store(), &repository).await?;
    let listed = view.entry(&digest).cloned();
    let descriptor = match listed {
        Some(descriptor) => descriptor,
        None => named(&request, &repository, &digest).await?,
    };
    if request.service.pins.is_due(&repository, &digest) {
        let (store, name, pinned) = (Arc::clone(request.store()), repository.clone(), digest.clone());
        // On a disk that is only read nothing can be written down, and nothing is collected.
        let _ = blocking(move || store.promise(&name, &pinned)).await;
    }
    answer(request, repository, &descriptor, CACHE_DIGEST).await
}

/// A manifest that only another one names.
async fn named(request: &Request, repository: &Repository, digest: &Digest) -> Result<Descriptor, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    let found = blocking(move || store.descriptor(&name, &wanted)).await?;
    found.ok_or_else(|| ApiError::manifest_not_here(repository, digest))
}

async fn answer(
    request: Request,
    repository: Repository,
    descriptor: &Descriptor,
    cache: &'static str,
) -> Result<Response, ApiError> {
    let mut headers = head(descriptor, cache)?;
    if let Some(notice) = request.service.notice(&repository, &descriptor.digest) {
        headers.insert(WARNING, notice);
    }
    let bytes = bytes(&request, &repository, descriptor).await?;
    if is_known(request.headers(), &descriptor.digest) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let body = if request.is_head() { Body::empty() } else { Body::from(bytes) };
    Ok((headers, body).into_response())
}

fn head(descriptor: &Descriptor, cache: &'static str) -> Result<HeaderMap, ApiError> {
    let mut headers = about(&descriptor.digest, cache)?;
    headers.insert(CONTENT_TYPE, descriptor.media_type.parse().map_err(ApiError::internal)?);
    Ok(headers)
}

/// The bytes: nearly always from memory, and otherwise from disk.
async fn bytes(request: &Request, repository: &Repository, descriptor: &Descriptor) -> Result<Bytes, ApiError> {
    if let Some(bytes) = request.store().cached_manifest(&descriptor.digest) {
        return Ok(bytes);
    }
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), descriptor.clone());
    let bytes = blocking(move || store.manifest_bytes(&name, &wanted)).await?;
    bytes.ok_or_else(|| ApiError::manifest_not_here(repository, &descriptor.digest))
}
