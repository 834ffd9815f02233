//! One connection, from its first byte to its last.
//!
//! In: a socket and what all connections share. Out: nothing; the requests went to the routes. A connection on which nothing was sent costs a
//! task and no buffers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::access_log::AccessLog;
use super::exchange::Exchange;
use super::paced::{Paced, Progress};
use super::settings::{LimitSettings, TimeoutSettings};
use super::tls::Tls;
use crate::Peer;

/// As many headers as hyper reads without allocating.
const USUAL_HEADERS: usize = 100;

/// What a client reads that does not encrypt where it should.
pub const TLS_ONLY: &str = "this address speaks TLS only: use https://";

/// How many bytes may wait in the kernel that were not sent yet.
const MOST_UNSENT: u32 = 256 * 1024;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) routes: TowerToHyperService<Router>,
    pub(crate) tls: Option<Tls>,
    pub(crate) log: Option<Arc<AccessLog>>,
    pub(crate) http: http1::Builder,
    pub(crate) timeouts: TimeoutSettings,
}

/// How far the server is on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    /// Requests that run may end, none begins.
    Closing,
    /// Everything is cut.
    Over,
}

/// How requests are read.
pub(crate) fn http(limits: &LimitSettings, timeouts: &TimeoutSettings) -> http1::Builder {
    let mut http = http1::Builder::new();
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    // Between requests this is the one clock; from the first byte on, the stream has a shorter one.
    http.timer(TokioTimer::new()).header_read_timeout(timeouts.idle).max_header_size(size(limits.header_bytes));
    if size(limits.headers) != USUAL_HEADERS {
        http.max_headers(size(limits.headers));
    }
    http
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(
    socket: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut stage: watch::Receiver<Stage>,
) {
    tokio::select! {
        () = begin(socket, address, &shared, stage.clone()) => {}
        _ = stage.wait_for(|stage| *stage == Stage::Over) => {}
    }
}

async fn begin(mut socket: TcpStream, address: SocketAddr, shared: &Arc<Shared>, mut stage: watch::Receiver<Stage>) {
    prepare(&socket);
    let patience = if shared.tls.is_some() { shared.timeouts.handshake } else { shared.timeouts.idle };
    let mut first_byte = [0];
    let begun = tokio::select! {
        read = timeout(patience, socket.peek(&mut first_byte)) => matches!(read, Ok(Ok(1))),
        _ = stage.wait_for(|stage| *stage >= Stage::Closing) => false,
    };
    match &shared.tls {
        _ if !begun => {}
        None => Box::pin(speak(socket, Peer { address, encrypted: false }, shared, stage)).await,
        Some(_) if first_byte[0].is_ascii_uppercase() => tell_of_tls(&mut socket).await,
        Some(tls) => Box::pin(encrypt(socket, address, tls, shared, stage)).await,
    }
}

/// Answers what is no TLS but a request, for the person who reads it.
async fn tell_of_tls(socket: &mut TcpStream) {
    // What is left unread when the connection is closed would take the answer with it.
    let _ = socket.try_read(&mut [0; 4096]);
    let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close";
    let _ = socket.write_all(format!("{head}\r\n\r\n{TLS_ONLY}\n").as_bytes()).await;
    let _ = socket.shutdown().await;
}

async fn encrypt(
    socket: TcpStream,
    address: SocketAddr,
    tls: &Tls,
    shared: &Arc<Shared>,
    stage: watch::Receiver<Stage>,
) {
    match timeout(shared.timeouts.handshake, tls.acceptor().accept(socket)).await {
        Ok(Ok(stream)) => speak(stream, Peer { address, encrypted: true }, shared, stage).await,
        Ok(Err(reason)) => tracing::debug!(%address, "no TLS: {reason}"),
        Err(_) => tracing::debug!(%address, "no TLS in time"),
    }
}

/// Sets what the kernel does with the socket; where it refuses, the connection works too.
fn prepare(socket: &TcpStream) {
    // Small answers must not wait for more to come.
    let _ = socket.set_nodelay(true);
    // Otherwise megabytes wait in the kernel for a slow client, and whether it takes any is seen only after a third of them.
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(MOST_UNSENT);
}

/// Speaks HTTP over a stream.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    shared: &Arc<Shared>,
    mut stage: watch::Receiver<Stage>,
) {
    let progress = Arc::new(Progress::default());
    let stream = Paced::new(stream, Arc::clone(&progress), shared.timeouts.header, shared.timeouts.idle);
    let service = service_fn(|request| answer(request, peer, Arc::clone(shared), Arc::clone(&progress)));
    let mut connection = std::pin::pin!(shared.http.serve_connection(TokioIo::new(stream), service));
    let mut is_closing = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            _ = stage.wait_for(|stage| *stage >= Stage::Closing), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(reason) = ended {
        tracing::debug!(address = %peer.address, "a connection ended early: {reason}");
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    shared: Arc<Shared>,
    progress: Arc<Progress>,
) -> Result<axum::http::Response<super::exchange::Counted>, std::convert::Infallible> {
    let idle: Duration = shared.timeouts.idle;
    let (exchange, mut request) = Exchange::begin(request, peer.address, shared.log.as_ref(), &progress, idle);
    request.extensions_mut().insert(peer);
    let method = request.method().clone();
    let response = shared.routes.call(request).await?;
    Ok(exchange.answer(&method, response))
}
