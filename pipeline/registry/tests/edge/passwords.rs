//! Users and passwords: right and wrong ones, and a file that changes while the registry runs.

use std::path::Path;

use registry::{Access, AccessSettings, ChallengeKind};

use crate::fixture::{
    Edge, From, PASSWORD, basic, challenge, folder, refusal, text, until, uploads, with_users, write_users,
};

/// The status of `/v2/` for user and password.
async fn ping(edge: &Edge, user: &str, password: &str) -> u16 {
    edge.ask("GET", "/v2/", &[("authorization", &basic(user, password))]).await.status().as_u16()
}

#[tokio::test]
async fn a_login_is_right_or_refused_with_a_challenge() {
    let folder = folder();
    let access = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &access, From::Elsewhere).await;
    assert_eq!(ping(&edge, "ann", PASSWORD).await, 200);
    for (user, password) in [("ann", "wrong"), ("ann", ""), ("bob", PASSWORD), ("", "")] {
        let response = edge.ask("GET", "/v2/", &[("authorization", &basic(user, password))]).await;
        let expected = format!("Bearer realm=\"http://{0}/token\",service=\"{0}\"", edge.address);
        assert_eq!(challenge(&response), expected);
        assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".to_owned()), "{user}");
    }
}

#[tokio::test]
async fn everybody_is_asked_who_he_is_and_then_pulls_as_nobody() {
    let folder = folder();
    let access = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &access, From::Elsewhere).await;
    assert_eq!(edge.ask("GET", "/v2/", &[]).await.status(), 401, "else Docker would never send credentials");
    assert_eq!(edge.ask("GET", &text("team/app"), &[]).await.status(), 200);
    assert_eq!(edge.ask("GET", "/v2/_catalog", &[]).await.status(), 200);
    let token = edge.token(None, &[]).await;
    assert_eq!(edge.ask_by(&token, "GET", "/v2/").await.status(), 200);
}

#[tokio::test]
async fn wrong_credentials_are_refused_even_where_none_are_needed() {
    let folder = folder();
    let access = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &access, From::Here).await;
    for value in [basic("ann", "wrong"), "Negotiate x".to_owned(), "Basic %%%".to_owned(), "Bearer x".to_owned()] {
        let response = edge.ask("GET", &text("team/app"), &[("authorization", &value)]).await;
        assert_eq!(response.status(), 401, "{value}");
    }
    let twice = [("authorization", basic("ann", PASSWORD)), ("authorization", basic("ann", PASSWORD))];
    let twice = twice.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(edge.ask("GET", &text("team/app"), &twice).await.status(), 401);
}

#[tokio::test]
async fn without_anonymous_pulls_nothing_is_done_by_nobody() {
    let folder = folder();
    let access = AccessSettings { anonymous: false, ..with_users(&folder, &["ann"]) };
    let edge = Edge::start(folder, &access, From::Here).await;
    for (method, path) in
        [("GET", "/v2/".to_owned()), ("GET", text("app")), ("GET", "/v2/_catalog".to_owned()), ("POST", uploads("app"))]
    {
        assert_eq!(refusal(edge.ask(method, &path, &[]).await).await, (401, "UNAUTHORIZED".to_owned()), "{path}");
        assert!(edge.ask_as("ann", method, &path).await.status().is_success(), "{path}");
    }
    let response = edge.ask("GET", "/token?service=x&scope=repository:app:pull", &[]).await;
    assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".to_owned()));
}

#[tokio::test]
async fn the_challenge_may_ask_for_the_password_itself() {
    let folder = folder();
    let access = AccessSettings { challenge: ChallengeKind::Basic, ..with_users(&folder, &["ann"]) };
    let edge = Edge::start(folder, &access, From::Elsewhere).await;
    let response = edge.ask("POST", &uploads("app"), &[]).await;
    assert_eq!((response.status().as_u16(), challenge(&response).starts_with("Basic realm=")), (401, true));
    assert_eq!(edge.ask("GET", "/v2/", &[]).await.status(), 200, "else Docker could not pull without a login");
    assert_eq!(edge.ask_as("ann", "POST", &uploads("app")).await.status(), 202);
}

#[tokio::test]
async fn the_file_of_users_is_followed_and_a_broken_one_changes_nothing() {
    let folder = folder();
    let access = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &access, From::Elsewhere).await;
    assert_eq!(ping(&edge, "bob", PASSWORD).await, 401);
    let path = write_users(&edge.folder, &["ann", "bob"]);
    until("bob is known", async || ping(&edge, "bob", PASSWORD).await == 200).await;
    std::fs::write(&path, "ann:$apr1$x$y\n").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!((ping(&edge, "ann", PASSWORD).await, ping(&edge, "bob", PASSWORD).await), (200, 200));
    write_users(&edge.folder, &["bob"]);
    until("ann is forgotten", async || ping(&edge, "ann", PASSWORD).await == 401).await;
    assert_eq!(ping(&edge, "bob", PASSWORD).await, 200);
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let folder = folder();
    let path = folder.path().join("users");
    std::fs::write(&path, "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n").unwrap();
    let users = AccessSettings { htpasswd: Some(path), ..AccessSettings::default() };
    let none = AccessSettings { htpasswd: Some("none".into()), ..AccessSettings::default() };
    let nobody = AccessSettings { anonymous: false, ..AccessSettings::default() };
    let address = AccessSettings { external_url: Some("registry.example".to_owned()), ..AccessSettings::default() };
    for (settings, expected) in [
        (users, "line 1: user `ann`: the password is not hashed by bcrypt"),
        (none, "`none` cannot be read"),
        (nobody, "`anonymous: false` is set without `htpasswd`"),
        (address, "`external-url: registry.example` is no address"),
    ] {
        let error = Access::new(&settings).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("5en6G6"), "{error}");
    }
    assert!(!Path::new("none").exists());
}
