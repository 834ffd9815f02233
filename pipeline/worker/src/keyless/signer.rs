//! The signer that has no key of its own.
//!
//! In: [`KeylessSettings`], statements. Out: signatures with certificate, timestamp and log entry, each checked by the trusted root first.
//!
//! One certificate serves all signatures until less than a minute of it is left. The services are asked on a thread of the signer's own, so
//! that [`Signer::sign`] may be called from any thread; it blocks that thread for as long as they take.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use jiff::Timestamp;
use reqwest::Url;
use signing::{Holder, Material, Message, PublicKey, SignError, Signature, Signer, SignerIdentity, TrustedRoot};
use tokio::runtime::{Builder, Runtime};

use super::ambient::{Surroundings, Tokens};
use super::certified::Certified;
use super::error::KeylessError;
use super::service::{self, Patience, Service};
use super::settings::{KeylessIdentity, KeylessSettings};
use super::{checked, rekor, timestamp};
use crate::client_error::shown;

/// Signs by certificates of an identity.
pub struct KeylessSigner {
    services: Arc<Services>,
    root: checked::Root,
    pub(super) current: Mutex<Option<Arc<Certified>>>,
    runtime: Option<Runtime>,
}

/// Who is asked.
pub(super) struct Services {
    fulcio: Service,
    rekor: Option<Service>,
    timestamp: Service,
    tokens: Tokens,
    identity: KeylessIdentity,
}

impl KeylessSigner {
    /// Reads the trusted root and the certificate authorities; asks nobody.
    pub fn new(settings: &KeylessSettings) -> Result<Self, KeylessError> {
        Self::in_surroundings(settings, Surroundings::here(), Patience::default())
    }

    pub(super) fn in_surroundings(
        settings: &KeylessSettings,
        surroundings: Surroundings,
        patience: Patience,
    ) -> Result<Self, KeylessError> {
        let services = Arc::new(Services::new(settings, surroundings, patience)?);
        let root = checked::Root::read(&settings.trusted_root, &settings.identity)?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("keyless").enable_all().build();
        let runtime = runtime.map_err(|error| KeylessError::Setup(error.to_string()))?;
        Ok(Self { services, root, current: Mutex::new(None), runtime: Some(runtime) })
    }

    /// The trusted root that vouches for what it signs.
    pub fn trusted_root(&self) -> &TrustedRoot {
        self.root.trusted()
    }

    fn make(&self, message: &Message<'_>) -> Result<Signature, KeylessError> {
        let Message::Statement(statement) = message else {
            return Err(KeylessError::NotSigned(
                "classic signatures are made by keys only: podman and cosign 2 read certificates in a form that needs an older log",
            ));
        };
        let certified = self.certified()?;
        let signature = certified.key.sign(message).map_err(|error| KeylessError::Setup(error.to_string()))?.bytes;
        let (services, signed) = (Arc::clone(&self.services), message.to_sign().into_owned());
        let (der, bytes) = (certified.der.clone(), signature.clone());
        let material = self.wait(async move { services.prove(&signed, &bytes, der).await })?;
        let signature = Signature { bytes: signature, material };
        self.root.check(statement, &signature)?;
        Ok(signature)
    }

    /// The certificate at hand, or a new one: while one thread asks for it the others wait.
    fn certified(&self) -> Result<Arc<Certified>, KeylessError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certified) = current.as_ref().filter(|certified| certified.lasts(Timestamp::now())) {
            return Ok(Arc::clone(certified));
        }
        let services = Arc::clone(&self.services);
        let certified = Arc::new(self.wait(async move { services.certify().await })?);
        *current = Some(Arc::clone(&certified));
        Ok(certified)
    }

    /// Runs a question on the signer's own thread: the caller's may belong to another runtime, which must not be entered twice.
    fn wait<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, KeylessError>> + Send + 'static,
    ) -> Result<T, KeylessError> {
        let stopped = || KeylessError::Setup("its thread has ended".to_owned());
        let (sender, receiver) = mpsc::sync_channel(1);
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        runtime.spawn(async move {
            // Nobody takes it only if the caller has panicked.
            let _ = sender.send(question.await);
        });
        receiver.recv().map_err(|_| stopped())?
    }
}

impl Services {
    fn new(settings: &KeylessSettings, surroundings: Surroundings, patience: Patience) -> Result<Self, KeylessError> {
        let http = service::client(&settings.certificate_authorities)?;
        let service = |name: &'static str, url: &Url| {
            check_tls(url, settings.plain_http)?;
            Ok(Service { name, url: url.clone(), http: http.clone(), patience })
        };
        Ok(Self {
            fulcio: service("Fulcio", &settings.fulcio)?,
            rekor: settings.rekor.as_ref().map(|url| service("Rekor", url)).transpose()?,
            timestamp: service("the timestamp authority", &settings.timestamp)?,
            tokens: Tokens {
                source: settings.token.clone(),
                audience: settings.audience.clone(),
                plain_http: settings.plain_http,
                http: http.clone(),
                patience,
                surroundings,
            },
            identity: settings.identity.clone(),
        })
    }

    async fn certify(&self) -> Result<Certified, KeylessError> {
        Certified::obtain(&self.fulcio, &self.tokens, &self.identity).await
    }

    /// Timestamp and log entry, side by side.
    async fn prove(&self, signed: &[u8], signature: &[u8], certificate: Vec<u8>) -> Result<Material, KeylessError> {
        let logged = async {
            match &self.rekor {
                Some(rekor) => rekor::entry(rekor, signed, signature, &certificate).await.map(|entry| vec![entry]),
                None => Ok(Vec::new()),
            }
        };
        let (log_entries, time) = tokio::try_join!(logged, timestamp::timestamp(&self.timestamp, signature))?;
        Ok(Material { holder: Holder::Certificate(certificate), log_entries, timestamps: vec![time] })
    }
}

impl Signer for KeylessSigner {
    fn public_key(&self) -> Option<&PublicKey> {
        None
    }

    fn identity(&self) -> Option<SignerIdentity<'_>> {
        Some(self.services.identity.shown())
    }

    fn sign(&self, message: &Message<'_>) -> Result<Signature, SignError> {
        let signer = || format!("certificate of {}", shown(&self.services.fulcio.url));
        self.make(message).map_err(|error| SignError { signer: signer(), reason: error.to_string() })
    }
}

impl Drop for KeylessSigner {
    fn drop(&mut self) {
        // Waiting for its thread is not allowed inside of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for KeylessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeylessSigner").field("fulcio", &shown(&self.services.fulcio.url)).finish_non_exhaustive()
    }
}

/// Whether an address may be asked as it is: tokens go over TLS.
pub(super) fn check_tls(url: &Url, plain_http: bool) -> Result<(), KeylessError> {
    let host = url.host_str().unwrap_or_default();
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || inner.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    if url.scheme() == "https" || loopback || plain_http {
        return Ok(());
    }
    Err(KeylessError::PlainHttp { url: shown(url) })
}

/// A small file of the settings, whole.
pub(super) fn read_file(path: &Path, most: usize) -> Result<Vec<u8>, KeylessError> {
    let refused = |reason: String| KeylessError::File { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(error.to_string()))?;
    let read = file.take(most as u64 + 1).read_to_end(&mut bytes);
    match read.map_err(|error| refused(error.to_string()))? {
        size if size > most => Err(refused(format!("it has more than {most} bytes"))),
        _ => Ok(bytes),
    }
}
