//! Tokens: short-lived, for one set of scopes, from the server that the registry names.
//!
//! In: a token server, scopes, a credential or none. Out: a [`Token`].
//! Specification: <https://distribution.github.io/distribution/spec/auth/token/>, and with an identity token
//! <https://distribution.github.io/distribution/spec/auth/oauth/>.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::super::http::{Answer, Ask, Content, Retry, Transport, shown};
use super::super::{ClientFault, ClientSettings};
use super::challenge::TokenServer;
use super::{Credential, Scopes};

/// No answer with a token is larger.
const LARGEST_ANSWER: u64 = 1024 * 1024;
/// What the client is called where that matters.
const CLIENT_ID: &str = "bedplate";
/// How long a token serves where its server does not say.
const USUAL_LIFE: u64 = 60;
/// A token is not used in the last part of its life: it has to arrive, too.
const LONGEST_MARGIN: Duration = Duration::from_secs(30);

/// A header that opens the registry for a while.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    until: Instant,
}

impl Token {
    /// Whether it will still serve when it arrives.
    pub(crate) fn is_good(&self) -> bool {
        Instant::now() < self.until
    }
}

#[derive(Deserialize)]
struct Given {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Asks for a token. Without a credential it is one for anybody.
pub(crate) async fn fetch(
    transport: &Transport,
    settings: &ClientSettings,
    server: &TokenServer,
    scopes: &Scopes,
    credential: Option<&Credential>,
) -> Result<Token, ClientFault> {
    let asked = Instant::now();
    let mut retry = Retry::new(settings);
    let given = loop {
        match ask(transport, server, scopes, credential).await {
            Ok(given) => break given,
            Err(fault) => retry.after(without_secret(fault, credential)).await?,
        }
    };
    let text = given.token.filter(|token| !token.is_empty()).or(given.access_token).unwrap_or_default();
    let header = bearer(&text).ok_or_else(|| ClientFault::Unexpected {
        url: shown(&server.realm),
        found: "gave no token that can stand in a header".to_owned(),
        expected: "JSON with `token` or `access_token`",
    })?;
    let life = Duration::from_secs(given.expires_in.unwrap_or(USUAL_LIFE).min(24 * 60 * 60));
    Ok(Token { header, until: asked + life.saturating_sub(LONGEST_MARGIN.min(life / 10)) })
}

/// The header for a token; none for what cannot be one.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    secret(format!("Bearer {token}")).filter(|_| !token.is_empty())
}

/// The header for a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    secret(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn secret(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn ask(
    transport: &Transport,
    server: &TokenServer,
    scopes: &Scopes,
    credential: Option<&Credential>,
) -> Result<Given, ClientFault> {
    let answer = match credential {
        Some(Credential::IdentityToken(token)) => post(transport, server, scopes, token).await?,
        Some(Credential::Password { user, password }) => {
            let header = basic(user, password);
            get(transport, server, scopes, Some(user), header.as_ref()).await?
        }
        _ => get(transport, server, scopes, None, None).await?,
    };
    if !answer.status().is_success() {
        return Err(answer.refusal().await);
    }
    let url = shown(answer.url());
    let bytes = answer.bytes("a token", LARGEST_ANSWER).await?;
    serde_json::from_slice(&bytes).map_err(|_| ClientFault::Unexpected {
        url,
        found: "answered something that cannot be read".to_owned(),
        expected: "JSON with `token` or `access_token`",
    })
}

async fn get(
    transport: &Transport,
    server: &TokenServer,
    scopes: &Scopes,
    account: Option<&str>,
    header: Option<&HeaderValue>,
) -> Result<Answer, ClientFault> {
    let mut url: Url = server.realm.clone();
    url.query_pairs_mut()
        .extend_pairs(account.map(|account| ("account", account)))
        .extend_pairs(server.service.as_ref().map(|service| ("service", service)))
        .extend_pairs(scopes.texts().iter().map(|scope| ("scope", scope)));
    let ask = Ask::new(Method::GET, url).with(ACCEPT, "application/json");
    transport.follow(&ask, &server.realm, header).await
}

async fn post(
    transport: &Transport,
    server: &TokenServer,
    scopes: &Scopes,
    token: &str,
) -> Result<Answer, ClientFault> {
    let scope = scopes.texts().join(" ");
    let service = server.service.as_deref().unwrap_or_default();
    let fields = [
        ("grant_type", "refresh_token"),
        ("service", service),
        ("client_id", CLIENT_ID),
        ("scope", &scope),
        ("refresh_token", token),
    ];
    let form = fields.map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    let ask = Ask::new(Method::POST, server.realm.clone())
        .with(ACCEPT, "application/json")
        .with(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .carrying(Content::Secret(form.join("&").into()));
    transport.follow(&ask, &server.realm, None).await
}

/// A token server may say what it was told, and that must not be shown: a text with the beginning of the secret is left out.
fn without_secret(mut fault: ClientFault, credential: Option<&Credential>) -> ClientFault {
    let beginning: String = credential.map(Credential::secret).unwrap_or_default().chars().take(8).collect();
    if let ClientFault::Refused(refusal) = &mut fault {
        refusal.entries.retain(|entry| {
            let tells = |text: &str| !beginning.is_empty() && text.contains(&beginning);
            !tells(&entry.code) && !tells(&entry.message)
        });
    }
    fault
}
