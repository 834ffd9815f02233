//! Pages for people beside the registry: who may not know what there is does not see it there either.
//!
//! In: routes of pages. Out: the same routes, which ask for a password where nobody pulls without one.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::challenge::basic;
use super::identity::Verdict;
use super::{Access, Need};
use crate::server::errors::ApiError;

/// What a page needs to know of a request.
#[derive(Clone)]
struct Guard {
    access: Arc<Access>,
    open: &'static [&'static str],
}

impl Access {
    /// Keeps pages from everybody who may not list the repositories, but not the `open` ones. Browsers are asked for user and password.
    pub fn guard(self: &Arc<Self>, pages: Router, open: &'static [&'static str]) -> Router {
        pages.layer(from_fn_with_state(Guard { access: Arc::clone(self), open }, check))
    }
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.access.anonymous || guard.open.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let refusal = match guard.access.identify(&head).await {
        Ok(asker) if guard.access.judge(&asker, &Need::Catalog) == Verdict::Allowed => {
            return next.run(Request::from_parts(head, body)).await;
        }
        Err(None) => ApiError::too_many_requests("passwords to be checked"),
        Ok(_) | Err(Some(_)) => ApiError::unauthorized(basic(), "this needs a user who may pull everything"),
    };
    refusal.into_response()
}
