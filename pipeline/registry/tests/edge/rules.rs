//! What each user may do, repository by repository.

use blob::Digest;
use registry::{AccessSettings, Action, Rule};

use crate::fixture::{Edge, From, folder, refusal, text, uploads, with_users};

fn rule(repository: &str, users: &[&str], actions: &[Action]) -> Rule {
    let users = users.iter().map(|&user| user.to_owned()).collect();
    Rule { repository: repository.to_owned(), users, actions: actions.iter().copied().collect() }
}

/// Ann builds for the team, Bob looks at everything, nobody else does anything.
async fn edge() -> Edge {
    let folder = folder();
    let rules = vec![
        rule("team/*", &["ann"], &[Action::Pull, Action::Push]),
        rule("team/app", &["ann"], &[Action::Delete]),
        rule("**", &["bob"], &[Action::Pull]),
    ];
    let access = AccessSettings { anonymous: false, rules, ..with_users(&folder, &["ann", "bob", "cyd"]) };
    Edge::start(folder, &access, From::Elsewhere).await
}

#[tokio::test]
async fn a_user_does_what_a_rule_allows_and_nothing_else() {
    let edge = edge().await;
    let missing = |name: &str| format!("/v2/{name}/blobs/{}", Digest::of("missing"));
    for (user, method, path, expected) in [
        ("ann", "GET", text("team/app"), 200),
        ("ann", "POST", uploads("team/new"), 202),
        ("ann", "GET", text("app"), 403),
        ("ann", "POST", uploads("app"), 403),
        ("ann", "POST", uploads("team/app/deep"), 403),
        ("ann", "DELETE", missing("team/app"), 404),
        ("ann", "DELETE", missing("team/other"), 403),
        ("ann", "GET", "/v2/_catalog".to_owned(), 403),
        ("bob", "GET", text("app"), 200),
        ("bob", "POST", uploads("app"), 403),
        ("bob", "GET", "/v2/_catalog".to_owned(), 200),
        ("cyd", "GET", text("app"), 403),
        ("cyd", "GET", "/v2/".to_owned(), 200),
    ] {
        let response = edge.ask_as(user, method, &path).await;
        assert_eq!(response.status(), expected, "{user} {method} {path}");
        if expected == 403 {
            assert_eq!(refusal(response).await.1, "DENIED");
        }
    }
}

#[tokio::test]
async fn a_blob_is_mounted_only_from_where_the_user_may_pull() {
    let edge = edge().await;
    let mount = |target: &str, source: &str| format!("{}?mount={}&from={source}", uploads(target), Digest::of("text"));
    assert_eq!(edge.ask_as("ann", "POST", &mount("team/new", "team/other")).await.status(), 201);
    assert_eq!(edge.ask_as("ann", "POST", &mount("team/newer", "app")).await.status(), 202);
    assert!(!edge.store.has_blob(&"team/newer".parse().unwrap(), &Digest::of("text")));
}

#[tokio::test]
async fn anybody_pulls_what_a_known_user_has_no_rule_for() {
    let folder = folder();
    let rules = vec![rule("team/*", &["ann"], &[Action::Push])];
    let access = AccessSettings { rules, ..with_users(&folder, &["ann"]) };
    let edge = Edge::start(folder, &access, From::Elsewhere).await;
    assert_eq!(edge.ask_as("ann", "GET", &text("app")).await.status(), 200);
    assert_eq!(edge.ask_as("ann", "POST", &uploads("app")).await.status(), 403);
}
