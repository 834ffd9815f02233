//! TLS with an authority of one's own.

use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use registry::{Client, ClientSettings, Store};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::fixture::{name, router, settings};

/// Accepts connections that speak TLS.
struct Secure {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn server(authority: &CertifiedIssuer<'_, KeyPair>, host: &str) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

/// A registry with a certificate for `name`. Gives its host.
async fn start(authority: &CertifiedIssuer<'_, KeyPair>, name: &str, folder: &std::path::Path) -> String {
    let store = Arc::new(Store::open(folder.join("registry")).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let secure = Secure { listener, acceptor: TlsAcceptor::from(Arc::new(server(authority, name))) };
    let router = router(&store);
    tokio::spawn(async move { axum::serve(secure, router).await });
    host
}

fn client(settings: ClientSettings) -> Client {
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority();
    let host = start(&authority, "127.0.0.1", folder.path()).await;
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    let stranger = client(settings(folder.path())).repository(&host, name("a"));
    let error = stranger.tags().await.unwrap_err().to_string();
    assert!(error.contains("gives no connection that can be trusted"), "{error}");
    assert!(error.contains("put the authority's PEM file under `certificate_authorities`"), "{error}");
    assert!(!error.contains("tried"), "trying again changes nothing: {error}");
    let friend = ClientSettings { certificate_authorities: vec![path], ..settings(folder.path()) };
    client(friend).repository(&host, name("a")).tags().await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority();
    let host = start(&authority, "registry.example", folder.path()).await;
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    let settings = ClientSettings { certificate_authorities: vec![path], ..settings(folder.path()) };
    let error = client(settings).repository(&host, name("a")).tags().await.unwrap_err().to_string();
    assert!(error.contains("expected a valid certificate for `127.0.0.1`"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_authority_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "hello").unwrap();
    let settings = ClientSettings { certificate_authorities: vec![path], ..settings(folder.path()) };
    let error = Client::new(settings).unwrap_err().to_string();
    assert!(error.contains("ca.pem` gives no certificate authority: it has no certificate"), "{error}");
}
