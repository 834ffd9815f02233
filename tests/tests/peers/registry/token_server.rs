//! A server that gives tokens for a registry that it knows nothing of, as a company's own login service does.
//!
//! In: `GET ?service=S&scope=repository:NAME:pull,push` with a user's password. Out: a signed token that allows just that.
//! Specification: <https://distribution.github.io/distribution/spec/auth/jwt/>.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use ::registry::{Listen, ListenSettings, TlsSettings, serve};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::authority::Authority;

/// Seconds that a token is good for.
const LIFE: u64 = 60;

/// It answers over TLS until it is dropped.
pub(crate) struct TokenServer {
    realm: String,
    scopes: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl TokenServer {
    /// For the user `ann` with the password `secret`; the tokens are signed by the authority.
    pub(crate) fn start(authority: Arc<Authority>) -> Self {
        let (runtime, scopes) = (Runtime::new().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let realm = format!("https://{}/token", listener.local_addr().unwrap());
        let tls = TlsSettings { certificate: authority.path("server.pem"), key: authority.path("server.key") };
        let listen = Listen::new(&ListenSettings { tls: Some(tls), ..ListenSettings::default() }).unwrap();
        let asked = Arc::clone(&scopes);
        let routes = Router::new().fallback(async move |request: Request| answer(&request, &authority, &asked));
        runtime.spawn(serve(listener, routes, listen, std::future::pending()));
        Self { realm, scopes, _runtime: runtime }
    }

    /// Where clients are sent.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Every scope that was asked for, once for each time.
    pub(crate) fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

fn answer(request: &Request, authority: &Authority, asked: &Mutex<Vec<String>>) -> (StatusCode, String) {
    let password = format!("Basic {}", STANDARD.encode("ann:secret"));
    if request.headers().get(AUTHORIZATION).is_none_or(|it| it != password.as_str()) {
        return (StatusCode::UNAUTHORIZED, json!({"details": "wrong user or password"}).to_string());
    }
    let url = Url::parse("https://here").unwrap().join(&request.uri().to_string()).unwrap();
    let scopes = url.query_pairs().filter(|(key, _)| key == "scope");
    let scopes: Vec<String> = scopes.flat_map(|(_, it)| it.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let token = token(authority, &scopes);
    asked.lock().unwrap().extend(scopes);
    (StatusCode::OK, json!({"token": token, "access_token": token, "expires_in": LIFE}).to_string())
}

/// A JSON web token that names its certificate.
fn token(authority: &Authority, scopes: &[String]) -> String {
    let pem = fs::read_to_string(authority.certificate()).unwrap();
    let certificate: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let access: Vec<Value> = scopes.iter().filter_map(|scope| access(scope)).collect();
    let head = json!({"typ": "JWT", "alg": "RS256", "x5c": [certificate]});
    let claims = json!({
        "iss": "peers", "aud": "peers", "sub": "ann", "jti": "1", "iat": now, "nbf": now - 5, "exp": now + LIFE, "access": access,
    });
    let signed = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = URL_SAFE_NO_PAD.encode(authority.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// `repository:NAME:pull,push` as the token says it.
fn access(scope: &str) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    Some(json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}))
}
