//! One service that is asked over HTTP: bounded answers, bounded patience, tried again where that may help.
//!
//! In: a question. Out: the bytes of the answer, or a [`KeylessError`] that names service, address and question. Redirects are not followed:
//! they would carry a token to somebody whom the settings do not name. Proxies come from the environment, as for the archive.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Certificate, ClientBuilder, RequestBuilder, Response, Url, header, redirect};

use super::KeylessError;
use crate::RetryPolicy;
use crate::client_error::shown;
use crate::failure::chain;
use crate::retry::parse_retry_after;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No file of certificate authorities is larger.
const LARGEST_BUNDLE: usize = 16 * 1024 * 1024;
/// Of what a refusing service says, this much is read.
const LARGEST_REFUSAL: usize = 8 * 1024;
/// Of that, this much is shown, without words that are longer than a token's shortest part.
const LONGEST_SHOWN: usize = 300;
const LONGEST_WORD: usize = 40;

/// How long is waited, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) retry: RetryPolicy,
    /// How long one answer may take.
    pub(super) answer: Duration,
}

/// Who is asked.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) url: Url,
    pub(super) http: reqwest::Client,
    pub(super) patience: Patience,
}

/// What is sought, in words, and how long the answer may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    pub(super) asked: &'static str,
    pub(super) most: usize,
}

impl Default for Patience {
    fn default() -> Self {
        // A log collects entries for some seconds before it answers.
        Self { retry: RetryPolicy::default(), answer: Duration::from_mins(1) }
    }
}

impl Service {
    /// The address of a path below the service's own.
    pub(super) fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    /// Posts a body, as often as the patience allows.
    pub(super) async fn post(
        &self,
        url: &Url,
        kind: &'static str,
        body: Vec<u8>,
        sought: Sought,
    ) -> Result<Vec<u8>, KeylessError> {
        let request = || self.http.post(url.clone()).header(header::CONTENT_TYPE, kind).body(body.clone());
        self.ask(request, sought).await
    }

    /// Asks, as often as the patience allows.
    pub(super) async fn ask(
        &self,
        request: impl Fn() -> RequestBuilder,
        sought: Sought,
    ) -> Result<Vec<u8>, KeylessError> {
        let mut attempt = 1;
        loop {
            let error = match self.ask_once(request(), sought).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => error,
            };
            let again =
                error.is_transient().then(|| self.patience.retry.wait_after(attempt, error.retry_after())).flatten();
            let Some(wait) = again else { return Err(error) };
            tracing::warn!("attempt {attempt} failed, trying again: {error}");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn ask_once(&self, request: RequestBuilder, sought: Sought) -> Result<Vec<u8>, KeylessError> {
        let response = request.timeout(self.patience.answer).send().await.map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refused(response, sought).await);
        }
        let too_large = || {
            let (service, url) = (self.name, shown(&self.url));
            KeylessError::TooLarge { service, url, asked: sought.asked, most: sought.most }
        };
        self.read(response, sought.most).await?.ok_or_else(too_large)
    }

    async fn refused(&self, response: Response, sought: Sought) -> KeylessError {
        let status = response.status().as_u16();
        let asked_wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = asked_wait.and_then(|value| parse_retry_after(value, Timestamp::now()));
        let said = self.read(response, LARGEST_REFUSAL).await.ok().flatten().unwrap_or_default();
        let (service, url) = (self.name, shown(&self.url));
        KeylessError::Refused { service, url, asked: sought.asked, status, said: harmless(&said), retry_after }
    }

    /// The whole body; nothing if it is longer than `most`.
    async fn read(&self, mut response: Response, most: usize) -> Result<Option<Vec<u8>>, KeylessError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if bytes.len() + chunk.len() > most {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }

    fn unreachable(&self, error: reqwest::Error) -> KeylessError {
        // The address may hold a secret of the runner.
        let error = error.without_url();
        let reason = error.source().map_or_else(|| error.to_string(), chain);
        KeylessError::Unreachable { service: self.name, url: shown(&self.url), reason }
    }

    /// An answer that is not what was sought.
    pub(super) fn answered(&self, sought: Sought, reason: impl Into<String>) -> KeylessError {
        KeylessError::Answer { service: self.name, url: shown(&self.url), asked: sought.asked, reason: reason.into() }
    }
}

/// A service's words without what may be part of a token: long words.
fn harmless(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let of_token = |letter: char| letter.is_ascii_alphanumeric() || "-_.+/=".contains(letter);
    let mut shown = String::new();
    let mut rest = text.as_ref();
    while !rest.is_empty() {
        let end = rest.find(|letter| !of_token(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(if word.len() > LONGEST_WORD { "…" } else { word });
        let other = after.find(of_token).unwrap_or(after.len());
        shown.extend(after[..other].chars().filter(|letter| !letter.is_control()));
        rest = &after[other..];
    }
    if shown.trim().is_empty() {
        "it said nothing".to_owned()
    } else {
        shown.trim().chars().take(LONGEST_SHOWN).collect()
    }
}

/// The client of all services; a machine without certificate authorities has only those of the files.
pub(super) fn client(authorities: &[PathBuf]) -> Result<reqwest::Client, KeylessError> {
    let authorities = authorities.iter().map(|path| read_authorities(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let setup = |error: reqwest::Error| KeylessError::Setup(chain(&error));
    match builder().tls_certs_merge(authorities.clone()).build() {
        Ok(client) => Ok(client),
        Err(error) => {
            tracing::warn!("the system's certificate authorities cannot be used: {}", chain(&error));
            builder().tls_certs_only(authorities).build().map_err(setup)
        }
    }
}

fn builder() -> ClientBuilder {
    let agent = concat!("bedplate/", env!("CARGO_PKG_VERSION"));
    reqwest::Client::builder().user_agent(agent).connect_timeout(CONNECT_TIMEOUT).redirect(redirect::Policy::none())
}

fn read_authorities(path: &Path) -> Result<Vec<Certificate>, KeylessError> {
    let refused = |reason: String| KeylessError::File { path: path.to_owned(), reason };
    let bytes = super::signer::read_file(path, LARGEST_BUNDLE)?;
    let found = Certificate::from_pem_bundle(&bytes).map_err(|error| refused(chain(&error)))?;
    if found.is_empty() { Err(refused("it has no certificate".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_is_shown_without_tokens() {
        let token = format!("eyJhbGciOi{}.e30.c2ln", "x".repeat(60));
        let said = format!("{{\"message\":\"bad token {token}\\n\", \"url\": \"https://token.example/a\"}}\n\u{1b}[2J");
        let shown = harmless(said.as_bytes());
        assert!(shown.starts_with("{\"message\":\"bad token …"), "{shown}");
        assert!(!shown.contains("eyJ") && !shown.contains('\u{1b}') && shown.contains("token.example/a"), "{shown}");
        assert_eq!(harmless(b" \n"), "it said nothing");
        assert!(harmless("ä ".repeat(9_000).as_bytes()).chars().count() <= LONGEST_SHOWN);
    }

    #[test]
    fn a_path_goes_below_the_address() {
        let at = |text: &str| {
            let (http, patience) = (reqwest::Client::new(), Patience::default());
            let service = Service { name: "Fulcio", url: Url::parse(text).unwrap(), http, patience };
            service.below("api/v2/signingCert").to_string()
        };
        assert_eq!(at("https://fulcio.example"), "https://fulcio.example/api/v2/signingCert");
        assert_eq!(at("https://fulcio.example/team/"), "https://fulcio.example/team/api/v2/signingCert");
    }
}
