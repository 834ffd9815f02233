//! The certificate of the server.
//!
//! In: the files of a certificate and its key. Out: what rustls needs, made anew when the files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::settings::TlsSettings;
use crate::server::reloading::Reloading;

/// The one protocol that is spoken.
const PROTOCOL: &[u8] = b"http/1.1";

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is none.
    #[error("`{}` cannot be read as {what}: {reason}; expected PEM", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        reason: PemError,
    },
    /// The files do not go together.
    #[error("certificate `{}` and key `{}` cannot be used: {reason}; expected the key that the certificate was made for", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        reason: rustls::Error,
    },
}

/// Encrypts connections.
#[derive(Debug)]
pub(crate) struct Tls(Reloading<ServerConfig>);

impl Tls {
    /// Reads the files.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self, TlsError> {
        let paths = vec![settings.certificate.clone(), settings.key.clone()];
        Reloading::new("the certificate", paths, |paths: &[PathBuf]| configuration(&paths[0], &paths[1])).map(Self)
    }

    /// What begins the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.current())
    }
}

fn configuration(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let failed = |path: &Path, what, reason| TlsError::File { path: path.to_owned(), what, reason };
    let not_certificates = |reason| failed(certificate, "certificates", reason);
    let chain = CertificateDer::pem_file_iter(certificate).map_err(not_certificates)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(not_certificates)?;
    if chain.is_empty() {
        return Err(not_certificates(PemError::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|reason| failed(key, "a private key", reason))?;
    let wrong = |reason| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), reason };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    let mut configuration = builder.with_no_client_auth().with_single_cert(chain, secret).map_err(wrong)?;
    configuration.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(configuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate, its key, and the key of another one.
    fn files() -> (tempfile::TempDir, TlsSettings, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let (certificate, key, other) = (path("cert.pem"), path("key.pem"), path("other.pem"));
        for (name, key) in [("registry.example", &key), ("other.example", &other)] {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
            if name == "registry.example" {
                std::fs::write(&certificate, made.cert.pem()).unwrap();
            }
            std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
        }
        (folder, TlsSettings { certificate, key }, other)
    }

    fn refusal(settings: &TlsSettings) -> String {
        Tls::new(settings).unwrap_err().to_string()
    }

    #[test]
    fn takes_a_certificate_with_its_key() {
        let (_folder, settings, _) = files();
        Tls::new(&settings).unwrap();
    }

    #[test]
    fn names_the_file_that_is_wrong() {
        let (_folder, settings, other) = files();
        let swapped = TlsSettings { certificate: settings.key.clone(), key: settings.certificate.clone() };
        assert!(refusal(&swapped).contains("key.pem` cannot be read as certificates"), "{}", refusal(&swapped));
        let no_key = TlsSettings { key: settings.certificate.clone(), ..settings.clone() };
        assert!(refusal(&no_key).contains("cert.pem` cannot be read as a private key"), "{}", refusal(&no_key));
        let absent = TlsSettings { certificate: "none.pem".into(), ..settings.clone() };
        assert!(refusal(&absent).contains("`none.pem` cannot be read as certificates"), "{}", refusal(&absent));
        let pair = TlsSettings { key: other, ..settings };
        assert!(refusal(&pair).contains("cannot be used: keys may not be consistent"), "{}", refusal(&pair));
    }
}
