//! Tokens as clients get and use them.

use std::collections::BTreeSet;

use registry::{AccessSettings, Action, Rule};
use serde_json::Value;

use crate::fixture::{
    Edge, From, PASSWORD, basic, challenge, folder, json, refusal, text, until, uploads, with_users, write_users,
};

/// Ann pulls and pushes `team/app`; nobody else does anything.
async fn edge() -> Edge {
    let folder = folder();
    let actions = BTreeSet::from([Action::Pull, Action::Push]);
    let rules = vec![Rule { repository: "team/app".to_owned(), users: vec!["ann".to_owned()], actions }];
    let access = AccessSettings { anonymous: false, rules, ..with_users(&folder, &["ann", "bob"]) };
    Edge::start(folder, &access, From::Elsewhere).await
}

/// What a token says it is for.
fn access(token: &str) -> Value {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["access"].clone()
}

#[tokio::test]
async fn a_client_follows_the_challenge_to_a_token_and_is_let_in() {
    let edge = edge().await;
    let refused = edge.ask("POST", &uploads("team/app"), &[]).await;
    let challenge = challenge(&refused);
    let expected = format!(
        "Bearer realm=\"http://{0}/token\",service=\"{0}\",scope=\"repository:team/app:pull,push\"",
        edge.address
    );
    assert_eq!(challenge, expected);
    let token = edge.token(Some("ann"), &["repository:team/app:pull,push"]).await;
    assert_eq!(edge.ask_by(&token, "POST", &uploads("team/app")).await.status(), 202);
    assert_eq!(edge.ask_by(&token, "GET", &text("team/app")).await.status(), 200);
    assert_eq!(edge.ask_by(&token, "GET", "/v2/").await.status(), 200);
}

#[tokio::test]
async fn the_answer_has_the_members_of_the_specification() {
    let edge = edge().await;
    let response = edge.ask_as("ann", "GET", "/token?service=x&account=ann&client_id=docker&offline_token=true").await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer = json(response).await;
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(answer["expires_in"], 300);
    let issued: jiff::Timestamp = answer["issued_at"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().as_second() - issued.as_second();
    assert!((0..60).contains(&age), "{age}");
}

#[tokio::test]
async fn a_token_is_for_what_was_asked_and_the_user_may_do() {
    let edge = edge().await;
    let scopes = ["repository:team/app:pull,push,delete", "repository:app:pull", "registry:catalog:*"];
    let token = edge.token(Some("ann"), &scopes).await;
    let expected = r#"[{"type":"repository","name":"team/app","actions":["pull","push"]}]"#;
    assert_eq!(access(&token), serde_json::from_str::<Value>(expected).unwrap());
    assert_eq!(edge.ask_by(&token, "DELETE", &text("team/app")).await.status(), 403);
    assert_eq!(access(&edge.token(Some("bob"), &scopes).await), serde_json::json!([]));
}

#[tokio::test]
async fn a_token_for_less_than_its_user_may_do_is_told_what_to_ask_for() {
    let edge = edge().await;
    let token = edge.token(Some("ann"), &["repository:team/app:pull"]).await;
    let response = edge.ask_by(&token, "POST", &uploads("team/app")).await;
    assert_eq!(response.status(), 401);
    let challenge = challenge(&response);
    assert!(challenge.ends_with("scope=\"repository:team/app:pull,push\",error=\"insufficient_scope\""), "{challenge}");
}

#[tokio::test]
async fn a_form_with_a_password_gets_a_token_too() {
    let edge = edge().await;
    let form = |password: &str, kind: &str| {
        let body = format!(
            "grant_type={kind}&service=x&client_id=y&scope=repository%3Ateam%2Fapp%3Apull+repository:app:pull&username=ann&password={password}"
        );
        let request = edge.client.post(format!("http://{}/token", edge.address)).body(body);
        request.header("content-type", "application/x-www-form-urlencoded").send()
    };
    let answer = json(form("correct+horse", "password").await.unwrap()).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(edge.ask_by(token, "GET", &text("team/app")).await.status(), 200);
    assert_eq!(refusal(form("wrong", "password").await.unwrap()).await, (401, "UNAUTHORIZED".to_owned()));
    assert_eq!(refusal(form("x", "refresh_token").await.unwrap()).await, (400, "UNSUPPORTED".to_owned()));
}

#[tokio::test]
async fn a_wrong_login_gets_no_token() {
    let edge = edge().await;
    for value in [basic("ann", "wrong"), basic("eve", PASSWORD), "Bearer x".to_owned()] {
        let response = edge.ask("GET", "/token?service=x", &[("authorization", &value)]).await;
        assert!(challenge(&response).starts_with("Basic realm="));
        assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".to_owned()));
    }
}

#[tokio::test]
async fn a_token_of_a_user_who_is_gone_is_good_for_nothing() {
    let edge = edge().await;
    let token = edge.token(Some("ann"), &["repository:team/app:pull"]).await;
    write_users(&edge.folder, &["bob"]);
    until("ann's token is refused", async || edge.ask_by(&token, "GET", &text("team/app")).await.status() == 401).await;
}

#[tokio::test]
async fn nobody_gets_a_token_for_what_anybody_may_do() {
    let folder = folder();
    let settings = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &settings, From::Elsewhere).await;
    let token = edge.token(None, &["repository:team/app:pull,push", "registry:catalog:*"]).await;
    let expected = r#"[{"type":"repository","name":"team/app","actions":["pull"]},{"type":"registry","name":"catalog","actions":["*"]}]"#;
    assert_eq!(access(&token), serde_json::from_str::<Value>(expected).unwrap());
    assert_eq!(edge.ask_by(&token, "GET", &text("team/app")).await.status(), 200);
    assert_eq!(edge.ask_by(&token, "POST", &uploads("team/app")).await.status(), 401);
}

#[tokio::test]
async fn without_users_there_are_no_tokens() {
    let edge = Edge::start(folder(), &AccessSettings::default(), From::Elsewhere).await;
    assert_eq!(edge.ask("GET", "/token?service=x", &[]).await.status(), 404);
    assert_eq!(edge.ask("GET", "/v2/", &[]).await.status(), 200);
    let response = edge.ask("POST", &uploads("team/app"), &[]).await;
    assert_eq!(challenge(&response), "");
    assert_eq!(refusal(response).await, (403, "DENIED".to_owned()));
}
