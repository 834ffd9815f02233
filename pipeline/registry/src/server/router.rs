//! `/v2/`: the OCI distribution protocol: which request goes where.
//!
//! In: a [`Store`] and requests. Out: an axum router to be merged with others, or served alone.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use blob::Digest;
use oci::Repository;

use super::access::Access;
use super::errors::ApiError;
use super::limits::Limits;
use super::names::Route;
use super::notices::Notices;
use super::pins::Pins;
use super::sessions::Sessions;
use super::{LimitSettings, blobs, conditions, delete, manifests, push, referrers, tags, uploads};
use crate::store::View;
use crate::{Blobs, Store, StoreError};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// The registry as a service: a store, who may do what, and what clients are told beside the bytes.
#[derive(Debug)]
pub struct Service {
    pub(crate) store: Arc<Store>,
    pub(crate) access: Arc<Access>,
    pub(crate) limits: Limits,
    pub(crate) sessions: Sessions,
    pub(crate) pins: Pins,
    pub(crate) blobs: Blobs,
    notices: Option<Notices>,
}

impl Service {
    /// Anybody pulls; only clients on this machine push and delete.
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            access: Arc::default(),
            limits: Limits::default(),
            sessions: Sessions::default(),
            pins: Pins::default(),
            blobs: Blobs::Required,
            notices: None,
        }
    }

    /// The same service, with other rules of who may do what.
    #[must_use]
    pub fn with_access(self, access: Arc<Access>) -> Self {
        Self { access, ..self }
    }

    /// The same service, with other limits.
    #[must_use]
    pub fn with_limits(self, limits: &LimitSettings) -> Self {
        Self { limits: Limits::new(limits), ..self }
    }

    /// The same service, which tells clients about images what they should know.
    #[must_use]
    pub fn with_notices(self, notices: Notices) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// The same service, which takes manifests of images before their blobs, or without them, where these are optional.
    #[must_use]
    pub fn with_blobs(self, blobs: Blobs) -> Self {
        Self { blobs, ..self }
    }

    /// What clients are told about a manifest.
    pub(crate) fn notice(&self, repository: &Repository, digest: &Digest) -> Option<HeaderValue> {
        self.notices.as_ref()?.about(repository, digest)
    }

    /// The routes `/v2/` and below, and `/token` where there are users. Nothing else is touched, so the router can be merged with pages for people.
    pub fn router(self) -> Router {
        let tokens = self.access.router();
        let service = Arc::new(self);
        let routes = Router::new().route("/v2", any(serve)).route("/v2/", any(serve)).route("/v2/{*path}", any(serve));
        routes.with_state(service).merge(tokens)
    }
}

/// What a handler needs of a request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) service: Arc<Service>,
    pub(crate) head: Parts,
}

impl Request {
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.service.store
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    pub(crate) fn is_head(&self) -> bool {
        self.head.method == Method::HEAD
    }
}

async fn serve(State(service): State<Arc<Service>>, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let request = Request { service, head };
    let mut response = answer(request, body).await.unwrap_or_else(ApiError::into_response);
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response
}

async fn answer(request: Request, body: Body) -> Result<Response, ApiError> {
    let route = Route::parse(request.head.uri.path())?;
    let method = request.head.method.clone();
    request.service.access.check(&request.head, &route.needs(&method)).await?;
    match (method.as_str(), route) {
        ("GET" | "HEAD", route) => read(request, route).await,
        ("POST", Route::Uploads(repository)) => detached(uploads::start(request, body, repository)).await,
        ("PATCH", Route::Upload(repository, id)) => detached(uploads::go_on(request, body, repository, id)).await,
        ("PUT", Route::Upload(repository, id)) => detached(uploads::end(request, body, repository, id)).await,
        ("DELETE", Route::Upload(repository, id)) => detached(uploads::cancel(request, repository, id)).await,
        ("PUT", Route::TaggedManifest(repository, tag)) => push::by_tag(request, body, repository, tag).await,
        ("PUT", Route::Manifest(repository, digest)) => push::by_digest(request, body, repository, digest).await,
        ("DELETE", Route::TaggedManifest(repository, tag)) => delete::tag(request, repository, tag).await,
        ("DELETE", Route::Manifest(repository, digest)) => delete::manifest(request, repository, digest).await,
        ("DELETE", Route::Blob(repository, digest)) => delete::blob(request, repository, digest).await,
        (_, route) => Err(ApiError::method_not_allowed(&method, route.methods())),
    }
}

async fn read(request: Request, route: Route) -> Result<Response, ApiError> {
    match route {
        Route::Base => Ok(([(CONTENT_TYPE, "application/json")], "{}").into_response()),
        Route::Catalog => tags::catalog(request).await,
        Route::TaggedManifest(repository, tag) => manifests::by_tag(request, repository, tag).await,
        Route::Manifest(repository, digest) => manifests::by_digest(request, repository, digest).await,
        Route::Blob(repository, digest) => blobs::answer(request, repository, digest).await,
        Route::Tags(repository) => tags::list(request, repository).await,
        Route::Referrers(repository, digest) => referrers::list(request, repository, digest).await,
        Route::Upload(repository, id) => uploads::status(request, repository, id).await,
        Route::Uploads(_) => Err(ApiError::method_not_allowed(&request.head.method, "POST")),
    }
}

/// Goes on when the client is gone: what is written down stays in step with what is remembered of it.
async fn detached(
    work: impl Future<Output = Result<Response, ApiError>> + Send + 'static,
) -> Result<Response, ApiError> {
    tokio::spawn(work).await.map_err(ApiError::internal)?
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

/// The same with a value that is changed and given back, whatever comes of it.
pub(crate) async fn blocking_with<T: Send + 'static>(
    mut value: T,
    work: impl FnOnce(&mut T) -> Result<(), StoreError> + Send + 'static,
) -> Result<(T, Result<(), ApiError>), ApiError> {
    blocking(move || {
        let result = work(&mut value).map_err(ApiError::from);
        Ok((value, result))
    })
    .await
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
