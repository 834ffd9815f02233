//! What one registry lets the client do: its challenge, and the passes that it took.
//!
//! In: what a request needs, and, after a 401, its challenge. Out: the next [`Pass`] to try, until there is no other one.
//! Tokens are kept for each set of scopes until shortly before they expire, and asked for once, however many requests wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use oci::Repository;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};

use super::challenge::{Challenge, TokenServer};
use super::tokens::{self, Token};
use super::{Credential, Keyring, Scopes};
use crate::client::http::Transport;
use crate::client::{ClientFault, ClientSettings};

/// What a request needs to be allowed.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// The repository that it is about: credentials may be for one only.
    pub(crate) repository: Repository,
    /// What a token has to allow.
    pub(crate) scopes: Scopes,
}

/// A header to show, and what can be tried after it.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    pub(crate) header: HeaderValue,
    step: Step,
}

/// How far the attempts at a pass have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It served before, and may be worn out.
    Kept,
    /// It was made for this request.
    Fresh,
    /// There is no better one.
    Last,
}

/// A token that several requests may wait for.
type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The passes for one registry.
pub(crate) struct Authority {
    host: String,
    keyring: Arc<Keyring>,
    challenge: RwLock<Option<Challenge>>,
    passwords: Mutex<HashMap<Repository, HeaderValue>>,
    tokens: Mutex<HashMap<Scopes, Slot>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What tokens are asked for with.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) settings: &'a ClientSettings,
}

impl Authority {
    /// Nothing is known yet.
    pub(crate) fn new(host: &str, keyring: Arc<Keyring>) -> Self {
        let (challenge, passwords, tokens) = (RwLock::default(), Mutex::default(), Mutex::default());
        Self { host: host.to_owned(), keyring, challenge, passwords, tokens }
    }

    /// What to show without having been asked: nothing until the registry has asked once.
    pub(crate) async fn known(&self, need: &Need, means: Means<'_>) -> Result<Option<Pass>, ClientFault> {
        let challenge = self.challenge.read().unwrap_or_else(PoisonError::into_inner).clone();
        match challenge {
            None => Ok(None),
            Some(Challenge::Basic) => self.password(need, Step::Kept).await,
            Some(Challenge::Bearer(server)) => self.token(need, &server, means).await.map(Some),
        }
    }

    /// What to show after a 401; nothing where nothing else can be shown.
    pub(crate) async fn next(
        &self,
        headers: &HeaderMap,
        asked: &Url,
        need: &Need,
        tried: Option<&Pass>,
        means: Means<'_>,
    ) -> Result<Option<Pass>, ClientFault> {
        let Some(challenge) = Challenge::choose(headers, asked)? else { return Ok(None) };
        *self.challenge.write().unwrap_or_else(PoisonError::into_inner) = Some(challenge.clone());
        match (challenge, tried) {
            (Challenge::Basic, None) => self.password(need, Step::Kept).await,
            (Challenge::Basic, Some(pass)) if pass.step == Step::Kept => self.other_password(need, pass).await,
            (Challenge::Bearer(server), None) => self.token(need, &server, means).await.map(Some),
            (Challenge::Bearer(server), Some(pass)) => self.other_token(need, &server, pass, means).await,
            (Challenge::Basic, Some(_)) => Ok(None),
        }
    }

    /// What to do about a refusal for want of rights.
    pub(crate) async fn hint(&self, need: &Need) -> Option<String> {
        let found = self.keyring.find(&self.host, need.repository.as_str()).await.ok()?;
        let places: Vec<_> = found.places.iter().map(|path| format!("`{}`", path.display())).collect();
        let (host, places) = (&self.host, if places.is_empty() { "no file".to_owned() } else { places.join(", ") });
        Some(match found.credential {
            None => format!("there are no credentials for `{host}` in {places}: run `docker login {host}`"),
            Some(_) => format!(
                "the credentials for `{host}` from {places} do not allow it: log in again, or ask who runs the registry"
            ),
        })
    }

