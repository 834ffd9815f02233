//! Clients on this machine write without credentials, unless somebody else speaks through them.

use registry::AccessSettings;

use crate::fixture::{Edge, From, folder, uploads, with_users};

#[tokio::test]
async fn this_machine_writes_without_credentials() {
    let edge = Edge::start(folder(), &AccessSettings::default(), From::Here).await;
    assert_eq!(edge.ask("POST", &uploads("app"), &[]).await.status(), 202);
}

#[tokio::test]
async fn another_machine_does_not() {
    let edge = Edge::start(folder(), &AccessSettings::default(), From::Elsewhere).await;
    assert_eq!(edge.ask("POST", &uploads("app"), &[]).await.status(), 403);
}

#[tokio::test]
async fn a_proxy_or_a_web_page_on_this_machine_speaks_for_others() {
    let edge = Edge::start(folder(), &AccessSettings::default(), From::Here).await;
    for header in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("origin", "https://page.example"),
    ] {
        assert_eq!(edge.ask("POST", &uploads("app"), &[header]).await.status(), 403, "{header:?}");
    }
}

#[tokio::test]
async fn it_can_be_forbidden() {
    let access = AccessSettings { loopback_writes: false, ..AccessSettings::default() };
    let edge = Edge::start(folder(), &access, From::Here).await;
    assert_eq!(edge.ask("POST", &uploads("app"), &[]).await.status(), 403);
}

#[tokio::test]
async fn with_users_this_machine_still_writes_by_a_token_of_nobody() {
    let folder = folder();
    let access = with_users(&folder, &["ann"]);
    let edge = Edge::start(folder, &access, From::Here).await;
    assert_eq!(edge.ask("POST", &uploads("app"), &[]).await.status(), 202);
    let token = edge.token(None, &["repository:app:pull,push"]).await;
    assert_eq!(edge.ask_by(&token, "POST", &uploads("app")).await.status(), 202);
    let forwarded = [("authorization", &*format!("Bearer {token}")), ("x-forwarded-for", "192.0.2.7")];
    assert_eq!(
        edge.ask("POST", &uploads("app"), &forwarded).await.status(),
        401,
        "the token is no way around the rule"
    );
}
