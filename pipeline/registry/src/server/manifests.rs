//! Manifests over the network: by tag or digest, from memory.
//!
//! In: a repository, and a tag or a digest. Out: the bytes with their type and digest, or 304 where the client has them.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
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
    let known = view.tagged(&tag).ok_or_else(|| {
        ApiError::manifest_unknown(format!(
            "`{repository}` has no tag `{tag}`: expected one that `/v2/{repository}/tags/list` lists"
        ))
    })?;
    answer(request, repository, &known.descriptor, CACHE_TAG).await
}

/// Answers `/v2/<name>/manifests/<digest>`.
pub(crate) async fn by_digest(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let view = view(request.store(), &repository).await?;
    let known = view.manifest(&digest).ok_or_else(|| not_here(&repository, &digest))?;
    answer(request, repository, &known.descriptor, CACHE_DIGEST).await
}

fn not_here(repository: &Repository, digest: &Digest) -> ApiError {
    ApiError::manifest_unknown(format!(
        "`{repository}` has no manifest `{digest}`: expected the digest of one of its images"
    ))
}

async fn answer(
    request: Request,
    repository: Repository,
    descriptor: &Descriptor,
    cache: &'static str,
) -> Result<Response, ApiError> {
    let headers = head(descriptor, cache)?;
    if is_known(request.headers(), &descriptor.digest) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let bytes = bytes(&request, &repository, descriptor).await?;
    let length = [(CONTENT_LENGTH, bytes.len())];
    let body = if request.is_head() { Body::empty() } else { Body::from(bytes) };
    Ok((headers, length.map(|(name, value)| (name, value.to_string())), body).into_response())
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
    bytes.ok_or_else(|| not_here(repository, &descriptor.digest))
}
