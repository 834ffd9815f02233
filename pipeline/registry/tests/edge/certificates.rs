//! Encrypted connections, and certificates that are exchanged while they are open.

use std::path::Path;
use std::time::Duration;

use registry::{AccessSettings, ListenSettings, TimeoutSettings, TlsSettings};
use reqwest::{Certificate, Client, Response};

use crate::fixture::{Edge, From, challenge, folder, text, until, with_users};
use crate::raw::Raw;

const HOST: &str = "registry.example";

/// A certificate for the host, and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    Pair { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

fn settings(folder: &Path, pair: &Pair) -> ListenSettings {
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&certificate, &pair.certificate).unwrap();
    std::fs::write(&key, &pair.key).unwrap();
    ListenSettings { tls: Some(TlsSettings { certificate, key }), ..ListenSettings::default() }
}

async fn start(pair: &Pair) -> Edge {
    let folder = folder();
    let settings = settings(folder.path(), pair);
    Edge::listen(folder, &settings).await
}

/// A client that trusts this certificate and no other, and holds at most one connection.
fn client(edge: &Edge, pair: &Pair) -> Client {
    let certificate = Certificate::from_pem(pair.certificate.as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([certificate]).resolve(HOST, edge.address);
    client.pool_max_idle_per_host(1).build().unwrap()
}

async fn get(client: &Client, edge: &Edge, path: &str) -> reqwest::Result<Response> {
    client.get(format!("https://{HOST}:{}{path}", edge.address.port())).send().await
}

#[tokio::test]
async fn speaks_tls_and_nothing_else_where_there_is_a_certificate() {
    let pair = pair();
    let edge = start(&pair).await;
    let response = get(&client(&edge, &pair), &edge, &text("app")).await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, "text"));
    let mut raw = Raw::connect(edge.address).await;
    raw.send("GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!raw.rest().await.0.contains("200"), "it answered without TLS");
}

#[tokio::test]
async fn the_challenge_leads_to_the_encrypted_address() {
    let pair = pair();
    let folder = folder();
    let (settings, access) = (settings(folder.path(), &pair), with_users(&folder, &["ann"]));
    let edge = Edge::start_with(folder, &access, &settings, From::Here).await;
    let response = get(&client(&edge, &pair), &edge, "/v2/").await.unwrap();
    let challenge = challenge(&response);
    assert!(
        challenge.starts_with(&format!("Bearer realm=\"https://{HOST}:{}/token\"", edge.address.port())),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_and_old_ones_stay() {
    let (old, new) = (pair(), pair());
    let edge = start(&old).await;
    let before = client(&edge, &old);
    get(&before, &edge, "/v2/").await.unwrap().bytes().await.unwrap();
    settings(edge.folder.path(), &new);
    until("the new certificate is used", async || get(&client(&edge, &new), &edge, "/v2/").await.is_ok()).await;
    assert!(get(&client(&edge, &old), &edge, "/v2/").await.is_err(), "the old one is still used");
    assert_eq!(get(&before, &edge, "/v2/").await.unwrap().status(), 200, "the open connection was dropped");
}

#[tokio::test]
async fn a_broken_certificate_changes_nothing() {
    let (old, new) = (pair(), pair());
    let edge = start(&old).await;
    let mixed = Pair { key: new.key, ..Pair { certificate: new.certificate.clone(), key: String::new() } };
    let torn = Pair { certificate: new.certificate[..200].to_owned(), key: mixed.key.clone() };
    for broken in [torn, Pair { certificate: old.certificate.clone(), key: mixed.key.clone() }] {
        settings(edge.folder.path(), &broken);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        for _ in 0..2 {
            assert_eq!(get(&client(&edge, &old), &edge, "/v2/").await.unwrap().status(), 200);
        }
    }
    settings(edge.folder.path(), &mixed);
    until("the whole pair is used", async || {
        let certificate = Pair { certificate: new.certificate.clone(), key: String::new() };
        get(&client(&edge, &certificate), &edge, "/v2/").await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn who_does_not_begin_tls_is_cut_in_time() {
    let folder = folder();
    let timeouts = TimeoutSettings { handshake: Duration::from_millis(300), ..TimeoutSettings::default() };
    let settings = ListenSettings { timeouts, ..settings(folder.path(), &pair()) };
    let edge = Edge::start_with(folder, &AccessSettings::default(), &settings, From::Here).await;
    let mut raw = Raw::connect(edge.address).await;
    let (answer, time) = raw.rest().await;
    assert!(answer.is_empty() && time < Duration::from_secs(5), "{time:?}");
    let mut raw = Raw::connect(edge.address).await;
    raw.send("\u{16}\u{3}\u{1}").await;
    assert!(raw.rest().await.1 < Duration::from_secs(5));
}
