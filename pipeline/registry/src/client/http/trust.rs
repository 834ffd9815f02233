//! Whom TLS trusts, and what it says when it does not.
//!
//! In: PEM files of certificate authorities; errors of the HTTP library. Out: an HTTP client; faults that say what to do.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Url};
use rustls::{CertificateError, Error as TlsError};

use super::super::ClientFault;
use super::super::error::chain;
use super::address::shown;

/// No bundle of authorities is larger.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

/// Reads all authorities of all files.
pub(crate) fn read_authorities(paths: &[PathBuf]) -> Result<Vec<Certificate>, ClientFault> {
    let mut authorities = Vec::new();
    for path in paths {
        let found = read(path).map_err(|reason| ClientFault::Authority { path: path.clone(), reason })?;
        authorities.extend(found);
    }
    Ok(authorities)
}

fn read(path: &Path) -> Result<Vec<Certificate>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST_BUNDLE {
        return Err(format!("it has {size} bytes, more than {LARGEST_BUNDLE}"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let found = Certificate::from_pem_bundle(&bytes).map_err(|error| chain(&error))?;
    if found.is_empty() { Err("it has no certificate".to_owned()) } else { Ok(found) }
}

/// A client that trusts the system's authorities and these. A system without any is no reason to fail: then only these count.
pub(crate) fn build(
    builder: impl Fn() -> ClientBuilder,
    authorities: &[Certificate],
) -> Result<reqwest::Client, ClientFault> {
    let fault = |error: reqwest::Error| ClientFault::Setup { reason: chain(&error) };
    match builder().tls_certs_merge(authorities.to_vec()).build() {
        Ok(client) => Ok(client),
        Err(error) => {
            tracing::warn!("the system's certificate authorities cannot be used: {}", chain(&error));
            builder().tls_certs_only(authorities.to_vec()).build().map_err(fault)
        }
    }
}

/// Sorts what the HTTP library says when there is no answer.
pub(crate) fn fault_of(url: &Url, error: &reqwest::Error) -> ClientFault {
    let shown = shown(url);
    match tls_error(error) {
        Some(TlsError::InvalidMessage(_)) => ClientFault::NoTls { url: shown },
        Some(tls) => ClientFault::Untrusted { url: shown, reason: explain(url, tls) },
        None => ClientFault::Unreachable { url: shown, reason: reason_of(error) },
    }
}

/// Everything below the HTTP library's own sentence, which only repeats the address.
fn reason_of(error: &reqwest::Error) -> String {
    error.source().map_or_else(|| "no connection".to_owned(), chain)
}

/// What TLS said, if it was TLS.
pub(crate) fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref() {
            return Some(tls);
        }
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    None
}

fn explain(url: &Url, error: &TlsError) -> String {
    let host = url.host_str().unwrap_or_default();
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "the certificate of `{host}` is from an authority that is not known here; \
             put the authority's PEM file under `certificate_authorities`"
        ),
        TlsError::InvalidCertificate(_) => format!("{error}; expected a valid certificate for `{host}`"),
        _ => format!("{error}; expected TLS 1.2 or 1.3"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for (content, text) in
            [("hello", "it has no certificate"), ("-----BEGIN CERTIFICATE-----\nx\n", "no certificate")]
        {
            std::fs::write(&path, content).unwrap();
            let error = read_authorities(std::slice::from_ref(&path)).unwrap_err().to_string();
            assert!(error.contains("ca.pem` gives no certificate authority") && error.contains(text), "{error}");
        }
    }
}
