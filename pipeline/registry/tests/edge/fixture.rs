//! A registry with its edge, and what tests ask it.
//!
//! In: settings. Out: an [`Edge`] that listens, as seen from this machine or as if from another one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::Digest;
use oci::{ImageIndex, MEDIA_TYPE_INDEX, Repository};
use registry::{Access, AccessSettings, Listen, ListenSettings, Peer, Service, Store};
use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The password of every user.
pub(crate) const PASSWORD: &str = "correct horse";

/// The size of a blob that fits into no buffers of a connection.
pub(crate) const LARGE: usize = 32 * 1024 * 1024;

/// A running registry.
pub(crate) struct Edge {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) server: JoinHandle<()>,
}

/// Where requests seem to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// This machine.
    Here,
    /// Another one.
    Elsewhere,
}

/// A folder with files that settings name.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A file of users; all have the same password.
pub(crate) fn write_users(folder: &TempDir, users: &[&str]) -> PathBuf {
    let path = folder.path().join("users");
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let lines: String = users.iter().map(|user| format!("{user}:{hash}\n")).collect();
    std::fs::write(&path, lines).unwrap();
    path
}

/// Users, and anything else as it is by default.
pub(crate) fn with_users(folder: &TempDir, users: &[&str]) -> AccessSettings {
    AccessSettings { htpasswd: Some(write_users(folder, users)), ..AccessSettings::default() }
}

/// A text in `team/app`, `team/other` and `app`, and an index tagged `1` in each.
fn fill(store: &Store) {
    for name in ["team/app", "team/other", "app"] {
        let repository: Repository = name.parse().unwrap();
        store.put_bytes(&repository, b"text").unwrap();
        let index = ImageIndex::new(Vec::new()).to_bytes();
        let index = store.put_manifest(&repository, &index, MEDIA_TYPE_INDEX).unwrap();
        store.tag(&repository, &"1".parse().unwrap(), &index).unwrap();
    }
}

impl Edge {
    /// Users' settings, and connections as they are by default.
    pub(crate) async fn start(folder: TempDir, access: &AccessSettings, from: From) -> Self {
        Self::start_with(folder, access, &ListenSettings::default(), from).await
    }

    /// Nobody known, and other settings of connections.
    pub(crate) async fn listen(folder: TempDir, settings: &ListenSettings) -> Self {
        Self::start_with(folder, &AccessSettings::default(), settings, From::Here).await
    }

    /// All settings.
    pub(crate) async fn start_with(
        folder: TempDir,
        access: &AccessSettings,
        settings: &ListenSettings,
        from: From,
    ) -> Self {
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        fill(&store);
        let access = Arc::new(Access::new(access).unwrap());
        let service = Service::new(Arc::clone(&store)).with_access(access).with_limits(&settings.limits);
        let mut router = service.router();
        if from == From::Elsewhere {
            let peer = Peer { address: "192.0.2.1:1".parse().unwrap(), encrypted: settings.tls.is_some() };
            router = router.layer(axum::Extension(peer));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { stopped.await.unwrap_or(()) };
        let server = tokio::spawn(registry::serve(listener, router, Listen::new(settings).unwrap(), shutdown));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { folder, store, address, client, stop, server }
    }

    /// Puts a blob into `app` that is larger than the buffers of a connection, and gives its path.
    pub(crate) fn put_large(&self) -> String {
        let digest = self.store.put_bytes(&"app".parse().unwrap(), &vec![b'x'; LARGE]).unwrap();
        format!("/v2/app/blobs/{digest}")
    }

    /// Asks with these headers.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.request(method.parse().unwrap(), url);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
    }

    /// Asks as a user.
    pub(crate) async fn ask_as(&self, user: &str, method: &str, path: &str) -> Response {
        self.ask(method, path, &[("authorization", &basic(user, PASSWORD))]).await
    }

    /// Asks with a token.
    pub(crate) async fn ask_by(&self, token: &str, method: &str, path: &str) -> Response {
        self.ask(method, path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Gets a token for these scopes, as a user or as nobody.
    pub(crate) async fn token(&self, user: Option<&str>, scopes: &[&str]) -> String {
        let scopes: String = scopes.iter().map(|scope| format!("&scope={scope}")).collect();
        let path = format!("/token?service=registry{scopes}");
        let response = match user {
            Some(user) => self.ask_as(user, "GET", &path).await,
            None => self.ask("GET", &path, &[]).await,
        };
        assert_eq!(response.status(), 200);
        json(response).await["token"].as_str().unwrap().to_owned()
    }
}

/// The path of the text that every repository has.
pub(crate) fn text(repository: &str) -> String {
    format!("/v2/{repository}/blobs/{}", Digest::of("text"))
}

/// Where uploads to a repository begin.
pub(crate) fn uploads(repository: &str) -> String {
    format!("/v2/{repository}/blobs/uploads/")
}

/// The value of `Authorization` for user and password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

/// Status and code of a refusal.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body = json(response).await;
    (status, body["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
}

/// The challenge of a refusal.
pub(crate) fn challenge(response: &Response) -> String {
    let mut all = response.headers().get_all("www-authenticate").iter();
    let first = all.next().map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    assert!(all.next().is_none(), "two challenges");
    first
}

/// The body as JSON.
pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// Asks again and again until it is so, for a few seconds at most.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never happened that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
