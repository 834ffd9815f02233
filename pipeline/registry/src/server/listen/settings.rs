//! How the registry listens, as it is set.
//!
//! In: keys below `registry` of the settings. Out: [`ListenSettings`].

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How connections are taken and how long they may take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenSettings {
    /// The certificate; without one connections are not encrypted.
    pub tls: Option<TlsSettings>,
    /// The file of the access log, `-` for standard output; without it there is none.
    pub access_log: Option<PathBuf>,
    /// How much there may be.
    pub limits: LimitSettings,
    /// How long things may take.
    pub timeouts: TimeoutSettings,
}

/// The files of a certificate. They are read again when they change; connections that are open stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TlsSettings {
    /// `certificate`: the server's certificate and those between it and the authority, PEM, in this order.
    pub certificate: PathBuf,
    /// `key`: the certificate's private key, PEM.
    pub key: PathBuf,
}

/// How much there may be at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitSettings {
    /// `connections`: open connections; more wait, not accepted, until others end. Default: 16384, less where the system allows fewer open files.
    pub connections: u32,
    /// `uploads`: blobs that are pushed at the same time; more are answered by 429. Default: 64.
    pub uploads: u32,
    /// `header-bytes`: the request line and all headers together; more are answered by 431. Default: 16384.
    pub header_bytes: u32,
    /// `headers`: headers of a request; more are answered by 431. Default: 100.
    pub headers: u32,
}

/// How long things may take, in whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TimeoutSettings {
    /// `header`: from a request's first byte to the end of its headers. Default: 10.
    #[serde(deserialize_with = "seconds")]
    pub header: Duration,
    /// `handshake`: for TLS to begin. Default: 10.
    #[serde(deserialize_with = "seconds")]
    pub handshake: Duration,
    /// `idle`: without a byte: while a client sends or takes a body, and between requests. Default: 60.
    #[serde(deserialize_with = "seconds")]
    pub idle: Duration,
    /// `shutdown`: for running requests to end when the server stops. Default: 30.
    #[serde(deserialize_with = "seconds")]
    pub shutdown: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { connections: 16_384, uploads: 64, header_bytes: 16_384, headers: 100 }
    }
}

impl Default for TimeoutSettings {
    fn default() -> Self {
        let [short, long, last] = [10, 60, 30].map(Duration::from_secs);
        Self { header: short, handshake: short, idle: long, shutdown: last }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom("a time of 0 seconds is none: expected 1 or more")),
        seconds => Ok(Duration::from_secs(seconds.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_keeps_defaults() {
        let timeouts: TimeoutSettings = serde_json::from_str(r#"{"idle": 5}"#).unwrap();
        assert_eq!(timeouts, TimeoutSettings { idle: Duration::from_secs(5), ..TimeoutSettings::default() });
        let limits: LimitSettings = serde_json::from_str(r#"{"uploads": 2}"#).unwrap();
        assert_eq!(limits, LimitSettings { uploads: 2, ..LimitSettings::default() });
    }

    #[test]
    fn refuses_a_time_that_is_none_and_unknown_keys() {
        for text in [r#"{"idle": 0}"#, r#"{"idle": -1}"#, r#"{"idle": "1m"}"#, r#"{"idel": 1}"#] {
            assert!(serde_json::from_str::<TimeoutSettings>(text).is_err(), "{text}");
        }
    }
}
