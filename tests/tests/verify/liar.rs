//! A proxy before our registry that does what honest registries do not.
//!
//! In: the registry's service, and lies. Out: the same service, lying.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It knows nothing of referrers: clients keep the list.
    NoReferrers,
    /// What has this in its path is 100 MB of nothing, without a length.
    Endless(String),
    /// What has this in its path is out of order.
    Broken(String),
    /// What has this in its path has another first byte.
    Changed(String),
}

/// The lies that are told; they may change.
pub(crate) type Lies = Arc<Mutex<Vec<Lie>>>;
/// Told of each request, before it is answered: its method and path.
pub(crate) type Ear = Arc<dyn Fn(&str) + Send + Sync>;

/// The service, lying.
pub(crate) fn lying(router: Router, lies: Lies, ear: Ear) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let (lies, ear) = (lies.lock().unwrap().clone(), Arc::clone(&ear));
        async move { answer(&lies, &ear, request, next).await }
    }))
}

async fn answer(lies: &[Lie], ear: &Ear, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    ear(&format!("{} {path}", request.method()));
    let reads = request.method() == Method::GET;
    for lie in lies.iter().filter(|_| reads) {
        match lie {
            Lie::NoReferrers if path.contains("/referrers/") => return StatusCode::NOT_FOUND.into_response(),
            Lie::Broken(part) if path.contains(part) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Lie::Endless(part) if path.contains(part) => return endless(),
            Lie::Changed(part) if path.contains(part) => return changed(next.run(request).await).await,
            _ => {}
        }
    }
    next.run(request).await
}

fn endless() -> Response {
    let pieces = (0..1600).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 * 1024])));
    Body::from_stream(stream::iter(pieces)).into_response()
}

async fn changed(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let mut bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
    bytes[0] ^= 1;
    Response::from_parts(head, Body::from(bytes))
}
