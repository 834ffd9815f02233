//! Tokens that are not good: forged, old, for something else.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use registry::AccessSettings;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Edge, From, challenge, folder, text, uploads, with_users};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn write_key(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("key");
    std::fs::write(&path, KEY).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// A registry whose key the test knows; only Ann does anything.
async fn edge() -> Edge {
    let folder = folder();
    let token_key = Some(write_key(&folder));
    let access = AccessSettings { anonymous: false, token_key, ..with_users(&folder, &["ann"]) };
    Edge::start(folder, &access, From::Elsewhere).await
}

/// A token as somebody with this key would make it, for pulls from `team/app`.
fn forge(key: &[u8], user: &str, seconds: i64, header: &str) -> String {
    let now = Timestamp::now().as_second();
    let access = json!([{"type": "repository", "name": "team/app", "actions": ["pull"]}]);
    let claims: Value = json!({"sub": user, "iat": now, "exp": now + seconds, "access": access});
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[tokio::test]
async fn a_token_must_be_ours_young_and_of_a_user() {
    let edge = edge().await;
    let good = forge(KEY, "ann", 60, HEADER);
    assert_eq!(edge.ask_by(&good, "GET", &text("team/app")).await.status(), 200, "the forger knows how");
    for (token, why) in [
        (forge(b"another key of thirty-two bytes..", "ann", 60, HEADER), "another key"),
        (forge(KEY, "ann", 0, HEADER), "expired"),
        (forge(KEY, "eve", 60, HEADER), "no user"),
        (forge(KEY, "ann", 60, r#"{"alg":"none"}"#), "another algorithm"),
        (good.replacen('.', ".e30.", 1), "claims added"),
        (good[..good.len() - 4].to_owned(), "cut"),
    ] {
        let response = edge.ask_by(&token, "GET", &text("team/app")).await;
        assert_eq!(response.status(), 401, "{why}");
        assert!(challenge(&response).ends_with("scope=\"repository:team/app:pull\",error=\"invalid_token\""), "{why}");
    }
}

#[tokio::test]
async fn a_token_is_for_its_own_repository_and_action() {
    let edge = edge().await;
    let token = forge(KEY, "ann", 60, HEADER);
    for (method, path) in
        [("GET", text("team/other")), ("POST", uploads("team/app")), ("GET", "/v2/_catalog".to_owned())]
    {
        let response = edge.ask_by(&token, method, &path).await;
        assert_eq!(response.status(), 401, "{path}");
        assert!(challenge(&response).ends_with("error=\"insufficient_scope\""), "{path}");
    }
}

#[tokio::test]
async fn registries_with_one_key_take_each_others_tokens_and_others_do_not() {
    let (first, second) = (edge().await, edge().await);
    let token = first.token(Some("ann"), &["repository:team/app:pull"]).await;
    assert_eq!(second.ask_by(&token, "GET", &text("team/app")).await.status(), 200);
    let folder = folder();
    let access = AccessSettings { anonymous: false, ..with_users(&folder, &["ann"]) };
    let stranger = Edge::start(folder, &access, From::Elsewhere).await;
    assert_eq!(stranger.ask_by(&token, "GET", &text("team/app")).await.status(), 401);
}
