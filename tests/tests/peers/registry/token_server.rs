//! A server that gives tokens for a registry that it knows nothing of, as a company's own login service does.
//!
//! In: `GET ?service=S&scope=repository:NAME:pull,push` with a user's password. Out: a signed token that allows just that.
//! Specification: <https://distribution.github.io/distribution/spec/auth/jwt/>.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::{Value, json};

use super::authority::Authority;

/// Seconds that a token is good for.
const LIFE: u64 = 60;

/// It answers until the test ends.
pub(crate) struct TokenServer {
    realm: String,
    scopes: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    /// For the user `ann` with the password `secret`; the tokens are signed by the authority.
    pub(crate) fn start(authority: Arc<Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let realm = format!("http://{}/token", listener.local_addr().unwrap());
        let scopes = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&scopes);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&mut stream.unwrap(), &authority, &asked);
            }
        });
        Self { realm, scopes }
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

fn answer(stream: &mut TcpStream, authority: &Authority, asked: &Mutex<Vec<String>>) {
    let lines = BufReader::new(&*stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let lines: Vec<String> = lines.collect();
    let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else { return };
    let password = format!("authorization: Basic {}", STANDARD.encode("ann:secret"));
    let (status, body) = if lines.iter().any(|line| line.eq_ignore_ascii_case(&password)) {
        let url = Url::parse("http://here").unwrap().join(path).unwrap();
        let pairs = url.query_pairs().filter(|(key, _)| key == "scope");
        let scopes: Vec<String> =
            pairs.flat_map(|(_, it)| it.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
        let token = token(authority, &scopes);
        asked.lock().unwrap().extend(scopes);
        ("200 OK", json!({"token": token, "access_token": token, "expires_in": LIFE}))
    } else {
        ("401 Unauthorized", json!({"details": "wrong user or password"}))
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
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
