//! Redirects and upload locations: followed, and told nothing that is not meant for them.

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use registry::{BlobSource, ClientSettings, Named};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

use crate::fixture::{Registry, answer, blob, quiet, settings, settings_with, tag};

/// What another host was told: method, path with query, headers.
type Told = Arc<Mutex<Vec<(String, String, HeaderMap)>>>;

/// Another host, that answers everything with the same bytes.
async fn elsewhere(bytes: Vec<u8>) -> (String, Told) {
    let told = Told::default();
    let list = Arc::clone(&told);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let router = Router::new().fallback(move |request: Request| {
        let (list, bytes) = (Arc::clone(&list), bytes.clone());
        async move {
            let (head, body) = request.into_parts();
            axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let status = if head.method == "GET" { 200 } else { 201 };
            list.lock().unwrap().push((head.method.to_string(), head.uri.to_string(), head.headers));
            (axum::http::StatusCode::from_u16(status).unwrap(), bytes)
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (host, told)
}

/// Credentials for every host that a test may talk to.
fn with_password(registry: &Registry) -> ClientSettings {
    let auth = STANDARD.encode("user:secret");
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host);
    settings_with(registry.folder.path(), &config)
}

/// A registry behind a password that sends every blob request, and every upload, elsewhere.
async fn sending_to(target: String) -> Registry {
    Registry::before(move |seen| match seen.header("authorization") {
        None => Some(answer(401, &[("www-authenticate", "Basic realm=x")], "")),
        Some(_) if seen.method == "GET" => Some(answer(307, &[("location", &target)], "")),
        Some(_) if seen.method == "POST" => Some(answer(202, &[("location", &target)], "")),
        Some(_) => None,
    })
    .await
}

#[tokio::test]
async fn a_redirect_to_another_host_carries_no_credentials() {
    let (layer, bytes) = blob(1000);
    let (host, told) = elsewhere(bytes.clone()).await;
    let registry = sending_to(format!("http://{host}/cdn/blob?signature=s")).await;
    let mut came = Vec::new();
    let remote = registry.remote_with(with_password(&registry), "team/app");
    remote.pull_blob(&layer, &mut came, &quiet).await.unwrap();
    assert_eq!(came, bytes);
    let told = told.lock().unwrap();
    assert_eq!((told.len(), told[0].1.as_str()), (1, "/cdn/blob?signature=s"));
    assert!(!told[0].2.contains_key("authorization"), "{told:?}");
    assert!(registry.seen().last().unwrap().header("authorization").is_some());
}

#[tokio::test]
async fn an_upload_location_on_another_host_gets_the_bytes_and_no_credentials() {
    let (layer, bytes) = blob(1000);
    let (host, told) = elsewhere(Vec::new()).await;
    let registry = sending_to(format!("http://{host}/upload?state=x")).await;
    let remote = registry.remote_with(with_password(&registry), "team/app");
    remote.push_blob(&layer, &BlobSource::Bytes(bytes.into()), &[], &quiet).await.unwrap();
    let told = told.lock().unwrap();
    let expected = format!("/upload?state=x&digest=sha256%3A{}", layer.digest.hex());
    assert_eq!(
        told.iter().map(|(method, path, _)| (method.as_str(), path.as_str())).collect::<Vec<_>>(),
        [("PUT", expected.as_str())]
    );
    assert!(!told[0].2.contains_key("authorization"), "{told:?}");
}

#[tokio::test]
async fn a_redirect_on_the_same_host_carries_them() {
    let registry = Registry::before(|seen| match (seen.path.as_str(), seen.header("authorization")) {
        (_, None) => Some(answer(401, &[("www-authenticate", "Basic realm=x")], "")),
        ("/v2/a/tags/list", _) => Some(answer(301, &[("location", "/v2/b/tags/list")], "")),
        ("/v2/b/tags/list", _) => Some(answer(200, &[], r#"{"tags":["1"]}"#)),
        _ => None,
    })
    .await;
    let remote = registry.remote_with(with_password(&registry), "a");
    assert_eq!(remote.tags().await.unwrap(), [tag("1")]);
}

#[tokio::test]
async fn circles_and_ways_out_of_this_machine_are_not_followed() {
    for (target, text) in [
        ("/v2/a/tags/list", "it is one redirect of too many"),
        ("http://registry.example/v2/", "`http://registry.example/v2/` is plain HTTP, which is refused"),
        (
            "ftp://registry.example/x?secret",
            "leads to `ftp://registry.example/x`, which is not followed: it is not HTTP",
        ),
    ] {
        let registry = Registry::before(move |_| Some(answer(302, &[("location", target)], ""))).await;
        let error = registry.remote("a").tags().await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
        assert!(registry.count("GET", "") <= 8);
    }
}

#[tokio::test]
async fn a_write_is_sent_on_whole_or_not_at_all() {
    let registry = Registry::before(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PUT", "/v2/a/manifests/307") => Some(answer(307, &[("location", "/v2/b/manifests/1")], "")),
        ("PUT", "/v2/a/manifests/302") => Some(answer(302, &[("location", "/v2/b/manifests/1")], "")),
        _ => None,
    })
    .await;
    let remote = registry.remote("a");
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    remote.push_manifest(index, oci::MEDIA_TYPE_INDEX, &Named::Tag(tag("307"))).await.unwrap();
    assert!(registry.remote("b").head(&Named::Tag(tag("1"))).await.unwrap().is_some());
    let error = remote.push_manifest(index, oci::MEDIA_TYPE_INDEX, &Named::Tag(tag("302"))).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(302));
}

#[tokio::test]
async fn a_host_that_is_not_this_machine_is_not_spoken_to_in_the_open() {
    let registry = Registry::start().await;
    let host = registry.host.replace("127.0.0.1", "0.0.0.0");
    let ask = |settings| {
        let client = registry::Client::new(settings).unwrap();
        let remote = client.repository(&host, "a".parse().unwrap());
        async move { remote.tags().await }
    };
    let error = ask(settings(registry.folder.path())).await.unwrap_err().to_string();
    assert!(error.contains("does not speak TLS") && error.contains("list the host under `plain_http`"), "{error}");
    assert_eq!(registry.seen().len(), 0, "not a word was said without TLS");
    let plain_http = vec![host.clone()];
    ask(ClientSettings { plain_http, ..settings(registry.folder.path()) }).await.unwrap();
    assert_eq!(registry.seen().len(), 1);
}
