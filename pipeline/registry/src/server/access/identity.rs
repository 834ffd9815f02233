//! Who asks, and what that means.
//!
//! In: a request's head. Out: an [`Asker`], and for each thing that is needed a [`Verdict`]. A token only narrows: what its user may do is looked up
//! each time, so that who loses a right loses it at once.

use std::sync::{Arc, OnceLock};

use axum::http::request::Parts;
use jiff::Timestamp;

use super::challenge::Wrong;
use super::credentials::{Credentials, Login};
use super::passwords::Checked;
use super::scope::Scope;
use super::{Access, Accounts, Action, Need, Peer};

/// Headers of requests that did not begin on this machine though their connection did, or that a web page made.
const NOT_OURS: [&str; 5] = ["forwarded", "x-forwarded-for", "x-real-ip", "via", "origin"];

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asker {
    /// A user whose password or token was right.
    pub(crate) user: Option<String>,
    /// Whether the request was made on this machine.
    is_local: bool,
    /// What the token is for, where there is one.
    scopes: Option<Vec<Scope>>,
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// It would be, with another token.
    TokenTooNarrow,
    Denied,
}

/// Where a request's user is written once known, for the access log; it stands in the request's extensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserSlot(Arc<OnceLock<String>>);

impl UserSlot {
    /// The user, if the request had one.
    pub(crate) fn user(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl Asker {
    /// Whether it has a good token.
    pub(crate) fn has_token(&self) -> bool {
        self.scopes.is_some()
    }
}

impl Access {
    /// Who asks; or what is wrong with the credentials, nothing if they were not looked at because too many are.
    pub(crate) async fn identify(&self, head: &Parts) -> Result<Asker, Option<Wrong>> {
        self.identify_by(head, Credentials::of(&head.headers)).await
    }

    /// The same, where credentials stand elsewhere than in the head.
    pub(crate) async fn identify_by(&self, head: &Parts, credentials: Credentials) -> Result<Asker, Option<Wrong>> {
        let nobody = Asker { user: None, is_local: is_local(head), scopes: None };
        let Some(accounts) = &self.accounts else { return Ok(nobody) };
        let asker = match credentials {
            Credentials::None => nobody,
            Credentials::Basic(login) => Asker { user: Some(accounts.check(login).await?), ..nobody },
            Credentials::Bearer(token) => self.of_token(accounts, &token, &nobody).ok_or(Some(Wrong::Token))?,
            Credentials::Unreadable => return Err(Some(Wrong::Nothing)),
        };
        if let (Some(slot), Some(user)) = (head.extensions.get::<UserSlot>(), &asker.user) {
            slot.0.get_or_init(|| user.clone());
        }
        Ok(asker)
    }

    /// A token is good for as long as its user is one, or anybody is welcome.
    fn of_token(&self, accounts: &Accounts, token: &str, nobody: &Asker) -> Option<Asker> {
        let claims = accounts.tokens.verify(token, Timestamp::now().as_second())?;
        let is_good = claims.user.as_ref().map_or(self.anonymous, |user| accounts.passwords.know(user));
        is_good.then_some(Asker { user: claims.user, scopes: Some(claims.access), is_local: nobody.is_local })
    }

    /// Whether something is allowed.
    pub(crate) fn judge(&self, asker: &Asker, need: &Need) -> Verdict {
        if !self.may(asker, need) {
            return Verdict::Denied;
        }
        let fits = asker.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope.covers(need)));
        if fits { Verdict::Allowed } else { Verdict::TokenTooNarrow }
    }

    /// The rules, without regard to what a token is for.
    pub(crate) fn may(&self, asker: &Asker, need: &Need) -> bool {
        let is_read = matches!(need, Need::Catalog | Need::Repository(_, Action::Pull));
        if self.anonymous && is_read {
            return true;
        }
        match (&asker.user, &self.accounts, need) {
            (None, _, _) => self.anonymous && self.loopback_writes && asker.is_local,
            (Some(_), None, _) => false,
            (Some(user), Some(accounts), Need::Catalog) => accounts.rules.allow_catalog(user),
            (Some(user), Some(accounts), Need::Repository(name, action)) => accounts.rules.allow(user, name, *action),
        }
    }
}

impl Accounts {
    /// The user whose password this is.
    async fn check(&self, login: Login) -> Result<String, Option<Wrong>> {
        match self.passwords.check(&login).await {
            Checked::Right => Ok(login.user),
            Checked::Wrong => Err(Some(Wrong::Nothing)),
            Checked::Busy => Err(None),
        }
    }
}

fn is_local(head: &Parts) -> bool {
    let is_loopback = head.extensions.get::<Peer>().is_some_and(|peer| peer.address.ip().to_canonical().is_loopback());
    is_loopback && !NOT_OURS.iter().any(|name| head.headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn head(address: Option<&str>, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::get("/v2/");
        if let Some(address) = address {
            request = request.extension(Peer { address: address.parse().unwrap(), encrypted: false });
        }
        let add = |request: axum::http::request::Builder, (name, value): &(&str, &str)| request.header(*name, *value);
        headers.iter().fold(request, add).body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_a_request_that_began_on_this_machine_is_local() {
        for (address, headers, expected) in [
            (Some("127.0.0.1:1"), &[][..], true),
            (Some("127.8.8.8:1"), &[], true),
            (Some("[::1]:1"), &[], true),
            (Some("[::ffff:127.0.0.1]:1"), &[], true),
            (Some("192.0.2.1:1"), &[], false),
            (Some("[::ffff:192.0.2.1]:1"), &[], false),
            (None, &[], false),
            (Some("127.0.0.1:1"), &[("x-forwarded-for", "127.0.0.1")], false),
            (Some("127.0.0.1:1"), &[("Forwarded", "for=127.0.0.1")], false),
            (Some("127.0.0.1:1"), &[("via", "1.1 proxy")], false),
            (Some("127.0.0.1:1"), &[("origin", "http://127.0.0.1:8080")], false),
        ] {
            assert_eq!(is_local(&head(address, headers)), expected, "{address:?} {headers:?}");
        }
    }

    #[tokio::test]
    async fn without_users_anybody_pulls_and_this_machine_writes() {
        let access = Access::default();
        let name: oci::Repository = "a".parse().unwrap();
        for (address, action, expected) in [
            ("192.0.2.1:1", Action::Pull, true),
            ("192.0.2.1:1", Action::Push, false),
            ("192.0.2.1:1", Action::Delete, false),
            ("127.0.0.1:1", Action::Push, true),
            ("127.0.0.1:1", Action::Delete, true),
        ] {
            let head = head(Some(address), &[("authorization", "Basic ignored")]);
            let need = Need::Repository(name.clone(), action);
            assert_eq!(access.check(&head, &[need]).await.is_ok(), expected, "{address} {action:?}");
        }
        let error = access.check(&head(Some("192.0.2.1:1"), &[]), &[Need::Repository(name, Action::Push)]).await;
        let error = error.unwrap_err();
        assert_eq!((error.status().as_u16(), error.code()), (403, "DENIED"));
    }
}
