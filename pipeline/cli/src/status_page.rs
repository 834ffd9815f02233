//! The status page: what can be pulled, how old it is, and what failed.
//!
//! In: publications on disk, the last wave. Out: `/` for people, `/api/v1/images` for programs, `/livez`, `/readyz`.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use plan::{ImageOutcome, Outcome, Publication, WaveSummary};
use worker::Publications;

use crate::output::bytes;
use crate::pull_table::UNSIGNED;

/// What the page knows.
pub(crate) struct Status {
    publications: Publications,
    last: RwLock<Last>,
}

#[derive(Debug, Clone, Default)]
struct Last {
    evaluated: Option<Timestamp>,
    next: Option<Timestamp>,
    summary: WaveSummary,
    error: Option<String>,
}

impl Status {
    /// Nothing evaluated yet.
    pub(crate) fn new(publications: Publications) -> Self {
        Self { publications, last: RwLock::default() }
    }

    /// A wave ended.
    pub(crate) fn set_wave(&self, at: Timestamp, summary: WaveSummary) {
        self.change(|last| {
            last.evaluated = Some(at);
            last.summary = summary;
            last.error = None;
        });
    }

    /// A wave could not be carried out.
    pub(crate) fn set_error(&self, at: Timestamp, message: String) {
        self.change(|last| {
            last.evaluated = Some(at);
            last.error = Some(message);
        });
    }

    /// When the next evaluation is due.
    pub(crate) fn set_next(&self, at: Timestamp) {
        self.change(|last| last.next = Some(at));
    }

    fn change(&self, change: impl FnOnce(&mut Last)) {
        change(&mut self.last.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn last(&self) -> Last {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The routes of the page.
pub(crate) fn router(status: Arc<Status>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/api/v1/images", get(images))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(status)
}

async fn ready(State(status): State<Arc<Status>>) -> (StatusCode, &'static str) {
    match status.last().evaluated {
        Some(_) => (StatusCode::OK, "ok\n"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no evaluation has ended yet\n"),
    }
}

async fn images(State(status): State<Arc<Status>>) -> impl IntoResponse {
    let all = status.publications.all().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], serde_json::to_vec(&all).unwrap_or_default())
}

async fn page(State(status): State<Arc<Status>>, headers: HeaderMap) -> impl IntoResponse {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
    let text = render(host, &status.last(), &status.publications.all().unwrap_or_default()).into_string();
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text)
}

fn render(host: &str, last: &Last, publications: &[Publication]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "bedplate" }
                style { (maud::PreEscaped(include_str!("status_style.css"))) }
            }
            body {
                h1 { "bedplate" }
                p.warning { (UNSIGNED) }
                p {
                    "Last evaluation: " (time(last.evaluated)) ". Next: " (time(last.next)) "."
                }
                @if let Some(error) = &last.error { p.failed { "The last evaluation failed: " (error) } }
                (table(last, publications))
                h2 { "Pull" }
                pre {
                    @for it in publications { "docker pull " (host) "/" (it.repository) ":" (first_tag(it)) "\n" }
                }
            }
        }
    }
}

fn table(last: &Last, publications: &[Publication]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr {
                    th { "Image" } th { "Tags" } th { "Size" } th { "Packages" } th { "Made of packages until" }
                    th { "Published" } th { "Digest" } th { "Last evaluation" }
                } }
                tbody {
                    @for it in publications {
                        tr {
                            td { (it.repository) }
                            td { (it.tags.join(" ")) br; small { (it.fixed_tag) } }
                            td { @for (name, platform) in &it.platforms { (name) " " (bytes(platform.size)) br; } }
                            td { @for platform in it.platforms.values() { (platform.packages) br; } }
                            td { (it.created) }
                            td { (it.published) }
                            td { code title=(it.index) { (it.index.short()) } }
                            td { (outcome(&last.summary.images, &it.image)) }
                        }
                    }
                }
            }
        }
        @for one in &last.summary.images {
            @if let Outcome::Failed { whose, message } = &one.outcome {
                p.failed { strong { (one.image) } " failed (" (whose) "): " (message) }
            }
        }
    }
}

fn outcome(outcomes: &[ImageOutcome], image: &str) -> String {
    match outcomes.iter().find(|one| one.image == image).map(|one| &one.outcome) {
        Some(Outcome::UpToDate { .. }) => "up to date".into(),
        Some(Outcome::Published { reasons, .. }) => reasons.join(", "),
        Some(Outcome::Failed { whose, .. }) => format!("failed ({whose})"),
        None => "not evaluated".into(),
    }
}

fn first_tag(publication: &Publication) -> &str {
    publication.tags.first().unwrap_or(&publication.fixed_tag)
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "not yet".into(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_that_images_are_unsigned_and_escapes_what_it_is_given() {
        let last = Last { error: Some("<script>".into()), ..Last::default() };
        let page = render("<evil>", &last, &[]).into_string();
        assert!(page.contains("unsigned and unscanned") && page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("<evil>"), "{page}");
    }
}
