//! `/keys/`: what others verify our images with, at addresses that stay.
//!
//! In: requests. Out: the files of [`Handout`] and a page that says what each is for. Keys are read again when they change on disk.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Segment, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use axum::http::{StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use worker::{Publications, WatchedKeys};

use crate::key_index;
use crate::key_texts::{Handout, KeyText};
use crate::settings::Settings;
use crate::status_page::{Refused, guarded, html, not_found, registry_address};
use crate::status_parts;

/// Caches may keep a file for so long: a key that others learn of is valid before it signs.
const CACHE: &str = "max-age=300";

/// What the pages are made of.
#[derive(Debug)]
pub(crate) struct KeyPages {
    keys: WatchedKeys,
    settings: Settings,
    /// The name of the images.
    name: String,
    /// How this address is reached: `http` or `https`.
    scheme: String,
    publications: Publications,
}

impl KeyPages {
    /// For a state folder whose registry and status page are reached at `url`; images are signed as `name`.
    pub(crate) fn new(settings: &Settings, state: &Path, url: &str, name: &str, publications: Publications) -> Self {
        Self {
            keys: WatchedKeys::new(&settings.signing, state),
            settings: settings.clone(),
            name: name.to_owned(),
            scheme: url.split_once("://").map_or("http", |(scheme, _)| scheme).to_owned(),
            publications,
        }
    }

    /// What is handed out at this moment, or why nothing can be.
    fn handout(&self) -> Result<Handout, String> {
        let known = self.keys.get().map_err(|error| error.to_string())?;
        Ok(Handout::new(known, &self.name, &self.settings))
    }

    /// An image to show commands with.
    fn example(&self) -> Option<String> {
        let first = self.publications.all().ok()?.into_iter().next()?;
        Some(format!("{}:{}", first.repository, first.tags.first().unwrap_or(&first.fixed_tag)))
    }
}

/// The routes.
pub(crate) fn router(pages: Arc<KeyPages>) -> Router {
    Router::new()
        .route("/keys", get(|| async { Redirect::permanent("/keys/") }))
        .route("/keys/", get(index))
        .route("/keys/{name}", get(file))
        .layer(map_response(guarded))
        .with_state(pages)
}

async fn index(State(pages): State<Arc<KeyPages>>, headers: HeaderMap) -> Result<Response, Refused> {
    let url = format!("{}://{}", pages.scheme, registry_address(&headers)?);
    let read = worker::blocking(move || pages.handout().map(|handout| (handout, pages.example()))).await;
    Ok(match read {
        Ok((handout, example)) => html(StatusCode::OK, &key_index::page(&url, &handout, example.as_deref())),
        Err(reason) => unusable(&reason),
    })
}

async fn file(State(pages): State<Arc<KeyPages>>, Segment(name): Segment<String>, uri: Uri) -> Response {
    match worker::blocking(move || pages.handout()).await {
        Ok(handout) => match handout.texts().into_iter().find(|text| text.name == name) {
            Some(text) => served(text),
            None => not_found(uri.path()),
        },
        Err(reason) => unusable(&reason),
    }
}

fn served(text: KeyText) -> Response {
    ([(CONTENT_TYPE, text.content_type), (CACHE_CONTROL, CACHE)], text.text).into_response()
}

fn unusable(reason: &str) -> Response {
    html(StatusCode::SERVICE_UNAVAILABLE, &status_parts::problem("The keys cannot be read", reason))
}
