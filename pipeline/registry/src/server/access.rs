//! Who may do what.
//!
//! In: a request's head and what it needs. Out: nothing, or the refusal with a challenge that says how to identify oneself.
//! Specifications: <https://distribution.github.io/distribution/spec/auth/token/>, <https://www.rfc-editor.org/rfc/rfc9110#section-11>.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::request::Parts;
use oci::Repository;
use serde::{Deserialize, Serialize};

use super::errors::ApiError;
use challenge::{Challenge, Wrong};
use htpasswd::HtpasswdError;
use identity::{Asker, Verdict};
use passwords::Passwords;
use rules::Rules;
use tokens::{TokenKey, TokenKeyError};

mod challenge;
mod credentials;
mod htpasswd;
mod identity;
mod pages;
mod passwords;
mod rules;
mod scope;
mod settings;
mod token_endpoint;
mod tokens;

pub(crate) use identity::UserSlot;
pub use settings::{AccessSettings, ChallengeKind, Rule};

/// Where a request came from; it stands in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

/// What is done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read manifests, blobs, tags and referrers.
    Pull,
    /// Put blobs, manifests and tags.
    Push,
    /// Remove them.
    Delete,
}

impl Action {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// The word for it in scopes and settings.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

/// What a request needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// The list of all repositories.
    Catalog,
    /// Something with one repository.
    Repository(Repository, Action),
}

/// Who may do what. By default anybody pulls, and only clients on this machine push and delete.
#[derive(Debug)]
pub struct Access {
    anonymous: bool,
    loopback_writes: bool,
    accounts: Option<Accounts>,
}

/// Users, and how they are known.
#[derive(Debug)]
struct Accounts {
    passwords: Passwords,
    rules: Rules,
    tokens: TokenKey,
    challenge: Challenge,
}

/// Why settings of access cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The users.
    #[error(transparent)]
    Htpasswd(#[from] HtpasswdError),
    /// The key of the tokens.
    #[error(transparent)]
    TokenKey(#[from] TokenKeyError),
    /// A rule.
    #[error(
        "the rule for `{repository}` is wrong: {reason}; expected a pattern such as `team/*` or `**`, users, and some of pull, push, delete"
    )]
    Rule {
        /// Its pattern.
        repository: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address for clients.
    #[error("`external-url: {0}` is no address of a registry: expected one such as `https://registry.example.com`")]
    Address(String),
    /// Keys that only mean something where there are users.
    #[error("`{0}` is set without `htpasswd`: name a file of users, or remove `{0}`")]
    NoUsers(&'static str),
    /// The system has no random numbers.
    #[error("the system gives no random numbers for keys: see that `/dev/urandom` works")]
    Random,
}

impl Default for Access {
    fn default() -> Self {
        Self { anonymous: true, loopback_writes: true, accounts: None }
    }
}

impl Access {
    /// Reads the files that the settings name. The users' file is read again whenever it changes.
    pub fn new(settings: &AccessSettings) -> Result<Self, AccessError> {
        let challenge = Challenge::new(settings.challenge, settings.external_url.as_deref())?;
        let rules = Rules::new(&settings.rules)?;
        let accounts = match &settings.htpasswd {
            Some(path) => {
                let tokens = match &settings.token_key {
                    Some(path) => TokenKey::read(path)?,
                    None => TokenKey::random().ok_or(AccessError::Random)?,
                };
                Some(Accounts { passwords: Passwords::new(path.clone())?, rules, tokens, challenge })
            }
            None if !settings.anonymous => return Err(AccessError::NoUsers("anonymous: false")),
            None if !settings.rules.is_empty() => return Err(AccessError::NoUsers("rules")),
            None => None,
        };
        Ok(Self { anonymous: settings.anonymous, loopback_writes: settings.loopback_writes, accounts })
    }

    /// The routes by which clients get tokens; none where there are no users.
    pub(crate) fn router(self: &Arc<Self>) -> axum::Router {
        token_endpoint::router(self)
    }

    /// Whether all that is needed is allowed to who asks; a request that needs nothing asks who it is.
    pub(crate) async fn check(&self, head: &Parts, needs: &[Need]) -> Result<(), ApiError> {
        let asker = self.identify(head).await.map_err(|wrong| self.refuse(head, needs, wrong))?;
        if needs.is_empty() && !self.answers_ping(&asker) {
            return Err(self.refuse(head, needs, Some(Wrong::Nothing)));
        }
        needs.iter().try_for_each(|need| match self.judge(&asker, need) {
            Verdict::Allowed => Ok(()),
            Verdict::TokenTooNarrow => Err(self.refuse(head, needs, Some(Wrong::Scope))),
            Verdict::Denied if asker.user.is_none() && self.accounts.is_some() => {
                Err(self.refuse(head, needs, Some(Wrong::Nothing)))
            }
            Verdict::Denied => Err(ApiError::denied(self.denial(&asker, need))),
        })
    }

    /// Which repositories who asks may pull from: blobs may be mounted from these.
    pub(crate) async fn readable(self: &Arc<Self>, head: &Parts) -> impl Fn(&Repository) -> bool + Send + 'static {
        let (access, asker) = (Arc::clone(self), self.identify(head).await.ok());
        move |name| {
            let need = Need::Repository(name.clone(), Action::Pull);
            asker.as_ref().is_some_and(|asker| access.judge(asker, &need) == Verdict::Allowed)
        }
    }

    /// Clients learn from `/v2/` whether they will ever have to identify themselves: so they are asked to, even where anybody pulls.
    fn answers_ping(&self, asker: &Asker) -> bool {
        match &self.accounts {
            None => true,
            Some(_) if asker.user.is_some() => true,
            Some(accounts) => self.anonymous && (asker.has_token() || accounts.challenge.kind == ChallengeKind::Basic),
        }
    }

    /// The refusal of wrong or missing credentials; nothing wrong means that too many are being checked.
    fn refuse(&self, head: &Parts, needs: &[Need], wrong: Option<Wrong>) -> ApiError {
        let Some(wrong) = wrong else {
            return ApiError::too_many_requests("passwords to be checked");
        };
        let challenge = match &self.accounts {
            Some(accounts) => accounts.challenge.write(head, needs, wrong),
            None => challenge::basic(),
        };
        let message = match wrong {
            Wrong::Nothing => "this needs the right user and password: log in first",
            Wrong::Token => "the token is not good, or no longer: get another one",
            Wrong::Scope => "the token is not for this: get one with the scope of the challenge",
        };
        ApiError::unauthorized(challenge, message)
    }

    fn denial(&self, asker: &Asker, need: &Need) -> String {
        let what = match need {
            Need::Catalog => "the list of all repositories".to_owned(),
            Need::Repository(name, action) => format!("`{}` in `{name}`", action.as_str()),
        };
        match &asker.user {
            Some(user) => {
                format!("user `{user}` may not do this: {what}; a rule of the registry's settings must allow it")
            }
            None if self.loopback_writes => {
                format!("{what} is for clients on the registry's own machine: its settings have no users")
            }
            None => format!("{what} is for nobody: the registry's settings have no users"),
        }
    }
}
