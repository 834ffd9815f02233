//! The tags of a remote repository.
//!
//! In: nothing. Out: all tags, from all pages, sorted.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags>.

use std::collections::BTreeSet;

use oci::Tag;
use reqwest::StatusCode;
use serde::Deserialize;

use super::Remote;
use super::pages::Page;
use crate::client::error::During;
use crate::client::http::shown;
use crate::client::{ClientError, ClientFault};

/// How many tags are asked for at once; registries give fewer where they like.
const PAGE: usize = 1000;
/// More than that are not kept in memory.
const MOST_TAGS: usize = 1_000_000;

#[derive(Deserialize)]
struct List {
    tags: Option<Vec<String>>,
}

impl Remote {
    /// All tags in ASCII order; none where there is no such repository.
    pub async fn tags(&self) -> Result<Vec<Tag>, ClientError> {
        self.list_tags().await.during(|| format!("list the tags of `{self}`"))
    }

    pub(crate) async fn list_tags(&self) -> Result<Vec<Tag>, ClientFault> {
        let first = self.url(&format!("tags/list?n={PAGE}")).await?;
        let shown = shown(&first);
        let unexpected =
            |found: &str, expected| ClientFault::Unexpected { url: shown.clone(), found: found.to_owned(), expected };
        let mut pages = self.pages(first, "application/json");
        let mut tags = BTreeSet::new();
        while let Some(page) = pages.next().await? {
            let bytes = match page {
                Page::Part { bytes, .. } => bytes,
                Page::Other(answer) if answer.status() == StatusCode::NOT_FOUND => break,
                Page::Other(answer) => return Err(answer.refusal().await),
            };
            let list: List = serde_json::from_slice(&bytes)
                .map_err(|_| unexpected("answered something that cannot be read", "JSON with `tags`"))?;
            // What is no tag cannot be asked for.
            tags.extend(list.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse::<Tag>().ok()));
            if tags.len() > MOST_TAGS {
                return Err(unexpected("gave more than a million tags", "a list that ends"));
            }
        }
        Ok(tags.into_iter().collect())
    }
}
