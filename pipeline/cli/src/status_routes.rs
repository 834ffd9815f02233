//! Addresses about vulnerabilities, for people and programs.
//!
//! In: [`Status`], and requests. Out: `/fixes`, `/vulnerabilities/ID`, `/vex/`, `/metrics`, and what is below `/api/v1/` beside the images.
//! Answers for programs have an entity tag; whoever has the bytes already is told so.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use blob::Digest;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::status::{Status, View};
use crate::status_badges::{Badge, CACHE_SECONDS};
use crate::status_page::{Refused, html, not_found, registry_address};
use crate::{status_findings_api, status_fixes, status_metrics, status_vex, status_vex_index, status_vulnerability};

/// So many events are given at once; whoever wants older ones asks with a `since`, and gets the newest of them.
const EVENTS: u32 = 1_000;

const JSON: &str = "application/json";

/// The routes.
pub(crate) fn routes() -> Router<Arc<Status>> {
    Router::new()
        .route("/fixes", get(fixes_page))
        .route("/vulnerabilities/{id}", get(vulnerability))
        .route("/metrics", get(metrics))
        .route("/vex", get(|| async { Redirect::permanent("/vex/") }))
        .route("/vex/", get(vex_index))
        .route("/vex/{*path}", get(vex))
        .route("/api/v1/images/{name}/vulnerabilities", get(vulnerabilities))
        .route("/api/v1/fixes", get(fixes))
        .route("/api/v1/fixes.csv", get(csv))
        .route("/api/v1/feeds", get(feeds))
        .route("/api/v1/events", get(events))
        .route("/api/v1/badges/{name}/{file}", get(badge))
}

async fn fixes_page(State(status): State<Arc<Status>>) -> Response {
    let view = status.view(Timestamp::now()).await;
    html(StatusCode::OK, &status_fixes::page(&view.known, view.now))
}

async fn vulnerability(State(status): State<Arc<Status>>, Path(id): Path<String>) -> Response {
    if !status_vulnerability::is_id(&id) {
        return not_found(&format!("vulnerability {id}"));
    }
    let view = status.view(Timestamp::now()).await;
    html(StatusCode::OK, &status_vulnerability::page(&view.known, &id, view.now))
}

