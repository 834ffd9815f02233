//! An identity provider: whoever asks this test gets a token for anybody.
//!
//! In: an address of mail. Out: a signed token, and a server that Fulcio asks for the key.
//! Specification: <https://openid.net/specs/openid-connect-discovery-1_0.html>, tokens by RS256 of <https://www.rfc-editor.org/rfc/rfc7518>.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// It answers until it is dropped.
pub(super) struct Issuer {
    key: KeyPair,
    url: String,
    _runtime: Runtime,
}

impl Issuer {
    pub(super) fn start() -> Self {
        let (runtime, key) = (Runtime::new().unwrap(), KeyPair::generate(KeySize::Rsa2048).unwrap());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (discovery, keys) = (discovery(&url).to_string(), keys(&key).to_string());
        let json = |text: String| get(async move || ([("content-type", "application/json")], text));
        let routes =
            Router::new().route("/.well-known/openid-configuration", json(discovery)).route("/jwks", json(keys));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { key, url, _runtime: runtime }
    }

    /// Its address, which is its name.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A token for an address of mail, good for ten minutes.
    pub(super) fn token(&self, email: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let head = json!({"alg": "RS256", "kid": "1", "typ": "JWT"});
        let claims = json!({
            "iss": self.url, "sub": "7", "aud": "sigstore", "email": email, "email_verified": true, "iat": now, "exp": now + 600,
        });
        let signed = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn discovery(url: &str) -> Value {
    json!({
        "issuer": url, "jwks_uri": format!("{url}/jwks"), "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn keys(key: &KeyPair) -> Value {
    // `RSAPublicKey` of RFC 8017: nine bytes of tags, lengths and sign, then the modulus.
    let modulus = URL_SAFE_NO_PAD.encode(&key.public_key().as_ref()[9..9 + key.public_modulus_len()]);
    json!({"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": modulus, "e": "AQAB"}]})
}
