//! Registry and status page on one address.
//!
//! In: an address, settings, and what is shown. Out: nothing until the end. Everything that can be wrong with the settings shows before
//! anything is served.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use registry::{Access, Blobs, LimitSettings, Listen, Service, serve};
use tokio::net::TcpListener;

use crate::key_pages::{self, KeyPages};
use crate::notices::{self, Sources};
use crate::registry_settings::RegistrySettings;
use crate::status_page::{self, Status};

/// What whoever keeps the process running asks for, without credentials.
const OPEN_PAGES: [&str; 2] = ["/livez", "/readyz"];

/// A server that is bound and not yet running.
pub(crate) struct Serving {
    listener: TcpListener,
    listen: Listen,
    access: Arc<Access>,
    limits: LimitSettings,
    blobs: Blobs,
}

impl Serving {
    /// Binds the address and reads the files that the settings name. Must be called inside of a runtime.
    pub(crate) fn bind(address: SocketAddr, settings: &RegistrySettings) -> anyhow::Result<Self> {
        let access = Access::new(&settings.access).context("settings key `registry.access`")?;
        let listen = Listen::new(&settings.listen()).context("settings key `registry`")?;
        let listener = registry::bind(address).with_context(|| {
            format!("cannot listen on {address}: stop what uses it, or choose another address with --listen")
        })?;
        Ok(Self {
            listener,
            listen,
            access: Arc::new(access),
            limits: settings.limits.clone(),
            blobs: settings.blobs(),
        })
    }

    /// Where it listens: with the port that the system chose where none was given.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("cannot learn the address that was bound")
    }

    /// Serves until `shutdown` is over, and a while longer what still runs then.
    pub(crate) async fn run(
        self,
        status: Arc<Status>,
        keys: KeyPages,
        sources: Sources,
        shutdown: impl Future<Output = ()>,
    ) {
        let service = Service::new(Arc::clone(&sources.store)).with_access(Arc::clone(&self.access));
        let service = service.with_limits(&self.limits).with_blobs(self.blobs).with_notices(notices::keep(sources));
        let pages = status_page::router(status).merge(key_pages::router(Arc::new(keys)));
        let pages = self.access.guard(pages, &OPEN_PAGES);
        serve(self.listener, pages.merge(service.router()), self.listen, shutdown).await;
    }
}

