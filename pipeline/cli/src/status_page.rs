//! The status page: what can be pulled, how old it is, what failed, and whose that is.
//!
//! In: [`Status`], and requests. Out: `/` and `/images/NAME` for people, `/api/v1/images` for programs, `/livez` and
//! `/readyz` for whoever keeps the process running, and what [`status_routes`] adds. No script runs in the pages and nothing is loaded from
//! elsewhere; links lead to Debian's tracker.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY};
use axum::http::header::{HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use maud::Markup;
use oci::Reference;

pub(crate) use crate::status::Status;
use crate::{status_api, status_front, status_image, status_parts, status_routes};

/// What the pages look like.
pub(crate) const STYLE: &str = include_str!("status_style.css");

/// Where the style is: another style has another address, so that browsers may keep it.
pub(crate) static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/style-{}.css", blob::Digest::of(STYLE).short()));

/// Only our style sheet and the icon, which is part of the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The routes of the page. They leave `/v2/` to the registry.
pub(crate) fn router(shared: Arc<Status>) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/images/{name}", get(image))
        .route("/api/v1/images", get(images))
        .route("/livez", get(|| async { concat!("bedplate ", env!("CARGO_PKG_VERSION"), " is alive\n") }))
        .route("/readyz", get(ready))
        .route(&STYLE_PATH, get(style))
        .merge(status_routes::routes())
        .fallback(nothing)
        .layer(map_response(guarded))
        .with_state(shared)
}

async fn front(State(status): State<Arc<Status>>, headers: HeaderMap) -> Result<Response, Refused> {
    let host = registry_address(&headers)?;
    let view = status.view(Timestamp::now()).await;
    Ok(html(StatusCode::OK, &status_front::page(&host, &view)))
}

async fn image(
    State(status): State<Arc<Status>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let host = registry_address(&headers)?;
    let view = status.view(Timestamp::now()).await;
    Ok(match view.image(&name) {
        Some(image) => html(StatusCode::OK, &status_image::page(&host, &view, image, &status.chain(&name))),
        None => not_found(&format!("image {name}")),
    })
}

async fn images(State(status): State<Arc<Status>>, headers: HeaderMap) -> Response {
    status_routes::tagged(&headers, "application/json", status_api::images(&status.view(Timestamp::now()).await))
}

async fn ready(State(status): State<Arc<Status>>) -> (StatusCode, String) {
    let view = worker::blocking(move || status.on_disk(Timestamp::now())).await;
    match view.unreadable {
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("publications cannot be read: {reason}\n")),
        None if view.is_ready() => (StatusCode::OK, "ready\n".into()),
        None => {
            (StatusCode::SERVICE_UNAVAILABLE, "nothing is published yet, the first evaluation is not over\n".into())
        }
    }
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")], STYLE)
}

async fn nothing(uri: Uri) -> Response {
    not_found(uri.path())
}

/// A page.
pub(crate) fn html(status: StatusCode, page: &Markup) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page.0.clone()).into_response()
}

/// Says that there is no such thing here.
pub(crate) fn not_found(what: &str) -> Response {
    let shown: String = what.chars().take(200).collect();
    html(StatusCode::NOT_FOUND, &status_parts::problem("Not found", &format!("There is no {shown} here.")))
}

/// What browsers need not guess. Pages name the host that was asked for, so nobody may keep them for others.
pub(crate) async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A request whose `Host` is no host.
pub(crate) struct Refused;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let text = "The Host header is no host: expected a name or an address, and a port after a colon.";
        html(StatusCode::BAD_REQUEST, &status_parts::problem("Bad request", text))
    }
}

