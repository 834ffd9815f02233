//! Registry and status page on one address.
//!
//! In: an address, settings, and what is shown. Out: nothing until the end. Everything that can be wrong with the settings shows before
//! anything is served.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use registry::{Access, Blobs, LimitSettings, Listen, Service, serve};
use tokio::net::TcpListener;

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
    /// Binds the address and reads the files that the settings name.
    pub(crate) async fn bind(address: SocketAddr, settings: &RegistrySettings) -> anyhow::Result<Self> {
        let access = Access::new(&settings.access).context("settings key `registry.access`")?;
        let listen = Listen::new(&settings.listen()).context("settings key `registry`")?;
        let listener = TcpListener::bind(address).await.with_context(|| {
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
    pub(crate) async fn run(self, status: Arc<Status>, sources: Sources, shutdown: impl Future<Output = ()>) {
        let service = Service::new(Arc::clone(&sources.store)).with_access(Arc::clone(&self.access));
        let service = service.with_limits(&self.limits).with_blobs(self.blobs).with_notices(notices::keep(sources));
        let pages = self.access.guard(status_page::router(status), &OPEN_PAGES);
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