/// Waits for Ctrl-C or for what a service manager sends.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("cannot wait for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use registry::{AccessSettings, Store};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use worker::{KeyFolder, KeyRole, Publications, SigningSettings};

    use super::*;
    use crate::settings::Settings;
    use crate::status_fixtures::{catalogue, findings, publication};

    /// Bcrypt of `secret`, at the lowest cost.
    const USERS: &str = "ann:$2b$04$aaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";

    /// Serves a state folder with one published image, and gives the address.
    fn start(state: &Path, settings: &RegistrySettings) -> SocketAddr {
        let serving = Serving::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
        let address = serving.address().unwrap();
        let publications = Publications::of_state(state).unwrap();
        publications.put(&publication("python")).unwrap();
        let store = Arc::new(Store::open(state.join("registry")).unwrap());
        let catalogue = Arc::new(catalogue());
        let (shown, findings) = (publications.clone(), findings(state));
        let status = Arc::new(Status::only_served(shown, Arc::clone(&catalogue), findings, "http://x"));
        let settings = Settings::default();
        let keys = KeyPages::new(&settings, state, "http://x", "images.example", publications.clone());
        tokio::spawn(serving.run(status, keys, Sources { store, publications, catalogue }, std::future::pending()));
        address
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn pages_and_registry_share_an_address_also_beside_the_factory() {
        let folder = tempfile::tempdir().unwrap();
        let _factory = worker::State::open(folder.path()).unwrap();
        let address = start(folder.path(), &RegistrySettings::default());
        for (path, expected) in [
            ("/", "HTTP/1.1 200"),
            ("/images/python", "HTTP/1.1 200"),
            ("/readyz", "HTTP/1.1 200"),
            ("/v2/", "HTTP/1.1 200"),
            ("/v2/none/tags/list", "HTTP/1.1 404"),
            ("/token", "HTTP/1.1 404"),
        ] {
            let answer = get(address, path).await;
            assert!(answer.starts_with(expected), "{path}: {answer}");
        }
    }

    #[tokio::test]
    async fn who_may_not_pull_sees_no_pages_but_those_that_keep_the_process_running() {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("users");
        std::fs::write(&users, USERS).unwrap();
        let access = AccessSettings { htpasswd: Some(users), anonymous: false, ..AccessSettings::default() };
        let address = start(folder.path(), &RegistrySettings { access, ..RegistrySettings::default() });
        for path in ["/", "/images/python", "/api/v1/images", "/keys/", "/keys/cosign.pub", "/none"] {
            let answer = get(address, path).await;
            assert!(
                answer.starts_with("HTTP/1.1 401") && answer.contains("www-authenticate: Basic"),
                "{path}: {answer}"
            );
            assert!(!answer.contains("python"), "{path}: {answer}");
        }
        for path in OPEN_PAGES {
            assert!(get(address, path).await.starts_with("HTTP/1.1 200"), "{path}");
        }
    }

    #[tokio::test]
    async fn keys_are_handed_out_and_read_again_when_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let address = start(folder.path(), &RegistrySettings::default());
        assert!(get(address, "/keys/").await.contains("There are no keys yet"));
        assert!(get(address, "/keys/cosign.pub").await.starts_with("HTTP/1.1 404"));
        worker::Signers::open(&SigningSettings::default(), folder.path()).unwrap();
        for (name, content_type) in [
            ("cosign.pub", "application/x-pem-file"),
            ("statement.pub", "application/x-pem-file"),
            ("policy.yaml", "application/yaml"),
            ("trusted_root.json", "application/json"),
            ("containers-policy.json", "application/json"),
            ("registries.d.yaml", "application/yaml"),
            ("kyverno.yaml", "application/yaml"),
            ("policy-controller.yaml", "application/yaml"),
            ("", "text/html; charset=utf-8"),
        ] {
            let answer = get(address, &format!("/keys/{name}")).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
            assert!(answer.contains(&format!("content-type: {content_type}\r\n")), "{name}: {answer}");
            assert!(!answer.contains("PRIVATE KEY") && answer.contains("nosniff"), "{name}: {answer}");
        }
        let keys = KeyFolder::of_state(folder.path());
        let private = keys.list().unwrap()[0].path.file_name().unwrap().to_str().unwrap().to_owned();
        for path in [format!("release/{private}"), format!("release%2F{private}"), private, "..%2Flock".into()] {
            assert!(get(address, &format!("/keys/{path}")).await.starts_with("HTTP/1.1 404"), "{path}");
        }
        keys.add(KeyRole::Release).unwrap();
        assert!(get(address, "/keys/cosign.pub").await.contains("One of 2 keys"));
        std::fs::write(keys.path().join("release/other"), "").unwrap();
        let answer = get(address, "/keys/kyverno.yaml").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("is no key that bedplate made"), "{answer}");
        assert!(get(address, "/keys").await.contains("location: /keys/\r\n"));
    }

    #[tokio::test]
    async fn settings_and_addresses_that_cannot_be_used_are_named() {
        let access = AccessSettings { htpasswd: Some("none".into()), ..AccessSettings::default() };
        let wrong = RegistrySettings { access, ..RegistrySettings::default() };
        let error = format!("{:#}", Serving::bind("127.0.0.1:0".parse().unwrap(), &wrong).err().unwrap());
        assert!(
            error.starts_with("settings key `registry.access`: the file of users `none` cannot be read"),
            "{error}"
        );
        let first = Serving::bind("127.0.0.1:0".parse().unwrap(), &RegistrySettings::default()).unwrap();
        let taken = first.address().unwrap();
        let error = format!("{:#}", Serving::bind(taken, &RegistrySettings::default()).err().unwrap());
        assert!(error.starts_with(&format!("cannot listen on {taken}: stop what uses it")), "{error}");
    }
}
