//! One registry: where it answers, what it is known to offer, and one exchange with it.
//!
//! In: a request and what it needs to be allowed. Out: the answer to it, once the registry knows who asks; repeated while that may help.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use blob::Digest;
use oci::Repository;
use reqwest::{StatusCode, Url};
use tokio::sync::{OnceCell, Semaphore};

use super::auth::{Authority, Keyring, Means, Need};
use super::error::is_transient;
use super::http::{Answer, Ask, Retry, Transport, base_of, is_loopback};
use super::{ClientFault, ClientSettings};

/// More blobs than that are not remembered for mounting.
const MOST_REMEMBERED: usize = 100_000;
/// More rounds of asking for a pass than that are no progress.
const MOST_ROUNDS: usize = 6;

/// What all registries of one client share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ClientSettings,
    pub(crate) transport: Transport,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) transfers: Semaphore,
}

/// One registry.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Its host as it was given.
    pub(crate) host: String,
    pub(crate) shared: Arc<Shared>,
    /// It was seen to refuse uploads in several requests.
    pub(crate) refuses_chunks: AtomicBool,
    /// It was seen to keep no lists of referrers.
    pub(crate) lists_no_referrers: AtomicBool,
    base: OnceCell<Url>,
    authority: Authority,
    blobs: Mutex<HashMap<Digest, Repository>>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Registry {
    pub(crate) fn new(host: &str, shared: Arc<Shared>) -> Self {
        Self {
            host: host.to_owned(),
            refuses_chunks: AtomicBool::new(false),
            lists_no_referrers: AtomicBool::new(false),
            base: OnceCell::new(),
            authority: Authority::new(host, Arc::clone(&shared.keyring)),
            blobs: Mutex::default(),
            locks: Mutex::default(),
            shared,
        }
    }

    /// The address of something below `/v2/`.
    pub(crate) async fn url(&self, path: &str) -> Result<Url, ClientFault> {
        let base = self.base.get_or_try_init(|| self.find_base()).await?;
        base.join(&format!("/v2/{path}")).map_err(|_| ClientFault::Host { host: self.host.clone() })
    }

    /// A counter of attempts.
    pub(crate) fn retry(&self) -> Retry {
        Retry::new(&self.shared.settings)
    }

    /// Sends a request until it is answered by something else than a passing trouble.
    pub(crate) async fn ask(&self, ask: &Ask<'_>, need: &Need) -> Result<Answer, ClientFault> {
        let mut retry = self.retry();
        loop {
            match self.exchange(ask, need).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => retry.after(fault).await?,
            }
        }
    }

    /// Sends a request once; or again with credentials where they are asked for. A passing trouble is a fault, any other status an answer.
    pub(crate) async fn exchange(&self, ask: &Ask<'_>, need: &Need) -> Result<Answer, ClientFault> {
        let means = Means { transport: &self.shared.transport, settings: &self.shared.settings };
        let home = self.url("").await?;
        let mut pass = self.authority.known(need, means).await?;
        for _ in 0..MOST_ROUNDS {
            let header = pass.as_ref().map(|pass| &pass.header);
            let answer = means.transport.follow(ask, &home, header).await?;
            if answer.status() != StatusCode::UNAUTHORIZED || !answer.is_own() {
                return self.judged(answer, need).await;
            }
            let next = self.authority.next(answer.headers(), answer.url(), need, pass.as_ref(), means).await?;
            if next.is_none() {
                return self.judged(answer, need).await;
            }
            answer.finish().await;
            pass = next;
        }
        Err(ClientFault::status_of(
            &ask.url,
            &ask.method,
            StatusCode::UNAUTHORIZED,
            "a request to be allowed or refused at last",
        ))
    }

    async fn judged(&self, answer: Answer, need: &Need) -> Result<Answer, ClientFault> {
        let status = answer.status();
        if is_transient(status) {
            return Err(answer.refusal().await);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && answer.is_own() {
            return Ok(answer.hinting(self.authority.hint(need).await));
        }
        Ok(answer)
    }

    /// TLS, except where the settings say otherwise, and on this machine where there is none.
    async fn find_base(&self) -> Result<Url, ClientFault> {
        let plain = base_of("http", &self.host)?;
        let secure = base_of("https", &self.host)?;
        if self.shared.transport.is_listed_as_plain(&plain) {
            return Ok(plain);
        }
        if !is_loopback(&secure) {
            return Ok(secure);
        }
        let mut retry = self.retry();
        loop {
            match self.shared.transport.speaks_tls(&secure).await {
                Ok(true) => return Ok(secure),
                Ok(false) => return Ok(plain),
                Err(fault) => retry.after(fault).await?,
            }
        }
    }

    /// Remembers where a blob is, so that it can be mounted from there.
    pub(crate) fn remember(&self, digest: &Digest, repository: &Repository) {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        if blobs.len() < MOST_REMEMBERED {
            blobs.entry(digest.clone()).or_insert_with(|| repository.clone());
        }
    }

    /// Where a blob is known to be.
    pub(crate) fn remembered(&self, digest: &Digest) -> Option<Repository> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// A lock for something in this registry that this process must not change twice at a time.
    pub(crate) fn lock(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(name.to_owned()).or_default())
    }
}
