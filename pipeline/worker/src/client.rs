//! The HTTP client of the archive: bounded answers, bounded patience, and every failure sorted.
//!
//! In: an address, and for a file that an index names its digest and size. Out: bytes, or a whole checked file on disk.
//! Proxies come from the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`). What an answer means is not known here.

use std::path::Path;
use std::time::Duration;

use blob::{Digest, Verdict};
use jiff::Timestamp;
use reqwest::redirect::{self, Attempt};
use reqwest::{ClientBuilder, RequestBuilder, Response, StatusCode, Url, header};

use crate::client_error::shown;
use crate::failure::chain;
use crate::progress::Tally;
use crate::retry::parse_retry_after;
use crate::{ClientError, Event, NewFile, Reporter, RetryPolicy, blocking};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an answer may stand still.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// More redirects than that are a circle, or a maze.
const MOST_REDIRECTS: usize = 5;
/// A transfer slower than this, over its whole length, is given up: else one byte now and then would hold us for ever.
const SLOWEST_BYTES_PER_SECOND: u64 = 20_000;

/// Fetches files; cheap to clone, clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    retry: RetryPolicy,
    reporter: Reporter,
}

/// A file that a verified index names.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    pub(crate) url: Url,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

impl Client {
    /// Makes a client that tells `reporter` whenever it tries something again.
    pub fn new(retry: RetryPolicy, reporter: Reporter) -> Result<Self, ClientError> {
        Self::of(builder(), retry, reporter)
    }

    /// Makes a client for servers whose bytes nobody has signed: it follows few redirects, and none that gives encryption up.
    pub(crate) fn careful(retry: RetryPolicy, reporter: Reporter) -> Result<Self, ClientError> {
        Self::of(builder().redirect(redirect::Policy::custom(follow)), retry, reporter)
    }

    fn of(builder: ClientBuilder, retry: RetryPolicy, reporter: Reporter) -> Result<Self, ClientError> {
        let http = builder.build().map_err(|source| ClientError::Setup { source })?;
        Ok(Self { http, retry, reporter })
    }

    /// A request that nothing is set of but its address.
    pub(crate) fn request(&self, url: &Url) -> RequestBuilder {
        self.http.get(url.clone())
    }

    /// Whom it tells.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Reads a file whose content nobody vouches for yet: at most `limit` bytes, past every cache on the way.
    pub async fn read(&self, url: &Url, limit: u64) -> Result<Vec<u8>, ClientError> {
        let mut attempt = 1;
        loop {
            match self.read_once(url, limit).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => self.wait_or_give_up(url, &mut attempt, error).await?,
            }
        }
    }

    /// Downloads a file, checks it while it streams, and gives it its name only when it is whole.
    pub(crate) async fn download(&self, file: &RemoteFile, target: &Path, tally: &Tally) -> Result<(), ClientError> {
        let mut attempt = 1;
        loop {
            let mut counted = 0;
            match self
                .download_once(file, target, &mut |bytes| {
                    counted += bytes;
                    tally.add(bytes);
                })
                .await
            {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tally.withdraw(counted);
                    self.wait_or_give_up(&file.url, &mut attempt, error).await?;
                }
            }
        }
    }

    /// Waits as long as after a transfer's attempt of this number.
    pub(crate) async fn pause(&self, attempt: u32) {
        tokio::time::sleep(self.retry.wait_after(attempt, None).unwrap_or(self.retry.longest_delay)).await;
    }

    async fn read_once(&self, url: &Url, limit: u64) -> Result<Vec<u8>, ClientError> {
        let request = self.http.get(url.clone()).header(header::CACHE_CONTROL, "no-cache");
        let mut response = get(request, url, limit).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| interrupted(url, error))? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(ClientError::TooLarge { url: shown(url), limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn download_once(
        &self,
        file: &RemoteFile,
        target: &Path,
        count: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), ClientError> {
        let RemoteFile { url, digest, size } = file;
        let mismatch = |source| ClientError::Mismatch { url: shown(url), source };
        let mut response = get(self.http.get(url.clone()), url, *size).await?;
        let mut verdict = Verdict::new(digest.clone(), *size);
        let mut new_file = NewFile::create(target)?;
        while let Some(chunk) = response.chunk().await.map_err(|error| interrupted(url, error))? {
            verdict.update(&chunk).map_err(mismatch)?;
            // Writing a chunk goes to the page cache; only `commit` waits for the disk.
            new_file.write(&chunk)?;
            count(chunk.len() as u64);
        }
        verdict.finish().map_err(mismatch)?;
        Ok(blocking(move || new_file.commit()).await?)
    }

    /// Waits before the next attempt, or gives the error back where another is vain.
    pub(crate) async fn wait_or_give_up(
        &self,
        url: &Url,
        attempt: &mut u32,
        error: ClientError,
    ) -> Result<(), ClientError> {
        let again = error.is_transient().then(|| self.retry.wait_after(*attempt, error.retry_after())).flatten();
        let Some(after) = again else { return Err(error) };
        (self.reporter)(Event::Retrying {
            what: shown(url),
            attempt: *attempt,
            after,
            reason: chain(&error),
            whose: error.whose(),
        });
        tokio::time::sleep(after).await;
        *attempt += 1;
        Ok(())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("retry", &self.retry).finish_non_exhaustive()
    }
}

/// The address of a path below an archive's base. A path that leads out of the base is refused.
pub(crate) fn locate(base: &Url, path: &str) -> Result<Url, ClientError> {
    let bad = || ClientError::BadPath { path: path.chars().take(200).collect() };
    if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(bad());
    }
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| bad())?.pop_if_empty().extend(path.split('/'));
    Ok(url)
}