async fn metrics(State(status): State<Arc<Status>>) -> Response {
    let text = status_metrics::metrics(&status.view(Timestamp::now()).await);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn vulnerabilities(State(status): State<Arc<Status>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let view = status.view(Timestamp::now()).await;
    if let Some(reason) = &view.known.unreadable {
        return unreadable(reason);
    }
    match view.image(&name).and_then(|image| image.publication.as_ref()) {
        Some(published) => tagged(&headers, JSON, status_findings_api::vulnerabilities(&view.known, published)),
        None => {
            problem(StatusCode::NOT_FOUND, "image-not-published", &format!("`{}` is not published here", cut(&name)))
        }
    }
}

async fn fixes(State(status): State<Arc<Status>>, headers: HeaderMap) -> Response {
    let view = status.view(Timestamp::now()).await;
    match &view.known.unreadable {
        Some(reason) => unreadable(reason),
        None => tagged(&headers, JSON, status_findings_api::fixes(&view.known, view.now)),
    }
}

async fn csv(State(status): State<Arc<Status>>, headers: HeaderMap) -> Response {
    match status.findings.csv().await {
        Ok(text) => tagged(&headers, "text/csv; charset=utf-8; header=present", text.into_bytes()),
        Err(error) => unreadable(&error.to_string()),
    }
}

async fn feeds(State(status): State<Arc<Status>>, headers: HeaderMap) -> Response {
    tagged(&headers, JSON, status_findings_api::feeds(&status.view(Timestamp::now()).await.known))
}

async fn events(State(status): State<Arc<Status>>, uri: Uri, headers: HeaderMap) -> Response {
    let since = match since(uri.query().unwrap_or_default()) {
        Ok(since) => since,
        Err(text) => {
            let detail = format!("`since` is `{}`: expected a time such as `2026-11-23T14:00:00Z`", cut(&text));
            return problem(StatusCode::BAD_REQUEST, "bad-time", &detail);
        }
    };
    match status.findings.events(since, EVENTS).await {
        Ok(events) => tagged(&headers, JSON, status_findings_api::events(&events)),
        Err(error) => unreadable(&error.to_string()),
    }
}

/// The key `since` of a query; an error has the text that is no time.
fn since(query: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = query.split('&').find_map(|pair| pair.strip_prefix("since=")) else { return Ok(None) };
    let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
    text.parse().map(Some).map_err(|_| text)
}

async fn badge(
    State(status): State<Arc<Status>>,
    Path((name, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let view = status.view(Timestamp::now()).await;
    if view.image(&name).is_none() {
        return not_found(&format!("image {name}"));
    }
    let (what, ending) = file.rsplit_once('.').unwrap_or((&file, ""));
    let badge = match what {
        "grade" => Badge::grade(&view.known, &name),
        "fixable" => Badge::fixable(&view.known, &name),
        _ => return not_found(&format!("badge {file}")),
    };
    let mut response = match ending {
        "svg" => tagged(&headers, "image/svg+xml", badge.svg().into_string().into_bytes()),
        "json" => tagged(&headers, JSON, serde_json::to_vec(&badge).unwrap_or_default()),
        _ => return not_found(&format!("badge {file}")),
    };
    let keep = HeaderValue::from_str(&format!("max-age={CACHE_SECONDS}"));
    response.headers_mut().extend(keep.ok().map(|keep| (CACHE_CONTROL, keep)));
    response
}

async fn vex_files(
    status: &Arc<Status>,
    headers: &HeaderMap,
) -> Result<(View, Result<status_vex::Files, String>), Refused> {
    let url = format!("{}://{}/vex", status.scheme(), registry_address(headers)?);
    let view = status.view(Timestamp::now()).await;
    let publications: Vec<_> = view.images.iter().filter_map(|image| image.publication.as_ref()).collect();
    let files = status_vex::files(&view.known, &publications, &url);
    Ok((view, files))
}

async fn vex_index(State(status): State<Arc<Status>>, headers: HeaderMap) -> Result<Response, Refused> {
    let (view, files) = vex_files(&status, &headers).await?;
    let host = format!("{}://{}", status.scheme(), registry_address(&headers)?);
    Ok(match files {
        Ok(files) => html(StatusCode::OK, &status_vex_index::page(&host, &view.known, &files, view.now)),
        Err(reason) => unreadable(&reason),
    })
}

async fn vex(
    State(status): State<Arc<Status>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let kind = if path == status_vex::ARCHIVE { "application/gzip" } else { JSON };
    Ok(match vex_files(&status, &headers).await?.1 {
        Ok(mut files) => match files.remove(&path) {
            Some(bytes) => tagged(&headers, kind, bytes),
            None => not_found(&format!("VEX document {path}")),
        },
        Err(reason) => unreadable(&reason),
    })
}

/// Bytes with their entity tag; only that where the client has them.
pub(crate) fn tagged(headers: &HeaderMap, kind: &'static str, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{}\"", Digest::of(&bytes));
    let has = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let has = has.flat_map(|value| value.split(',')).any(|value| value.trim().trim_start_matches("W/") == tag);
    let keep = (CACHE_CONTROL, "no-cache".to_owned());
    if has {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), keep]).into_response();
    }
    ([(CONTENT_TYPE, kind.to_owned()), (ETAG, tag), keep], bytes).into_response()
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = status_findings_api::problem(status.as_u16(), code, detail);
    (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response()
}

fn unreadable(reason: &str) -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "findings-unreadable", reason)
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_a_query_may_be_encoded_and_must_be_one() {
        let at = "2026-11-23T14:00:00Z".parse().unwrap();
        assert_eq!(since("x=1&since=2026-11-23T14%3A00%3A00Z"), Ok(Some(at)));
        assert_eq!(since("since=2026-11-23T15:00:00+01:00"), Ok(Some(at)));
        assert_eq!((since(""), since("since=yesterday")), (Ok(None), Err("yesterday".to_owned())));
    }

    #[test]
    fn whoever_has_the_bytes_gets_none() {
        let first = tagged(&HeaderMap::new(), JSON, b"{}".to_vec());
        let tag = first.headers()[ETAG].clone();
        let again = tagged(&HeaderMap::from_iter([(IF_NONE_MATCH, tag.clone())]), JSON, b"{}".to_vec());
        assert_eq!((again.status(), again.headers()[ETAG].clone()), (StatusCode::NOT_MODIFIED, tag.clone()));
        let other = tagged(&HeaderMap::from_iter([(IF_NONE_MATCH, tag)]), JSON, b"{ }".to_vec());
        assert_eq!(other.status(), StatusCode::OK);
    }
}
