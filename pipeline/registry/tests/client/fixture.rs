//! A registry of our own behind something that can be made to misbehave, and clients for it.
//!
//! In: rules. Out: a [`Registry`] that listens on the loopback address, and a list of everything that it was asked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP,
    MEDIA_TYPE_MANIFEST, Platform, Repository, Tag,
};
use registry::{Client, ClientSettings, Patience, Remote, Service, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// One request, as a rule sees it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// How many requests with this method came before.
    pub(crate) nth: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.path.contains(part)
    }
}

/// Answers in place of the registry, or lets it answer.
pub(crate) type Before = Box<dyn Fn(&Seen) -> Option<Response> + Send + Sync>;
/// Changes the registry's answer.
pub(crate) type After = Box<dyn Fn(&Seen, &mut Response) + Send + Sync>;

/// A running registry.
pub(crate) struct Registry {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Registry {
    /// One that behaves.
    pub(crate) async fn start() -> Self {
        Self::with(|_| None, |_, _| {}).await
    }

    /// One that answers some requests otherwise.
    pub(crate) async fn before(before: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::with(before, |_, _| {}).await
    }

    /// One with rules before and after.
    pub(crate) async fn with(
        before: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static,
        after: impl Fn(&Seen, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::default();
        let router = watched(router(&store), Arc::clone(&seen), Box::new(before), Box::new(after));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { folder, store, host, seen }
    }

    /// What was asked for, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests had this method and this in their path.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.seen().iter().filter(|seen| seen.is(method, part)).count()
    }

    /// A repository of it, for a client without credentials.
    pub(crate) fn remote(&self, repository: &str) -> Remote {
        self.remote_with(settings(self.folder.path()), repository)
    }

    /// The same with other settings.
    pub(crate) fn remote_with(&self, settings: ClientSettings, repository: &str) -> Remote {
        Client::new(settings).unwrap().repository(&self.host, name(repository))
    }
}

/// The server of a store, where clients count as those of this machine.
pub(crate) fn router(store: &Arc<Store>) -> Router {
    let peer = registry::Peer { address: ([127, 0, 0, 1], 1).into(), encrypted: false };
    Service::new(Arc::clone(store)).router().layer(axum::Extension(peer))
}

/// Puts rules and a list around a server.
pub(crate) fn watched(router: Router, list: Arc<Mutex<Vec<Seen>>>, before: Before, after: After) -> Router {
    let rules = Arc::new((before, after));
    router.fallback(|| async { StatusCode::NOT_FOUND }).layer(from_fn(move |request: Request, next: Next| {
        let (list, rules) = (Arc::clone(&list), Arc::clone(&rules));
        async move {
            let seen = note(&list, &request);
            if let Some(response) = rules.0(&seen) {
                return response;
            }
            let mut response = next.run(request).await;
            rules.1(&seen, &mut response);
            response
        }
    }))
}

fn note(list: &Mutex<Vec<Seen>>, request: &Request) -> Seen {
    let mut list = list.lock().unwrap();
    let method = request.method().to_string();
    let seen = Seen {
        nth: list.iter().filter(|seen: &&Seen| seen.method == method).count(),
        method,
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
    };
    list.push(seen.clone());
    seen
}

/// An answer with a status, headers and a text.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let builder =
        headers.iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::from(body.to_owned())).unwrap()
}

/// Ends the connection without an answer.
pub(crate) fn hang_up() -> ! {
    // Does what a panic does, without a word on stderr.
    std::panic::resume_unwind(Box::new("the connection ends here"))
}

/// Settings that are quick to lose patience, and know no credentials.
pub(crate) fn settings(folder: &Path) -> ClientSettings {
    settings_with(folder, "{}")
}

/// The same with docker's configuration.
pub(crate) fn settings_with(folder: &Path, config: &str) -> ClientSettings {
    ClientSettings { docker_config: Some(write(folder, config)), patience: impatient(), ..ClientSettings::default() }
}

fn write(folder: &Path, config: &str) -> PathBuf {
    let path = folder.join("config.json");
    std::fs::write(&path, config).unwrap();
    path
}

pub(crate) fn impatient() -> Patience {
    Patience {
        first_delay: Duration::from_millis(5),
        longest_delay: Duration::from_millis(20),
        longest_asked: Duration::from_millis(1500),
        stall: Duration::from_secs(2),
        helper: Duration::from_millis(300),
    }
}

pub(crate) fn name(text: &str) -> Repository {
    text.parse().unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// So many bytes, no part like another.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let numbers = (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    numbers.take(length).collect()
}

/// A blob of so many bytes.
pub(crate) fn blob(length: usize) -> (Descriptor, Vec<u8>) {
    let bytes = noise(length);
    (Descriptor::of(MEDIA_TYPE_LAYER_GZIP, &bytes), bytes)
}

/// Nobody looks at the progress.
pub(crate) fn quiet(_: u64) {}

/// An image that a store has: its index and its one manifest.
pub(crate) fn put_image(store: &Store, repository: &Repository, text: &str) -> (Descriptor, Descriptor) {
    let layer = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, text.as_bytes());
    store.put_bytes(repository, text.as_bytes()).unwrap();
    let platform = Platform::linux("amd64");
    let config = ImageConfig::new(platform.clone(), vec![layer.digest.clone()]).to_bytes();
    store.put_bytes(repository, &config).unwrap();
    let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), vec![layer]).to_bytes();
    let manifest = store.put_manifest(repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
    let index = ImageIndex::new(vec![manifest.clone().with_platform(platform)]).to_bytes();
    (store.put_manifest(repository, &index, MEDIA_TYPE_INDEX).unwrap(), manifest)
}
