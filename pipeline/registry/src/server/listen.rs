//! Taking connections: encrypted or not, only so many, none for ever, with a log of what they asked for.
//!
//! In: a listening socket, routes, [`ListenSettings`], and when to stop. Out: nothing until the end.
//! Specifications: <https://www.rfc-editor.org/rfc/rfc9112> (HTTP/1.1), <https://www.rfc-editor.org/rfc/rfc8446> (TLS).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use access_log::AccessLog;
use connection::{Shared, Stage};
use tls::{Tls, TlsError};

mod access_log;
mod connection;
mod exchange;
mod open_files;
mod paced;
mod settings;
mod tls;

pub use connection::TLS_ONLY;
pub use settings::{LimitSettings, ListenSettings, TimeoutSettings, TlsSettings};

/// How many connections may wait to be accepted, where the system allows so many. Those beyond try again after a second.
const BACKLOG: u32 = 4096;
/// How long nothing is accepted where the system has no more files or memory.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a trouble that goes on is told.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How long the last lines of the access log may take.
const LAST_LINES: Duration = Duration::from_secs(5);

/// Everything that connections need but the routes, opened and checked.
#[derive(Debug)]
pub struct Listen {
    settings: ListenSettings,
    tls: Option<Tls>,
    log: Option<Arc<AccessLog>>,
}

/// Why settings of listening cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The access log.
    #[error("the access log `{}` cannot be opened: {reason}; name a file in a folder that can be written, or `-`", path.display())]
    AccessLog {
        /// Its file.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
}

impl Listen {
    /// Reads the certificate and opens the access log.
    pub fn new(settings: &ListenSettings) -> Result<Self, ListenError> {
        let tls = settings.tls.as_ref().map(Tls::new).transpose()?;
        let open = |path: &PathBuf| {
            let failed = |reason| ListenError::AccessLog { path: path.clone(), reason };
            AccessLog::open(path).map(Arc::new).map_err(failed)
        };
        let log = settings.access_log.as_ref().map(open).transpose()?;
        Ok(Self { settings: settings.clone(), tls, log })
    }
}

/// Listens on an address, with room for many who connect at the same moment. Must be called inside of a runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that was stopped just now does not keep the next one from its address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves the routes until `shutdown` is over; then lets running requests end, for as long as the settings say.
///
/// Each request has a [`crate::Peer`] in its extensions. Connections beyond the limit wait, not accepted. Where the system has no more files, nothing
/// is accepted for a moment; what is open goes on. The limit of open files of this process is raised as far as it goes.
pub async fn serve(listener: TcpListener, routes: Router, listen: Listen, shutdown: impl Future<Output = ()>) {
    let Listen { settings, tls, log } = listen;
    let most = open_files::connections(settings.limits.connections, open_files::raise_limit());
    let places = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX)));
    let http = connection::http(&settings.limits, &settings.timeouts);
    let routes = TowerToHyperService::new(routes);
    let shared = Arc::new(Shared { routes, tls, log: log.clone(), http, timeouts: settings.timeouts.clone() });
    let (stage, _) = watch::channel(Stage::Running);
    tokio::select! {
        () = accept(&listener, &shared, &places, &stage) => {}
        () = shutdown => {}
    }
    drop(listener);
    stage.send_replace(Stage::Closing);
    if timeout(settings.timeouts.shutdown, places.acquire_many(most)).await.is_err() {
        tracing::warn!("requests still ran at the end of the time for shutdown and were cut");
        stage.send_replace(Stage::Over);
        let _ = timeout(LAST_LINES, places.acquire_many(most)).await;
    }
    if let Some(log) = log {
        let _ = timeout(LAST_LINES, log.flush()).await;
    }
}

/// Accepts for ever.
async fn accept(listener: &TcpListener, shared: &Arc<Shared>, places: &Arc<Semaphore>, stage: &watch::Sender<Stage>) {
    let mut trouble = Trouble::default();
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((socket, address)) => {
                let connection = connection::serve(socket, address, Arc::clone(shared), stage.subscribe());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            // The client went away before it was accepted.
            Err(reason)
                if matches!(reason.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            Err(reason) => {
                trouble.tell(&reason);
                sleep(PAUSE).await;
            }
        }
    }
}

/// Tells of a trouble once in a while.
#[derive(Default)]
struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    fn tell(&mut self, reason: &io::Error) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            tracing::error!("connections cannot be accepted just now: {reason}; raise the limit of open files");
        }
    }
}
