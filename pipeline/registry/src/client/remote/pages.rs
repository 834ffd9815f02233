//! Lists that come in pages.
//!
//! In: the address of the first page. Out: page after page, as long as the same host gives another; never more than a bound.
//! Specification: <https://www.rfc-editor.org/rfc/rfc8288>.

use std::collections::BTreeSet;

use axum::body::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LINK};
use reqwest::{Method, StatusCode, Url};

use super::Remote;
use crate::client::ClientFault;
use crate::client::http::{Answer, Ask, leads_to, shown};
use crate::store::LARGEST_MANIFEST;

/// More pages than that are no list.
const MOST_PAGES: usize = 1000;

/// One answer in a list.
pub(crate) enum Page {
    /// A part of the list.
    Part {
        /// What kind of document.
        media_type: String,
        /// The document.
        bytes: Bytes,
    },
    /// No list, but a refusal.
    Other(Box<Answer>),
}

/// A list on its way.
pub(crate) struct Pages<'a> {
    remote: &'a Remote,
    next: Option<Url>,
    seen: BTreeSet<String>,
    accept: &'static str,
}

impl Remote {
    /// Begins with the list at an address.
    pub(crate) fn pages(&self, first: Url, accept: &'static str) -> Pages<'_> {
        Pages { remote: self, next: Some(first), seen: BTreeSet::new(), accept }
    }
}

impl Pages<'_> {
    /// The next page; nothing after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>, ClientFault> {
        let Some(url) = self.next.take() else { return Ok(None) };
        self.refuse_circles(&url)?;
        let ask = Ask::new(Method::GET, url).with(ACCEPT, self.accept);
        let answer = self.remote.ask(&ask, &self.remote.reading()).await?;
        if answer.status() != StatusCode::OK {
            return Ok(Some(Page::Other(Box::new(answer))));
        }
        self.next = following(&answer)?;
        let media_type = answer.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let bytes = answer.bytes("a page of a list", LARGEST_MANIFEST).await?;
        Ok(Some(Page::Part { media_type, bytes }))
    }

    fn refuse_circles(&mut self, url: &Url) -> Result<(), ClientFault> {
        let found = match () {
            () if !self.seen.insert(url.to_string()) => "gave a page as the next one that was there before".to_owned(),
            () if self.seen.len() > MOST_PAGES => format!("gave more than {MOST_PAGES} pages"),
            () => return Ok(()),
        };
        Err(ClientFault::Unexpected { url: shown(url), found, expected: "a list that ends" })
    }
}

/// Where the next page is, if there is one: on the same host, because credentials go there.
fn following(answer: &Answer) -> Result<Option<Url>, ClientFault> {
    let mut links = answer.headers().get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(target) = links.find_map(next_link) else { return Ok(None) };
    let next = leads_to(answer.url(), target)?;
    if next.origin() == answer.url().origin() {
        return Ok(Some(next));
    }
    let reason = "the next page of a list must be on the same host as this one";
    Err(ClientFault::Redirect { from: shown(answer.url()), to: shown(&next), reason })
}

/// The target of the link with the relation `next`.
fn next_link(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let (parameters, others) =
            after.split_once('<').map_or((after, None), |(own, _)| (own, Some(&after[own.len()..])));
        let is_next = parameters.split([';', ',']).filter_map(|parameter| parameter.trim().split_once('=')).any(
            |(name, value)| {
                let relations = value.trim().trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && relations.split(' ').any(|relation| relation.eq_ignore_ascii_case("next"))
            },
        );
        if is_next {
            return Some(target);
        }
        rest = others?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page_among_other_links() {
        for (text, expected) in [
            ("</v2/a/tags/list?n=1&last=b,c>; rel=\"next\"", Some("/v2/a/tags/list?n=1&last=b,c")),
            ("<x>; rel=prev, <y>; title=\"a;b\"; REL=\"last Next\"", Some("y")),
            ("<x>;rel=next", Some("x")),
            ("<x>; rel=\"prev\"", None),
            ("<x>", None),
            ("x; rel=next", None),
            ("<x; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_link(text), expected, "{text}");
        }
    }
}
