//! Manifests that are pushed, and their tags.
//!
//! In: the bytes, their type, and a tag or digest. Out: 201 with the digest, or why not.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests>.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::{Descriptor, Repository, Tag};
use serde::Deserialize;

use super::conditions::condition;
use super::errors::ApiError;
use super::names::parameters;
use super::receive::collect;
use super::router::{Request, about, blocking};
use crate::store::{Condition, LARGEST_MANIFEST, Push};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");
/// What a manifest's answer says about being kept: nothing, it is an answer to a push.
const CACHE: &str = "no-store";
/// So many tags may stand in one push.
const MOST_TAGS: usize = 100;

/// Answers `PUT /v2/<name>/manifests/<tag>`.
pub(crate) async fn by_tag(
    request: Request,
    body: Body,
    repository: Repository,
    tag: Tag,
) -> Result<Response, ApiError> {
    let condition = condition(request.headers());
    put(request, body, repository, None, vec![tag], condition).await
}

/// Answers `PUT /v2/<name>/manifests/<digest>`, with tags in the query or without.
pub(crate) async fn by_digest(
    request: Request,
    body: Body,
    repository: Repository,
    digest: Digest,
) -> Result<Response, ApiError> {
    let tags = parameters(request.query(), "tag")?;
    if tags.len() > MOST_TAGS {
        return Err(ApiError::too_many_tags(MOST_TAGS));
    }
    let tags: Result<Vec<Tag>, _> = tags.iter().map(|text| text.parse()).collect();
    put(request, body, repository, Some(digest), tags.map_err(ApiError::tag_invalid)?, Condition::None).await
}

async fn put(
    request: Request,
    body: Body,
    repository: Repository,
    digest: Option<Digest>,
    tags: Vec<Tag>,
    condition: Condition,
) -> Result<Response, ApiError> {
    let bytes = read(request.headers(), body).await?;
    let media_type = media_type(request.headers(), &bytes)?;
    let (store, name, wanted, shown) = (Arc::clone(request.store()), repository.clone(), digest.clone(), tags.clone());
    let blobs = request.service.blobs;
    let (descriptor, subject) = blocking(move || {
        let (digest, tags, condition) = (wanted.as_ref(), &tags[..], &condition);
        store.push_manifest(&name, Push { bytes: &bytes, media_type: &media_type, digest, tags, condition, blobs })
    })
    .await?;
    created(&repository, &descriptor, subject, digest.map(|_| shown).unwrap_or_default())
}

fn created(
    repository: &Repository,
    descriptor: &Descriptor,
    subject: Option<Digest>,
    tags: Vec<Tag>,
) -> Result<Response, ApiError> {
    let mut headers = about(&descriptor.digest, CACHE)?;
    let value = |text: String| HeaderValue::try_from(text).map_err(ApiError::internal);
    headers.insert(LOCATION, value(format!("/v2/{repository}/manifests/{}", descriptor.digest))?);
    if let Some(subject) = subject {
        headers.insert(SUBJECT, value(subject.to_string())?);
    }
    for tag in tags {
        headers.append(TAG, value(tag.to_string())?);
    }
    Ok((StatusCode::CREATED, headers).into_response())
}

/// All bytes of a manifest, and no more than one may have.
async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, ApiError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|size| size > LARGEST_MANIFEST) {
        return Err(ApiError::manifest_too_large(LARGEST_MANIFEST));
    }
    collect(body, LARGEST_MANIFEST).await?.ok_or_else(|| ApiError::manifest_too_large(LARGEST_MANIFEST))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: Option<String>,
}

/// What the client says that the bytes are, without parameters; what they say themselves must be the same.
fn media_type(headers: &HeaderMap, bytes: &[u8]) -> Result<String, ApiError> {
    let own: Typed = serde_json::from_slice(bytes)
        .map_err(|reason| ApiError::manifest_invalid(format!("the manifest is no JSON object: {reason}")))?;
    let header = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said = header.map(|text| text.split(';').next().unwrap_or_default().trim()).filter(|text| !text.is_empty());
    match (said, own.media_type.as_deref()) {
        (Some(said), Some(own)) if said != own => Err(ApiError::manifest_invalid(format!(
            "the header says `{said}` and the manifest says `{own}`: expected the same `mediaType` in both"
        ))),
        (Some(found), _) | (None, Some(found)) => Ok(found.to_owned()),
        (None, None) => Err(ApiError::manifest_invalid(
            "nothing says what the manifest is: expected the header `Content-Type`, or `mediaType` in the manifest",
        )),
    }
}
