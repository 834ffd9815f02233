//! Blobs that are pushed: in one piece or in many, or taken from another repository.
//!
//! In: POST, PATCH, PUT, GET and DELETE of uploads. Out: a blob under its digest, or an upload that can be continued.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs>.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{LOCATION, RANGE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::{Algorithm, Digest};
use oci::Repository;
use uuid::Uuid;

use super::access::Access;
use super::errors::ApiError;
use super::names::{digest_parameter, parameter};
use super::pieces::Announced;
use super::receive::{Received, append};
use super::router::{CONTENT_DIGEST, Request, blocking};
use super::sessions::Session;
use crate::store::Upload;

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// Answers `POST /v2/<name>/blobs/uploads/`: mounts, takes a whole blob, or begins an upload.
pub(crate) async fn start(request: Request, body: Body, repository: Repository) -> Result<Response, ApiError> {
    if let Some(digest) = digest_parameter(request.query(), "mount")?
        && mount(&request, &repository, &digest).await?
    {
        return Ok(created(&repository, &digest));
    }
    let algorithm = algorithm(&request)?;
    let (store, name) = (Arc::clone(request.store()), repository.clone());
    let upload = blocking(move || store.start_upload(&name, algorithm)).await?;
    let Some(digest) = digest_parameter(request.query(), "digest")? else {
        let response = accepted(StatusCode::ACCEPTED, &repository, &upload);
        request.service.sessions.begin(&repository, upload);
        return Ok(response);
    };
    let _permit = request.service.limits.upload()?;
    match append(upload, body, None).await? {
        (upload, Ok(())) => finish(&request, &repository, upload, digest).await,
        (upload, Err(reason)) => {
            blocking(move || upload.cancel()).await?;
            Err(reason)
        }
    }
}

/// The hash function for an upload of which the digest is said only at its end.
fn algorithm(request: &Request) -> Result<Algorithm, ApiError> {
    if let Some(digest) = digest_parameter(request.query(), "digest")? {
        return Ok(digest.algorithm());
    }
    match parameter(request.query(), "digest-algorithm")?.as_deref() {
        None | Some("sha256") => Ok(Algorithm::Sha256),
        Some("sha512") => Ok(Algorithm::Sha512),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(ApiError::digest_invalid(format!("`{other}` is no known algorithm: expected sha256 or sha512")))
        }
    }
}

/// Gives the repository a blob of another one: of the one that is named, or of any that the client may pull from.
async fn mount(request: &Request, repository: &Repository, digest: &Digest) -> Result<bool, ApiError> {
    let from: Option<Repository> = match parameter(request.query(), "from")? {
        Some(text) => Some(text.parse().map_err(ApiError::name_invalid)?),
        None => None,
    };
    let readable = Access::readable(&request.service.access, &request.head).await;
    let (store, target, digest) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    blocking(move || {
        let from = match from {
            Some(from) => Some(from).filter(|from| readable(from)),
            None => store.find_elsewhere(&digest, readable)?,
        };
        from.map_or(Ok(false), |from| store.mount(&target, &digest, &from))
    })
    .await
}

/// Answers `PATCH /v2/<name>/blobs/uploads/<id>`.
pub(crate) async fn go_on(
    request: Request,
    body: Body,
    repository: Repository,
    id: Uuid,
) -> Result<Response, ApiError> {
    let mut session = find(&request, &repository, id).await?;
    let upload = session.take()?;
    let (upload, result) = add(&request, body, &repository, upload).await?;
    let response = accepted(StatusCode::ACCEPTED, &repository, &upload);
    session.put(upload);
    result.map(|()| response)
}

/// Answers `PUT /v2/<name>/blobs/uploads/<id>?digest=<digest>`; the last piece may come with it.
pub(crate) async fn end(request: Request, body: Body, repository: Repository, id: Uuid) -> Result<Response, ApiError> {
    let digest = digest_parameter(request.query(), "digest")?.ok_or_else(|| {
        ApiError::digest_invalid("nothing says what the blob's digest is: expected the parameter `digest`")
    })?;
    let mut session = find(&request, &repository, id).await?;
    let upload = session.take()?;
    let (upload, result) = add(&request, body, &repository, upload).await?;
    if let Err(refusal) = result {
        session.put(upload);
        return Err(refusal);
    }
    let response = finish(&request, &repository, upload, digest).await;
    request.service.sessions.end(&repository, id);
    response
}

/// Answers `GET /v2/<name>/blobs/uploads/<id>`: how far it is.
pub(crate) async fn status(request: Request, repository: Repository, id: Uuid) -> Result<Response, ApiError> {
    let mut session = find(&request, &repository, id).await?;
    let upload = session.take()?;
    let response = accepted(StatusCode::NO_CONTENT, &repository, &upload);
    session.put(upload);
    Ok(response)
}

/// Answers `DELETE /v2/<name>/blobs/uploads/<id>`.
pub(crate) async fn cancel(request: Request, repository: Repository, id: Uuid) -> Result<Response, ApiError> {
    // Held until the file is gone: who comes meanwhile must not find it on disk.
    let mut session = find(&request, &repository, id).await?;
    let upload = session.take()?;
    blocking(move || upload.cancel()).await?;
    request.service.sessions.end(&repository, id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find(request: &Request, repository: &Repository, id: Uuid) -> Result<Session, ApiError> {
    request.service.sessions.find(request.store(), repository, id).await
}

/// Puts a piece at the end of an upload, if that is where it belongs.
async fn add(request: &Request, body: Body, repository: &Repository, upload: Upload) -> Result<Received, ApiError> {
    let announced = Announced::read(request.headers());
    let expected = match announced.and_then(|announced| announced.expected(upload.length)) {
        Ok(expected) => expected,
        Err(refusal) => {
            let refusal = refusal.with(LOCATION, &location(repository, &upload)).with(RANGE, &range(&upload));
            return Ok((upload, Err(refusal)));
        }
    };
    match request.service.limits.upload() {
        Ok(_permit) => append(upload, body, expected).await,
        Err(refusal) => Ok((upload, Err(refusal))),
    }
}

async fn finish(
    request: &Request,
    repository: &Repository,
    upload: Upload,
    digest: Digest,
) -> Result<Response, ApiError> {
    let (store, name, wanted) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    blocking(move || store.finish_upload(&name, upload, &wanted)).await?;
    Ok(created(repository, &digest))
}

fn created(repository: &Repository, digest: &Digest) -> Response {
    let headers = [(LOCATION, format!("/v2/{repository}/blobs/{digest}")), (CONTENT_DIGEST, digest.to_string())];
    (StatusCode::CREATED, headers).into_response()
}

fn accepted(status: StatusCode, repository: &Repository, upload: &Upload) -> Response {
    let place = [(LOCATION, location(repository, upload)), (RANGE, range(upload)), (UPLOAD_ID, upload.id.to_string())];
    (status, place).into_response()
}

fn location(repository: &Repository, upload: &Upload) -> String {
    format!("/v2/{repository}/blobs/uploads/{}", upload.id)
}

/// The bytes that are there. The specification has no way to write "none": Docker's registry writes this, and clients know it.
fn range(upload: &Upload) -> String {
    format!("0-{}", upload.length.saturating_sub(1))
}
