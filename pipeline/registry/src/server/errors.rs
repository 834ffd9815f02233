//! Errors as the distribution specification writes them.
//!
//! In: what went wrong. Out: a status, one of the specification's codes, and a sentence for people.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes>.

use std::fmt::Display;

use axum::http::header::{ALLOW, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::{Repository, Tag};
use serde::Serialize;

use crate::StoreError;

/// A refusal.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
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
        Self { status, code, message: message.to_string(), headers: Vec::new() }
    }

    /// The same refusal with a header more.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        self
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

    /// There is no such manifest, for this reason.
    pub(crate) fn manifest_unknown(reason: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", reason)
    }

    /// There is no such tag.
    pub(crate) fn tag_unknown(repository: &Repository, tag: &Tag) -> Self {
        Self::manifest_unknown(format!(
            "`{repository}` has no tag `{tag}`: expected one that `/v2/{repository}/tags/list` lists"
        ))
    }

    /// There is no manifest with this digest.
    pub(crate) fn manifest_not_here(repository: &Repository, digest: &Digest) -> Self {
        Self::manifest_unknown(format!(
            "`{repository}` has no manifest `{digest}`: expected the digest of one of its images"
        ))
    }

    /// The manifest is none.
    pub(crate) fn manifest_invalid(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", reason)
    }

    /// The manifest has more bytes than any manifest may have.
    pub(crate) fn manifest_too_large(largest: u64) -> Self {
        let message = format!("the manifest is too large: expected at most {largest} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
    }

    /// A tag that is none is to be made. The specification has no code of its own for it.
    pub(crate) fn tag_invalid(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", reason)
    }

    /// More tags than one push may make.
    pub(crate) fn too_many_tags(most: usize) -> Self {
        let message = format!("too many tags in one push: expected at most {most}");
        Self::new(StatusCode::URI_TOO_LONG, "UNSUPPORTED", message)
    }

    /// There is no such upload.
    pub(crate) fn upload_unknown() -> Self {
        let message = "there is no such upload: it was finished, cancelled or swept; begin another with POST";
        Self::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", message)
    }

    /// A piece of an upload is not what its headers say.
    pub(crate) fn upload_invalid(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", reason)
    }

    /// The client stopped sending.
    pub(crate) fn body_broken(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "SIZE_INVALID", format!("the body ended too early: {reason}"))
    }

    /// A piece of an upload that does not begin where the one before it ended.
    pub(crate) fn out_of_order(expected: u64) -> Self {
        let message = format!("the piece is out of order: expected it to begin at byte {expected}");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message)
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

    /// A path that the specification does not have.
    pub(crate) fn no_such_page(path: &str) -> Self {
        let path: String = path.chars().take(140).collect();
        let message = format!(
            "`{path}` is no page of the distribution specification: expected `/v2/<name>/manifests/<reference>` or the like"
        );
        Self::new(StatusCode::NOT_FOUND, "UNSUPPORTED", message)
    }

    /// A method that this page does not have.
    pub(crate) fn method_not_allowed(method: &Method, allowed: &str) -> Self {
        let message = format!("`{method}` is not for this page: expected one of {allowed}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message).with(ALLOW, allowed)
    }

    /// Nobody knows who asks, and that matters; or the credentials are wrong. The challenge says how to identify oneself.
    pub(crate) fn unauthorized(challenge: HeaderValue, message: impl Display) -> Self {
        let mut refusal = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message);
        refusal.headers.push((WWW_AUTHENTICATE, challenge));
        refusal
    }

    /// Who asks may not do this.
    pub(crate) fn denied(message: impl Display) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// A way of asking that we do not have.
    pub(crate) fn unsupported(message: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
    }

    /// More at a time than the registry takes, of what is named.
    pub(crate) fn too_many_requests(what: &str) -> Self {
        let message = format!("too many {what} at a time: try again in a second");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message).with(RETRY_AFTER, "1")
    }

    /// No byte of the range exists.
    pub(crate) fn range_not_satisfiable(size: u64) -> Self {
        let message = format!("the range is outside of the blob: expected a part of its {size} bytes");
        let refusal = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", message);
        refusal.with(CONTENT_RANGE, &format!("bytes */{size}"))
    }

    /// Something that is not the client's fault: it goes to the log, with its place.
    pub(crate) fn internal(reason: impl Display) -> Self {
        tracing::error!("a request failed: {reason}");
        let message = "the registry cannot read its own files: its log says which";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", message)
    }

    /// The registry cannot write just now.
    fn unable(error: &StoreError, reason: &str) -> Self {
        tracing::error!("a request failed: {error}");
        let message = format!("the registry cannot keep this: {reason}");
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "DENIED", message)
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

/// What the client can do something about is told; the rest goes to the log.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Document { .. } => Self::manifest_invalid(error),
            StoreError::Wrong { .. } => Self::digest_invalid(error),
            StoreError::Missing { .. } => Self::new(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN", error),
            StoreError::Moved { .. } => Self::new(StatusCode::PRECONDITION_FAILED, "DENIED", error),
            StoreError::Needed { .. } => Self::new(StatusCode::METHOD_NOT_ALLOWED, "DENIED", error),
            StoreError::TooLong { .. } => Self::name_invalid(error),
            StoreError::File { .. } if error.is_full_disk() => {
                Self::unable(&error, "its disk is full: free some, or try later")
            }
            StoreError::File { .. } if error.is_read_only() => {
                Self::unable(&error, "its disk is only read: it cannot take anything")
            }
            StoreError::File { .. } | StoreError::Damaged { .. } => Self::internal(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body { errors: [Entry { code: self.code, message: &self.message }] };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (self.status, content_type, body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_body_is_the_one_of_the_specification() {
        let response = ApiError::method_not_allowed(&Method::PUT, "GET, HEAD").into_response();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()[ALLOW], "GET, HEAD");
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let expected =
            r#"{"errors":[{"code":"UNSUPPORTED","message":"`PUT` is not for this page: expected one of GET, HEAD"}]}"#;
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
