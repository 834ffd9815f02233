//! Deletes: of tags, manifests and blobs.
//!
//! In: a repository and a tag or digest. Out: 202, or why not.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management>.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::{Repository, Tag};

use super::errors::ApiError;
use super::router::{Request, blocking};

/// Answers `DELETE /v2/<name>/manifests/<tag>`.
pub(crate) async fn tag(request: Request, repository: Repository, tag: Tag) -> Result<Response, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), tag.clone());
    let removed = blocking(move || store.remove_tag(&name, &wanted)).await?;
    answer(removed, || ApiError::tag_unknown(&repository, &tag))
}

/// Answers `DELETE /v2/<name>/manifests/<digest>`.
pub(crate) async fn manifest(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    let removed = blocking(move || store.remove_manifest(&name, &wanted)).await?;
    answer(removed, || ApiError::manifest_not_here(&repository, &digest))
}

/// Answers `DELETE /v2/<name>/blobs/<digest>`.
pub(crate) async fn blob(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    let removed = blocking(move || store.remove_blob(&name, &wanted)).await?;
    answer(removed, || ApiError::blob_unknown(&repository, &digest))
}

fn answer(removed: bool, unknown: impl FnOnce() -> ApiError) -> Result<Response, ApiError> {
    if removed { Ok(StatusCode::ACCEPTED.into_response()) } else { Err(unknown()) }
}
