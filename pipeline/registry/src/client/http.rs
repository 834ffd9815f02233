//! HTTP as registries need it: one request and its answer, redirects that leak nothing, refusals in words, bounded bodies and waits.
//!
//! In: an [`Ask`]. Out: an [`Answer`], or why there is none. Who may see what is decided one floor above.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110>.

mod address;
mod answer;
mod content;
mod refusal;
mod retry;
mod transport;
mod trust;

pub(crate) use address::{base_of, is_docker_hub, is_loopback, leads_to, shown};
pub(crate) use answer::Answer;
pub(crate) use content::Content;
pub use refusal::{Refusal, RefusalEntry};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
pub(crate) use retry::Retry;
pub use retry::{backoff, parse_retry_after};
pub(crate) use transport::Transport;

/// A request that can be sent as often as needed.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content<'a>,
}

impl Ask<'_> {
    /// A request without a body.
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), content: Content::None }
    }

    /// The same request with one header more; a value that cannot be one is left out.
    pub(crate) fn with(mut self, name: reqwest::header::HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = value.as_ref().parse() {
            self.headers.insert(name, value);
        }
        self
    }
}

impl<'a> Ask<'a> {
    /// The same request with a body.
    pub(crate) fn carrying(self, content: Content<'a>) -> Self {
        Ask { content, ..self }
    }
}
