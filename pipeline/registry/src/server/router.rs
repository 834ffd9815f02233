//! `/v2/`: the OCI distribution protocol as far as it is read.
//!
//! In: a [`Store`] and requests. Out: an axum router to be merged with others, or served alone.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use blob::Digest;
use oci::Repository;

use super::errors::ApiError;
use super::names::Route;
use super::{blobs, conditions, manifests, referrers, tags};
use crate::store::View;
use crate::{Store, StoreError};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// The routes `/v2/` and below. Nothing else is touched, so the router can be merged with pages for people.
pub fn router(store: Arc<Store>) -> Router {
    Router::new().route("/v2", any(serve)).route("/v2/", any(serve)).route("/v2/{*path}", any(serve)).with_state(store)
}

/// What a handler needs of a request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) store: Arc<Store>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Request {
    pub(crate) fn query(&self) -> Option<&str> {
        self.uri.query()
    }
}

async fn serve(State(store): State<Arc<Store>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let request = Request { store, method, uri, headers };
    let (method, path) = (request.method.clone(), request.uri.path().to_owned());
    let mut response = answer(request).await.unwrap_or_else(ApiError::into_response);
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response
}

async fn answer(request: Request) -> Result<Response, ApiError> {
    if request.method != Method::GET && request.method != Method::HEAD {
        return Err(ApiError::read_only(&request.method));
    }
    match Route::parse(request.uri.path())? {
        Route::Base => Ok(([(CONTENT_TYPE, "application/json")], "{}").into_response()),
        Route::Catalog => tags::catalog(request).await,
        Route::TaggedManifest(repository, tag) => manifests::by_tag(request, repository, tag).await,
        Route::Manifest(repository, digest) => manifests::by_digest(request, repository, digest).await,
        Route::Blob(repository, digest) => blobs::answer(request, repository, digest).await,
        Route::Tags(repository) => tags::list(request, repository).await,
        Route::Referrers(repository, digest) => referrers::list(request, repository, digest).await,
    }
}

/// What a repository holds: one look at the disk where nothing changed, and a task that may block where something did.
pub(crate) async fn view(store: &Arc<Store>, repository: &Repository) -> Result<Arc<View>, ApiError> {
    if let Some(view) = store.cached_view(repository) {
        return Ok(view);
    }
    let (store, name) = (Arc::clone(store), repository.clone());
    blocking(move || store.view(&name)).await?.ok_or_else(|| ApiError::name_unknown(repository))
}

/// Runs what reads files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    let result = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    Ok(result.map_err(ApiError::internal)??)
}

/// The headers that say which bytes these are, and how long they may be kept.
pub(crate) fn about(digest: &Digest, cache: &'static str) -> Result<HeaderMap, ApiError> {
    let value = |text: String| HeaderValue::try_from(text).map_err(ApiError::internal);
    Ok(HeaderMap::from_iter([
        (CONTENT_DIGEST, value(digest.to_string())?),
        (ETAG, value(conditions::entity_tag(digest))?),
        (CACHE_CONTROL, HeaderValue::from_static(cache)),
    ]))
}
