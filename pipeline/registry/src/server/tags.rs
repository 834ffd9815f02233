//! Lists over the network: the tags of a repository, and the repositories.
//!
//! In: a repository, how many are wanted (`n`) and after which (`last`). Out: a page in ASCII order, and a link to the next one.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags>.

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, LINK};
use axum::response::{IntoResponse, Response};
use oci::{Repository, Tag};
use serde::Serialize;

use super::errors::ApiError;
use super::names::{encode, number, parameter};
use super::router::{Request, blocking, view};

#[derive(Serialize)]
struct TagList<'a> {
    name: &'a str,
    tags: &'a [String],
}

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: &'a [String],
}

/// Answers `/v2/<name>/tags/list`.
pub(crate) async fn list(request: Request, repository: Repository) -> Result<Response, ApiError> {
    let view = view(request.store(), &repository).await?;
    let page = Page::read(request.query())?;
    let (tags, is_last) = page.take(view.tags().map(Tag::as_str));
    let link = page.link(&format!("/v2/{repository}/tags/list"), &tags, is_last);
    Ok((link, json(&TagList { name: repository.as_str(), tags: &tags })?).into_response())
}

/// Answers `/v2/_catalog`.
pub(crate) async fn catalog(request: Request) -> Result<Response, ApiError> {
    let store = Arc::clone(request.store());
    let all = blocking(move || store.repositories()).await?;
    let page = Page::read(request.query())?;
    let (repositories, is_last) = page.take(all.iter().map(Repository::as_str));
    let link = page.link("/v2/_catalog", &repositories, is_last);
    Ok((link, json(&Catalog { repositories: &repositories })?).into_response())
}

fn json<T: Serialize>(value: &T) -> Result<impl IntoResponse + use<T>, ApiError> {
    let bytes = serde_json::to_vec(value).map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], bytes))
}

/// Which part of a list is wanted.
#[derive(Debug)]
struct Page {
    count: Option<usize>,
    last: Option<String>,
}

/// Whether more would come after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Reached,
    MoreToCome,
}

impl Page {
    fn read(query: Option<&str>) -> Result<Self, ApiError> {
        Ok(Self { count: number(query, "n")?, last: parameter(query, "last")? })
    }

    /// The part of a sorted list, beginning after `last`, whether or not `last` is in it.
    fn take<'a>(&self, sorted: impl Iterator<Item = &'a str>) -> (Vec<String>, End) {
        let mut rest = sorted.filter(|text| self.last.as_deref().is_none_or(|last| *text > last)).map(str::to_owned);
        let taken = rest.by_ref().take(self.count.unwrap_or(usize::MAX)).collect();
        let end = if rest.next().is_some() { End::MoreToCome } else { End::Reached };
        (taken, end)
    }

    /// The header that leads to the next page.
    fn link(&self, path: &str, taken: &[String], end: End) -> Option<[(axum::http::HeaderName, String); 1]> {
        let (count, last) = (self.count?, taken.last()?);
        let next = format!("<{path}?n={count}&last={}>; rel=\"next\"", encode(last));
        (end == End::MoreToCome).then_some([(LINK, next)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> (Vec<String>, Option<String>) {
        let page = Page::read(Some(query)).unwrap();
        let (taken, end) = page.take(["1", "2", "3", "a"].into_iter());
        let link = page.link("/v2/x/tags/list", &taken, end);
        (taken, link.map(|[(_, text)]| text))
    }

    #[test]
    fn pages_follow_each_other_without_repeating_anything() {
        assert_eq!(
            page("n=2"),
            (vec!["1".into(), "2".into()], Some("</v2/x/tags/list?n=2&last=2>; rel=\"next\"".into()))
        );
        assert_eq!(page("n=2&last=2"), (vec!["3".into(), "a".into()], None));
        assert_eq!(page("n=2&last=a"), (vec![], None));
    }

    #[test]
    fn zero_gives_nothing_and_no_link() {
        assert_eq!(page("n=0"), (vec![], None));
    }

    #[test]
    fn the_last_one_need_not_exist() {
        assert_eq!(page("last=22").0, ["3", "a"]);
        assert_eq!(page("").0.len(), 4);
    }
}
