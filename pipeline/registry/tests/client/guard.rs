//! A token server and the gate before a registry that believes it: what was asked for is written down.
//!
//! In: requests. Out: a token, a refusal with a challenge, or nothing, where the registry may answer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fixture::{Seen, answer};

/// How one token was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenAsked {
    pub(crate) scopes: Vec<String>,
    pub(crate) method: String,
    pub(crate) authorization: Option<String>,
}

/// Gives tokens and wants to see them.
pub(crate) struct Guard {
    /// Where tokens are given; filled in when the server listens.
    pub(crate) realm: Mutex<String>,
    pub(crate) asked: Mutex<Vec<TokenAsked>>,
    tokens: Mutex<BTreeMap<String, Vec<String>>>,
    number: AtomicUsize,
    /// The user and password without which no token is given.
    password: Option<(&'static str, &'static str)>,
    /// In how many seconds a token is said to expire.
    pub(crate) life: AtomicUsize,
}

impl Guard {
    /// One that gives tokens to everybody, or to who has the password.
    pub(crate) fn new(password: Option<(&'static str, &'static str)>) -> Self {
        Self {
            realm: Mutex::default(),
            asked: Mutex::default(),
            tokens: Mutex::default(),
            number: AtomicUsize::new(0),
            password,
            life: AtomicUsize::new(300),
        }
    }

    /// All tokens given so far are void.
    pub(crate) fn revoke(&self) {
        self.tokens.lock().unwrap().clear();
    }

    pub(crate) fn asked(&self) -> Vec<TokenAsked> {
        self.asked.lock().unwrap().clone()
    }

    /// The scopes of every token that was asked for.
    pub(crate) fn scopes(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.scopes.join(" ")).collect()
    }

    pub(crate) fn check(&self, seen: &Seen) -> Option<Response> {
        if seen.path == "/token" {
            return Some(self.give(seen));
        }
        let needed = needed(seen);
        let tokens = self.tokens.lock().unwrap();
        let scopes = seen.header("authorization").and_then(|text| tokens.get(text.strip_prefix("Bearer ")?));
        let allowed = scopes.is_some_and(|scopes| scopes.iter().any(|scope| covers(scope, &needed)));
        (!allowed).then(|| self.challenge(&needed))
    }

    fn challenge(&self, scope: &str) -> Response {
        let challenge = format!(r#"Bearer realm="{}",service="guard",scope="{scope}""#, self.realm.lock().unwrap());
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
        answer(401, &[("www-authenticate", &challenge)], body)
    }

    fn give(&self, seen: &Seen) -> Response {
        let url = reqwest::Url::parse(&format!("http://x/?{}", seen.query)).unwrap();
        let scopes: Vec<String> =
            url.query_pairs().filter(|(key, _)| key == "scope").map(|(_, value)| value.into_owned()).collect();
        let authorization = seen.header("authorization").map(str::to_owned);
        let good = self.password.is_none_or(|(user, password)| {
            let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            authorization.as_deref() == Some(&expected)
        });
        let asked = TokenAsked { scopes: scopes.clone(), method: seen.method.clone(), authorization };
        self.asked.lock().unwrap().push(asked);
        if !good {
            return answer(401, &[], r#"{"details":"incorrect username or password"}"#);
        }
        let token = format!("token-{}", self.number.fetch_add(1, Ordering::SeqCst));
        self.tokens.lock().unwrap().insert(token.clone(), scopes);
        let life = self.life.load(Ordering::SeqCst);
        answer(200, &[], &format!(r#"{{"token":"{token}","expires_in":{life}}}"#))
    }
}

/// The scope that a request needs.
fn needed(seen: &Seen) -> String {
    let rest = seen.path.strip_prefix("/v2/").unwrap();
    let ends = ["/blobs/", "/manifests/", "/tags/", "/referrers/"].map(|word| rest.find(word));
    let name = ends.into_iter().flatten().min().map_or(rest, |end| &rest[..end]);
    let action = match seen.method.as_str() {
        "GET" | "HEAD" => "pull",
        "DELETE" if !seen.path.contains("/uploads/") => "delete",
        _ => "pull,push",
    };
    format!("repository:{name}:{action}")
}

fn covers(given: &str, needed: &str) -> bool {
    let (given, allowed) = given.rsplit_once(':').unwrap();
    let (needed, actions) = needed.rsplit_once(':').unwrap();
    given == needed && actions.split(',').all(|action| allowed.split(',').any(|allowed| allowed == action))
}
