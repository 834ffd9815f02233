//! The client: reads from every registry and writes to it.
//!
//! In: [`ClientSettings`], a host and a repository. Out: a [`Remote`], whose methods are the distribution protocol.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.

mod auth;
mod batch;
mod copy;
mod error;
mod http;
mod reader;
mod registry;
mod remote;
mod settings;
mod source;
mod upload;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use auth::CredentialError;
pub use batch::{Batch, BatchManifest, BatchTag};
pub use copy::{CopyError, CopyEvent, CopyOptions, CopyReporter, CopySummary, Untagged, copy, copy_untagged};
pub use error::{ClientError, ClientFault};
pub use http::{Refusal, RefusalEntry, backoff, parse_retry_after};
use oci::Repository;
pub use reader::{Place, Reader};
use registry::{Registry, Shared};
pub use remote::{Named, Remote};
pub use settings::{ClientSettings, Patience};
pub use source::{BlobSource, Progress};
use tokio::sync::Semaphore;
pub use upload::Pushed;

use auth::Keyring;
use error::During;
use http::Transport;

/// Talks to registries. Cheap to clone; clones share connections, tokens, and what was found out about each registry.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    registries: Arc<Mutex<HashMap<String, Arc<Registry>>>>,
}

impl Client {
    /// Reads the certificate authorities. Credentials are looked for when a registry asks for them.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let transport = Transport::new(&settings).during(|| "set up the client of registries".to_owned())?;
        let keyring = Arc::new(Keyring::new(&settings));
        let transfers = Semaphore::new(settings.parallel.clamp(1, Semaphore::MAX_PERMITS));
        let shared = Arc::new(Shared { settings, transport, keyring, transfers });
        Ok(Self { shared, registries: Arc::default() })
    }

    /// A repository of the registry at `host` (`host` or `host:port`). Nothing is sent yet.
    pub fn repository(&self, host: &str, repository: Repository) -> Remote {
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Registry::new(host, Arc::clone(&self.shared)));
        Remote::new(Arc::clone(registries.entry(host.to_owned()).or_insert_with(new)), repository)
    }
}