fn builder() -> ClientBuilder {
    let agent = concat!("bedplate/", env!("CARGO_PKG_VERSION"));
    reqwest::Client::builder().user_agent(agent).connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT)
}

fn follow(attempt: Attempt<'_>) -> redirect::Action {
    let before = attempt.previous().last().map(Url::scheme);
    match attempt.url().scheme() {
        _ if attempt.previous().len() > MOST_REDIRECTS => attempt.error("it is one redirect of too many"),
        "https" => attempt.follow(),
        scheme if Some(scheme) == before => attempt.follow(),
        _ => attempt.error("it is a redirect to another scheme"),
    }
}

/// Sends a request for a file of about so many bytes, and sorts every answer that is not the file.
async fn get(request: RequestBuilder, url: &Url, bytes: u64) -> Result<Response, ClientError> {
    let patience = READ_TIMEOUT * 2 + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND);
    let response = request.timeout(patience).send().await.map_err(|error| unsent(url, error))?;
    match response.status() {
        StatusCode::OK => Ok(response),
        status => Err(ClientError::from_status(url, status, asked_delay(&response))),
    }
}

/// Sorts why there is no answer.
pub(crate) fn unsent(url: &Url, error: reqwest::Error) -> ClientError {
    let (url, redirect, source) = (shown(url), error.is_redirect(), error.without_url());
    if redirect { ClientError::Redirect { url, source } } else { ClientError::Unreachable { url, source } }
}

pub(crate) fn interrupted(url: &Url, error: reqwest::Error) -> ClientError {
    ClientError::Interrupted { url: shown(url), source: error.without_url() }
}

pub(crate) fn asked_delay(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(value, Timestamp::now())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::silent;
    use crate::test_server::{Answer, TestServer, impatient};

    async fn read(answers: &'static [Answer]) -> (Result<Vec<u8>, ClientError>, usize) {
        let server = TestServer::start(|_, nth| answers[nth.min(answers.len() - 1)].clone()).await;
        let client = Client::new(impatient(), silent()).unwrap();
        let result = client.read(&server.url("dists/trixie/InRelease"), 10).await;
        (result, server.requests().len())
    }

    #[tokio::test]
    async fn tries_again_what_may_pass_and_tells_so() {
        let (result, requests) = read(&[Answer::Status(503), Answer::Truncated(b"hel"), Answer::Bytes(b"hello")]).await;
        assert_eq!((result.unwrap().as_slice(), requests), (&b"hello"[..], 3));
    }

    #[tokio::test]
    async fn gives_up_after_the_last_attempt_and_at_once_where_trying_is_vain() {
        let (result, requests) = read(&[Answer::Status(500)]).await;
        assert!(matches!(result, Err(ClientError::Status { .. })), "{result:?}");
        assert_eq!(requests, 3);
        for (answer, text) in [
            (&[Answer::Status(404)], "the mirror does not have"),
            (&[Answer::Status(403)], "is refused with status 403"),
            (&[Answer::Bytes(b"eleven byte")], "more than the 10 bytes"),
        ] {
            let (result, requests) = read(answer).await;
            let error = result.unwrap_err().to_string();
            assert!(error.contains(text) && requests == 1, "{error} after {requests}");
        }
    }

    #[tokio::test]
    async fn downloads_only_what_the_index_vouches_for_and_leaves_no_trace_of_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(|_, nth| Answer::Bytes([b"hellO", b"hello"][nth.min(1)])).await;
        let retries = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&retries);
        let reporter: Reporter = Arc::new(move |event| seen.lock().unwrap().push(event));
        let client = Client::new(impatient(), Arc::clone(&reporter)).unwrap();
        let file = RemoteFile { url: server.url("x"), digest: Digest::of("hello"), size: 5 };
        let target = folder.path().join("x");
        client.download(&file, &target, &Tally::new(reporter)).await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"hello");
        let retries = retries.lock().unwrap();
        assert!(
            matches!(&retries[2], Event::Retrying { attempt: 1, reason, .. } if reason.contains("expected sha256:2cf24d")),
            "{retries:?}"
        );
        assert_eq!(retries.last(), Some(&Event::FetchProgress { bytes: 5 }));
    }

    #[test]
    fn a_path_stays_inside_the_archive_and_is_written_as_it_is() {
        let base = Url::parse("http://mirror.example/debian").unwrap();
        let url = locate(&base, "pool/main/c/c++x/c++x_1~rc1+b1_amd64.deb").unwrap();
        assert_eq!(url.as_str(), "http://mirror.example/debian/pool/main/c/c++x/c++x_1~rc1+b1_amd64.deb");
        for path in ["../x", "/etc/passwd", "pool//x", "pool/../../x", "."] {
            assert!(locate(&base, path).is_err(), "{path}");
        }
        assert_eq!(locate(&base, "http:%2F?x#y").unwrap().host_str(), Some("mirror.example"));
    }
}