    async fn password(&self, need: &Need, step: Step) -> Result<Option<Pass>, ClientFault> {
        let known = self.passwords.lock().unwrap_or_else(PoisonError::into_inner).get(&need.repository).cloned();
        if let Some(header) = known {
            return Ok(Some(Pass { header, step }));
        }
        let found = self.keyring.find(&self.host, need.repository.as_str()).await?;
        let Some(Credential::Password { user, password }) = found.credential else { return Ok(None) };
        let Some(header) = tokens::basic(&user, &password) else { return Ok(None) };
        let mut passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        passwords.insert(need.repository.clone(), header.clone());
        Ok(Some(Pass { header, step }))
    }

    /// A password may have been changed, or a helper's have expired.
    async fn other_password(&self, need: &Need, refused: &Pass) -> Result<Option<Pass>, ClientFault> {
        self.keyring.forget().await;
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).remove(&need.repository);
        let pass = self.password(need, Step::Last).await?;
        Ok(pass.filter(|pass| pass.header != refused.header))
    }

    async fn token(&self, need: &Need, server: &TokenServer, means: Means<'_>) -> Result<Pass, ClientFault> {
        let slot = self.slot(&need.scopes);
        let mut slot = slot.lock().await;
        if let Some(token) = slot.as_ref().filter(|token| token.is_good()) {
            return Ok(Pass { header: token.header.clone(), step: Step::Kept });
        }
        self.fetch(need, server, &need.scopes, &mut slot, means, Step::Fresh).await
    }

    /// A token that was refused is replaced; if the new one is refused too, and the registry says that more is needed, by one that allows it.
    async fn other_token(
        &self,
        need: &Need,
        server: &TokenServer,
        refused: &Pass,
        means: Means<'_>,
    ) -> Result<Option<Pass>, ClientFault> {
        let slot = self.slot(&need.scopes);
        let mut slot = slot.lock().await;
        match refused.step {
            Step::Last => Ok(None),
            Step::Kept => match slot.as_ref().filter(|token| token.is_good() && token.header != refused.header) {
                Some(token) => Ok(Some(Pass { header: token.header.clone(), step: Step::Kept })),
                None => self.fetch(need, server, &need.scopes, &mut slot, means, Step::Fresh).await.map(Some),
            },
            Step::Fresh if need.scopes.covers(&server.scopes) => Ok(None),
            Step::Fresh => {
                let wider = need.scopes.clone().and(server.scopes.clone());
                self.fetch(need, server, &wider, &mut slot, means, Step::Last).await.map(Some)
            }
        }
    }

    async fn fetch(
        &self,
        need: &Need,
        server: &TokenServer,
        scopes: &Scopes,
        slot: &mut Option<Token>,
        means: Means<'_>,
        step: Step,
    ) -> Result<Pass, ClientFault> {
        *slot = None;
        let found = self.keyring.find(&self.host, need.repository.as_str()).await?;
        if let Some(Credential::RegistryToken(token)) = &found.credential
            && let Some(header) = tokens::bearer(token)
        {
            return Ok(Pass { header, step: Step::Last });
        }
        let Means { transport, settings } = means;
        match tokens::fetch(transport, settings, server, scopes, found.credential.as_ref()).await {
            Ok(token) => {
                let header = token.header.clone();
                *slot = Some(token);
                Ok(Pass { header, step })
            }
            Err(fault) => Err(self.explained(fault, need).await),
        }
    }

    async fn explained(&self, mut fault: ClientFault, need: &Need) -> ClientFault {
        if let ClientFault::Refused(refusal) = &mut fault
            && matches!(refusal.status.as_u16(), 400 | 401 | 403)
        {
            self.keyring.forget().await;
            refusal.hint = self.hint(need).await;
        }
        fault
    }

    fn slot(&self, scopes: &Scopes) -> Slot {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tokens.entry(scopes.clone()).or_default())
    }
}
