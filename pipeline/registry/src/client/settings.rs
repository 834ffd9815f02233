//! How the client behaves: where credentials and certificates are, what may go unencrypted, how much at a time and how patiently.
//!
//! In: nothing, or settings of the factory. Out: [`ClientSettings`], by default docker's own configuration and nothing else.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of a [`crate::Client`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Docker's configuration: the folder, or the file in it. It is read in place of `$DOCKER_CONFIG`, of `~/.docker`, and of podman's
    /// `auth.json`, which counts where docker's file has nothing.
    pub docker_config: Option<PathBuf>,
    /// PEM files with certificate authorities that count in addition to the system's.
    pub certificate_authorities: Vec<PathBuf>,
    /// Hosts (`host` or `host:port`) that are spoken to without TLS. This machine (127.0.0.0/8, `::1`, `localhost`) always may be.
    pub plain_http: Vec<String>,
    /// How many transfers run at a time.
    pub parallel: usize,
    /// How often a request is tried in all, the first time included.
    pub attempts: u32,
    /// Bytes in one request of an upload that can be resumed; a blob that is not larger goes in one request.
    pub chunk: u64,
    /// How long is waited, and for what.
    pub patience: Patience,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            docker_config: None,
            certificate_authorities: Vec::new(),
            plain_http: Vec::new(),
            parallel: 4,
            attempts: 5,
            chunk: 16 * 1024 * 1024,
            patience: Patience::default(),
        }
    }
}

/// How long the client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait that the client chooses itself.
    pub longest_delay: Duration,
    /// The longest wait that a registry may ask for by `Retry-After`; where it asks for more, this is what it gets.
    pub longest_asked: Duration,
    /// How long a transfer may stand still, and an answer be waited for.
    pub stall: Duration,
    /// How long a credential helper may take.
    pub helper: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(20),
            longest_asked: Duration::from_mins(1),
            stall: Duration::from_mins(1),
            helper: Duration::from_secs(30),
        }
    }
}
