//! An answer: its status and headers now, its body piece by piece, never more than was bargained for.
//!
//! In: the HTTP library's response. Out: bytes up to a bound, a refusal in words, or the address that the answer leads to.

use std::time::Duration;

use axum::body::Bytes;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::time::timeout;

use super::super::ClientFault;
use super::address::{leads_to, shown};
use super::refusal::{LARGEST_REFUSAL, Refusal};
use super::trust;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    method: Method,
    url: Url,
    own: bool,
    response: Response,
    stall: Duration,
    hint: Option<String>,
}

impl Answer {
    /// The answer of `url`; `own` where that is the host which credentials are for.
    pub(crate) fn new(method: Method, url: Url, own: bool, response: Response, stall: Duration) -> Self {
        Self { method, url, own, response, stall, hint: None }
    }

    /// What was asked for.
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// Who answered, after all redirects.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the host answered which credentials are for.
    pub(crate) fn is_own(&self) -> bool {
        self.own
    }

    /// How long it may stand still.
    pub(crate) fn stall(&self) -> Duration {
        self.stall
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// All headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The same answer; if it is a refusal, this is what to do about it.
    pub(crate) fn hinting(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The next bytes of the body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, ClientFault> {
        match timeout(self.stall, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| trust::fault_of(&self.url, &error)),
            Err(_) => Err(ClientFault::Silent { url: shown(&self.url), waited: self.stall }),
        }
    }

    /// The whole body of something that has at most `limit` bytes.
    pub(crate) async fn bytes(mut self, what: &'static str, limit: u64) -> Result<Bytes, ClientFault> {
        let (url, patience) = (shown(&self.url), self.stall * 2);
        let read = async {
            let bytes = self.up_to(limit).await?;
            bytes.ok_or_else(|| ClientFault::TooLarge { url: url.clone(), what, limit })
        };
        timeout(patience, read)
            .await
            .unwrap_or_else(|_| Err(ClientFault::Silent { url: url.clone(), waited: patience }))
    }

    /// The body, or nothing where it is larger.
    async fn up_to(&mut self, limit: u64) -> Result<Option<Bytes>, ClientFault> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes.into()))
    }

    /// Reads what is left if it is little, so that the connection serves again.
    pub(crate) async fn finish(mut self) {
        let patience = self.stall.min(Duration::from_secs(5));
        // A body that is too long, too slow or broken costs a connection, and nothing else.
        let _ = timeout(patience, self.up_to(LARGEST_REFUSAL)).await;
    }

    /// The answer as a refusal.
    pub(crate) async fn refusal(mut self) -> ClientFault {
        let mut body = Vec::new();
        let reading = async {
            while let Ok(Some(chunk)) = self.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() as u64 > LARGEST_REFUSAL {
                    break;
                }
            }
        };
        // Whatever came in time is shown.
        let _ = timeout(Duration::from_secs(10), reading).await;
        body.truncate(usize::try_from(LARGEST_REFUSAL).unwrap_or(usize::MAX));
        let refusal = Refusal::new(&self.method, &self.url, self.status(), self.headers(), &body);
        ClientFault::Refused(Box::new(Refusal { hint: self.hint, ..refusal }))
    }

    /// Where the answer leads.
    pub(crate) fn location(&self) -> Result<Url, ClientFault> {
        let location = self.header(LOCATION.as_str()).ok_or_else(|| {
            self.unexpected(format!("answered {} without `Location`", self.status()), "the address to go on with")
        })?;
        leads_to(&self.url, location)
    }

    /// Something in the answer that the specification does not allow.
    pub(crate) fn unexpected(&self, found: String, expected: &'static str) -> ClientFault {
        ClientFault::Unexpected { url: shown(&self.url), found, expected }
    }
}
