//! Errors as the distribution specification writes them.
//!
//! In: what went wrong. Out: a status, one of the specification's codes, and a sentence for people.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes>.

use std::fmt::Display;

use axum::http::header::{ALLOW, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::Repository;
use serde::Serialize;

use crate::StoreError;

/// A refusal.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Body<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Display) -> Self {
        Self { status, code, message: message.to_string(), header: None }
    }

    /// The repository's name is none.
    pub(crate) fn name_invalid(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", reason)
    }

    /// There is no such repository.
    pub(crate) fn name_unknown(repository: &Repository) -> Self {
        let message = format!("`{repository}` is not here: expected a name that `/v2/_catalog` lists");
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message)
    }

    /// The digest is none.
    pub(crate) fn digest_invalid(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", reason)
    }

    /// There is no such manifest.
    pub(crate) fn manifest_unknown(reason: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", reason)
    }

    /// There is no such blob, or it is damaged.
    pub(crate) fn blob_unknown(repository: &Repository, digest: &Digest) -> Self {
        let message = format!(
            "`{digest}` is not in `{repository}`, or not whole: expected a blob that one of its manifests names"
        );
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", message)
    }

    /// A parameter that is no number.
    pub(crate) fn parameter_invalid(name: &str, value: &str) -> Self {
        let value: String = value.chars().take(140).collect();
        let message = format!("`{value}` cannot be `{name}`: expected a number, 0 or larger");
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
    }

    /// Something that no client asks for in this way.
    pub(crate) fn unsupported(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
    }

    /// A path that the specification does not have.
    pub(crate) fn no_such_page(path: &str) -> Self {
        let path: String = path.chars().take(140).collect();
        let message = format!(
            "`{path}` is no page of the distribution specification: expected `/v2/<name>/manifests/<reference>` or the like"
        );
        Self::new(StatusCode::NOT_FOUND, "UNSUPPORTED", message)
    }

    /// A request that would write.
    pub(crate) fn read_only(method: &Method) -> Self {
        let message = format!("`{method}` is refused: this registry is only read, expected GET or HEAD");
        let header = Some((ALLOW, HeaderValue::from_static("GET, HEAD")));
        Self { header, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message) }
    }

    /// Nobody knows who asks, and that matters; or the credentials are wrong. The challenge says how to identify oneself.
    pub(crate) fn unauthorized(challenge: HeaderValue, message: impl Display) -> Self {
        let header = Some((WWW_AUTHENTICATE, challenge));
        Self { header, ..Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message) }
    }

    /// Who asks may not do this.
    pub(crate) fn denied(message: impl Display) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// More of this at once than there may be.
    pub(crate) fn too_many_requests(retry_after_seconds: u16, message: impl Display) -> Self {
        let header = Some((RETRY_AFTER, HeaderValue::from(retry_after_seconds)));
        Self { header, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message) }
    }

    /// No byte of the range exists.
    pub(crate) fn range_not_satisfiable(size: u64) -> Self {
        let message = format!("the range is outside of the blob: expected a part of its {size} bytes");
        let header = HeaderValue::try_from(format!("bytes */{size}")).ok().map(|value| (CONTENT_RANGE, value));
        Self { header, ..Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", message) }
    }

    /// Something that is not the client's fault: it goes to the log, with its place.
    pub(crate) fn internal(reason: impl Display) -> Self {
        tracing::error!("a request failed: {reason}");
        let message = "the registry cannot read its own files: its log says which";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", message)
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body { errors: [Entry { code: self.code, message: &self.message }] };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (self.status, content_type, body).into_response();
        response.headers_mut().extend(self.header);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_body_is_the_one_of_the_specification() {
        let response = ApiError::read_only(&Method::PUT).into_response();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD");
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let expected = r#"{"errors":[{"code":"UNSUPPORTED","message":"`PUT` is refused: this registry is only read, expected GET or HEAD"}]}"#;
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn an_internal_error_does_not_tell_paths() {
        let reason = std::io::Error::other("disk");
        let error = StoreError::File { path: "/secret/place".into(), action: "read", reason };
        let response = ApiError::from(error).into_response();
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert!(!String::from_utf8(body.to_vec()).unwrap().contains("secret"));
    }
}
