//! Referrers over the network: what speaks about a digest, such as signatures, inventories and statements.
//!
//! In: a repository, a digest, and maybe an artifact type. Out: an image index of them, empty where there are none.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers>.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK};
use axum::response::{IntoResponse, Response};
use blob::Digest;
use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX, Repository};

use super::errors::ApiError;
use super::names::{encode, parameter};
use super::router::{Request, blocking};

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// Clients refuse manifests over 4 MiB: a page stays below, with room for its frame.
const LARGEST_PAGE: usize = oci::LARGEST_DOCUMENT - 4096;

/// Answers `/v2/<name>/referrers/<digest>`; never 404, because clients would then look for the tag that older registries need.
pub(crate) async fn list(request: Request, repository: Repository, digest: Digest) -> Result<Response, ApiError> {
    let wanted = parameter(request.query(), "artifactType")?.filter(|text| !text.is_empty());
    let last = parameter(request.query(), "last")?;
    let (store, name, subject) = (Arc::clone(request.store()), repository.clone(), digest.clone());
    let all = blocking(move || store.referrers(&name, &subject)).await?;
    let fits = |one: &Descriptor| wanted.is_none() || one.artifact_type == wanted;
    let comes_later = |one: &Descriptor| last.as_ref().is_none_or(|last| one.digest.to_string() > *last);
    let (page, next) = page(all.into_iter().filter(|one| fits(one) && comes_later(one)), LARGEST_PAGE);
    let path = format!("/v2/{repository}/referrers/{digest}");
    let link = next.map(|last| link(&path, wanted.as_deref(), &last));
    let headers = headers(wanted.as_deref(), link.as_deref())?;
    Ok((headers, ImageIndex::new(page).to_bytes()).into_response())
}

fn headers(filter: Option<&str>, link: Option<&str>) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_INDEX))]);
    if filter.is_some() {
        headers.insert(FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    if let Some(link) = link {
        headers.insert(LINK, link.parse().map_err(ApiError::internal)?);
    }
    Ok(headers)
}

fn link(path: &str, filter: Option<&str>, last: &Digest) -> String {
    let filter = filter.map(|text| format!("artifactType={}&", encode(text))).unwrap_or_default();
    format!("<{path}?{filter}last={last}>; rel=\"next\"")
}

/// As many as fit, and the last one's digest where more come after it.
fn page(all: impl Iterator<Item = Descriptor>, largest: usize) -> (Vec<Descriptor>, Option<Digest>) {
    let (mut taken, mut size) = (Vec::<Descriptor>::new(), 0);
    for descriptor in all {
        size += serde_json::to_vec(&descriptor).map_or(0, |bytes| bytes.len() + 1);
        if size > largest && !taken.is_empty() {
            let last = taken.last().map(|last| last.digest.clone());
            return (taken, last);
        }
        taken.push(descriptor);
    }
    (taken, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_what_fits_and_names_where_the_next_begins() {
        let all: Vec<_> = (0..5).map(|number| Descriptor::of("a", format!("{number}").as_bytes())).collect();
        let size = serde_json::to_vec(&all[0]).unwrap().len() + 1;
        let (taken, next) = page(all.iter().cloned(), 2 * size);
        assert_eq!((&taken[..], next), (&all[..2], Some(all[1].digest.clone())));
        assert_eq!(page(all.iter().cloned(), 5 * size), (all.clone(), None));
        assert_eq!(page(all.iter().cloned(), 1).0, all[..1], "always at least one");
    }

    #[test]
    fn the_link_keeps_the_filter() {
        let digest = Digest::of("");
        let expected = format!("</v2/a/referrers/x?artifactType=application/spdx%2Bjson&last={digest}>; rel=\"next\"");
        assert_eq!(link("/v2/a/referrers/x", Some("application/spdx+json"), &digest), expected);
    }
}
