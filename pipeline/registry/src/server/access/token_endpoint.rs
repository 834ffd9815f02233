//! `/token`: where clients get tokens.
//!
//! In: credentials or none, and scopes. Out: a token for the part of the scopes that is allowed; that this may be nothing is no error.
//! Specifications: <https://distribution.github.io/distribution/spec/auth/token/> (GET), <https://distribution.github.io/distribution/spec/auth/oauth/> (POST).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;

use super::Access;
use super::challenge::{TOKEN_PATH, basic};
use super::credentials::{Credentials, Login};
use super::identity::Asker;
use super::scope::Scope;
use super::tokens::{Claims, LIFETIME};
use crate::server::errors::ApiError;

/// Larger forms are refused.
const LARGEST_FORM: usize = 64 * 1024;
/// How many scopes a token may have: it is sent with each request.
const MOST_SCOPES: usize = 50;
/// The one way in which we give tokens to those who POST.
const GRANT_TYPE: &str = "password";

/// What clients get; `token` is for older ones.
#[derive(Serialize)]
struct Answer<'a> {
    token: &'a str,
    access_token: &'a str,
    expires_in: i64,
    issued_at: String,
}

/// The parameters of a query or a form.
struct Parameters(Vec<(String, String)>);

/// The route; none where there are no users.
pub(super) fn router(access: &Arc<Access>) -> Router {
    match access.accounts {
        Some(_) => Router::new().route(TOKEN_PATH, get(by_query).post(by_form)).with_state(Arc::clone(access)),
        None => Router::new(),
    }
}

async fn by_query(State(access): State<Arc<Access>>, request: Request) -> Result<Response, ApiError> {
    let head = request.into_parts().0;
    let parameters = Parameters::read(head.uri.query().unwrap_or_default().as_bytes());
    let credentials = Credentials::of(&head.headers);
    give(&access, &head, credentials, &parameters).await
}

async fn by_form(State(access): State<Arc<Access>>, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let form: Bytes = axum::body::to_bytes(body, LARGEST_FORM)
        .await
        .map_err(|_| ApiError::unsupported("the form did not come whole: expected at most 64 KiB"))?;
    let parameters = Parameters::read(&form);
    if parameters.get("grant_type") != Some(GRANT_TYPE) {
        return Err(ApiError::unsupported("the grant type is not supported: expected `grant_type=password`"));
    }
    let text = |name| parameters.get(name).unwrap_or_default().to_owned();
    let credentials = match parameters.get("username") {
        Some(user) => Credentials::Basic(Login { user: user.to_owned(), password: text("password") }),
        None => Credentials::of(&head.headers),
    };
    give(&access, &head, credentials, &parameters).await
}

/// Gives a token to a user, and to nobody in particular where anybody is welcome.
async fn give(
    access: &Access,
    head: &Parts,
    credentials: Credentials,
    parameters: &Parameters,
) -> Result<Response, ApiError> {
    let refused = || ApiError::unauthorized(basic(), "user or password is wrong");
    let Some(accounts) = &access.accounts else { return Err(refused()) };
    if matches!(credentials, Credentials::Bearer(_)) {
        return Err(refused());
    }
    let asker = access.identify_by(head, credentials).await.map_err(|wrong| match wrong {
        Some(_) => refused(),
        None => ApiError::too_many_requests("passwords to be checked"),
    })?;
    if asker.user.is_none() && !access.anonymous {
        return Err(refused());
    }
    let issued = Timestamp::now();
    let scopes = parameters.scopes()?;
    let claims = claims(access, asker, &scopes, issued.as_second());
    answer(&accounts.tokens.sign(&claims), issued)
}

fn claims(access: &Access, asker: Asker, wanted: &[Scope], issued: i64) -> Claims {
    let narrowed = wanted.iter().filter_map(|scope| scope.narrow(|need| access.may(&asker, need)));
    Claims { access: narrowed.collect(), issued, expires: issued + LIFETIME, user: asker.user }
}

fn answer(token: &str, issued: Timestamp) -> Result<Response, ApiError> {
    let issued_at = format!("{issued:.0}");
    let answer = Answer { token, access_token: token, expires_in: LIFETIME, issued_at };
    let body = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response())
}

impl Parameters {
    fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The scopes, each in a parameter of its own or several in one; what is no scope is left out.
    fn scopes(&self) -> Result<Vec<Scope>, ApiError> {
        let texts = self.0.iter().filter(|(key, _)| key == "scope").flat_map(|(_, value)| value.split_whitespace());
        let scopes: Vec<Scope> = texts.filter_map(Scope::parse).take(MOST_SCOPES + 1).collect();
        if scopes.len() > MOST_SCOPES {
            return Err(ApiError::unsupported("a token is for at most 50 scopes: ask for several tokens"));
        }
        Ok(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_come_one_or_several_to_a_parameter() {
        let query =
            b"service=x&scope=repository%3Aa%3Apull&scope=repository:b:pull+registry:catalog:*&scope=&scope=nonsense";
        let scopes = Parameters::read(query).scopes().unwrap();
        let texts: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["repository:a:pull", "repository:b:pull", "registry:catalog:*"]);
    }

    #[test]
    fn a_token_cannot_be_made_too_large_to_be_sent() {
        let query = |count| "scope=repository:a:pull&".repeat(count);
        assert_eq!(Parameters::read(query(MOST_SCOPES).as_bytes()).scopes().unwrap().len(), MOST_SCOPES);
        assert!(Parameters::read(query(MOST_SCOPES + 1).as_bytes()).scopes().is_err());
    }
}