/// The registry's address as clients must write it: they take a bare name for a repository, so it gets its port.
pub(crate) fn registry_address(headers: &HeaderMap) -> Result<String, Refused> {
    let Some(host) = headers.get(HOST) else { return Ok("localhost:8080".into()) };
    let host = host.to_str().map_err(|_| Refused)?;
    let address = if host.contains(['.', ':']) || host == "localhost" { host.into() } else { format!("{host}:80") };
    let parsed: Reference = format!("{address}/image").parse().map_err(|_| Refused)?;
    if parsed.registry.as_ref() == Some(&address) { Ok(address) } else { Err(Refused) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::sync::LazyLock;

    use plan::WaveSummary;
    use worker::Publications;

    use super::*;
    use crate::findings::fixtures::fill;
    use crate::status_fixtures::{catalogue, failed, findings, publication};

    /// A server with one publication that was scanned, which lives as long as the tests.
    static SERVER: LazyLock<SocketAddr> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let publications = Publications::of_state(folder.path()).unwrap();
        publications.put(&publication("python")).unwrap();
        let findings = findings(folder.path());
        let status = Arc::new(Status::new(publications, Arc::new(catalogue()), findings, "http://x"));
        status.set_wave(Timestamp::UNIX_EPOCH, WaveSummary { images: vec![failed("python")] });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        std::thread::spawn(move || {
            crate::context::runtime().unwrap().block_on(async {
                fill(folder.path()).await;
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router(status)).await
            })
        });
        address
    });

    fn get(path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(*SERVER).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn offers_lines_to_copy_with_the_host_that_was_asked() {
        let page = get("/", "registry.example:5000");
        assert!(page.contains("docker pull registry.example:5000/python:3.13"), "{page}");
        assert!(get("/", "factory").contains("docker pull factory:80/python:3.13"));
        assert!(get("/images/python", "[::1]:80").contains("docker pull [::1]:80/python@sha256:"));
    }

    #[test]
    fn refuses_a_hostile_host() {
        for host in
            ["<script>alert(1)</script>", "a.example/evil", "a.example; rm -rf /", "a.example\"onload=", "é.example"]
        {
            let page = get("/", host);
            assert!(page.starts_with("HTTP/1.1 400"), "{host}: {page}");
            assert!(!page.contains("alert") && !page.contains("rm -rf") && !page.contains("onload"), "{page}");
        }
    }

    #[test]
    fn says_what_is_not_there_and_escapes_it() {
        let page = get("/images/%3Cscript%3E", "a.example");
        assert!(page.starts_with("HTTP/1.1 404") && page.contains("&lt;script&gt;"), "{page}");
        assert!(get("/elsewhere", "a.example").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn lets_no_script_run_and_nobody_keep_a_page() {
        let page = get("/", "a.example").to_lowercase();
        assert!(
            page.contains("content-security-policy: default-src 'none'") && page.contains("cache-control: no-store")
        );
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere: {page}");
        let image = get("/images/python", "a.example").to_lowercase();
        // Links lead elsewhere, to one place; nothing is loaded from there.
        let links = image.replace("href=\"https://security-tracker.debian.org/tracker/", "");
        assert!(links.len() < image.len() && !links.contains("<script"), "{image}");
        assert!(!links.contains("http://") && !links.contains("https://") && !links.contains(" src="), "{image}");
        let style = get(&STYLE_PATH, "a.example");
        assert!(style.contains("immutable") && style.contains("prefers-color-scheme"), "{style}");
    }

    #[test]
    fn answers_whoever_keeps_it_running() {
        assert!(get("/livez", "a.example").contains("is alive"));
        assert!(get("/readyz", "a.example").starts_with("HTTP/1.1 200"));
        assert!(get("/api/v1/images", "a.example").contains("\"schema\":\"bedplate.images/v1\""));
    }

    #[test]
    fn pages_and_programs_are_told_what_the_ledger_knows() {
        for (path, expected) in [
            ("/", "open with Debian's reason"),
            ("/images/python", "`minizip` is not in the image"),
            ("/fixes", "3 h 20 min"),
            ("/vulnerabilities/CVE-2026-2", "/images/python#vulnerabilities"),
            ("/vex/", "python.openvex.json"),
            ("/vex/python.openvex.json", "component_not_present"),
            ("/vex/.well-known/vex-repository.json", "http://a.example/vex/vex-repository.tar.gz"),
            ("/metrics", "bedplate_fix_lag_seconds_count 1"),
            ("/api/v1/images/python/vulnerabilities", "\"schema\":\"bedplate.vulnerabilities/v1\""),
            ("/api/v1/fixes", "\"lag-seconds\":12000"),
            ("/api/v1/fixes.csv", "python,linux/amd64,CVE-2025-9,openssl,1,fixed,"),
            ("/api/v1/feeds", "\"data\":{\"standing\":\"absent\"}"),
            ("/api/v1/events?since=2026-11-01T00:00:00Z", "CVE-2026-2 in openssl appeared in python linux/amd64"),
            ("/api/v1/badges/python/grade.svg", "python: grade unknown"),
            ("/api/v1/badges/python/fixable.json", "\"message\":\"fixable unknown\""),
        ] {
            let answer = get(path, "a.example");
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(expected), "{path}: {answer}");
        }
    }

    #[test]
    fn what_cannot_be_answered_is_said() {
        for (path, status, expected) in [
            ("/vulnerabilities/%3Cscript%3E", 404, "&lt;script&gt;"),
            ("/api/v1/events?since=yesterday", 400, "`since` is `yesterday`: expected a time"),
            ("/api/v1/images/ruby/vulnerabilities", 404, "`ruby` is not published here"),
            ("/api/v1/badges/python/speed.svg", 404, "There is no badge speed.svg here."),
            ("/vex/ruby.openvex.json", 404, "There is no VEX document ruby.openvex.json here."),
        ] {
            let answer = get(path, "a.example");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(expected), "{path}: {answer}");
        }
    }
}
