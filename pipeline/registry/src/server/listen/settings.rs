//! How the registry listens, as it is set.
//!
//! In: keys below `registry` of the settings. Out: [`ListenSettings`].

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::Error as _;
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

/// How long things may take, such as `10s`, `500ms` or `2m`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TimeoutSettings {
    /// `header`: from a request's first byte to the end of its headers. Default: `10s`.
    #[serde(deserialize_with = "time")]
    pub header: Duration,
    /// `handshake`: for TLS to begin. Default: `10s`.
    #[serde(deserialize_with = "time")]
    pub handshake: Duration,
    /// `idle`: without a byte: while a client sends or takes a body, and between requests. Default: `60s`.
    #[serde(deserialize_with = "time")]
    pub idle: Duration,
    /// `shutdown`: for running requests to end when the server stops. Default: `30s`.
    #[serde(deserialize_with = "time")]
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

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let wrong = || D::Error::custom(format!("`{text}` is no time: expected one such as `10s`, `500ms` or `2m`"));
    time.filter(|time| !time.is_zero()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_and_keeps_defaults() {
        for (text, milliseconds) in [("5s", 5000), ("500ms", 500), ("2m", 120_000), ("1 hour", 3_600_000)] {
            let timeouts: TimeoutSettings = serde_json::from_str(&format!(r#"{{"idle": "{text}"}}"#)).unwrap();
            let idle = Duration::from_millis(milliseconds);
            assert_eq!(timeouts, TimeoutSettings { idle, ..TimeoutSettings::default() }, "{text}");
        }
        let limits: LimitSettings = serde_json::from_str(r#"{"uploads": 2}"#).unwrap();
        assert_eq!(limits, LimitSettings { uploads: 2, ..LimitSettings::default() });
    }

    #[test]
    fn refuses_a_time_that_is_none_and_unknown_keys() {
        for text in
            [r#"{"idle": "0s"}"#, r#"{"idle": "-1s"}"#, r#"{"idle": "soon"}"#, r#"{"idle": 5}"#, r#"{"idel": "1s"}"#]
        {
            assert!(serde_json::from_str::<TimeoutSettings>(text).is_err(), "{text}");
        }
    }
}
