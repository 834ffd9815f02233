//! The keys that we know: certificates read from a keyring file.
//!
//! In: bytes of a `.gpg`, `.pgp` or `.asc` file. Out: a set of certificates for `verify_in_release`.
//! Format: <https://www.rfc-editor.org/rfc/rfc9580#name-transferable-public-keys>.

use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::{Cert, KeyHandle};

use crate::Fingerprint;

/// Debian's keyring of all its archive keys is under 100 kB.
const LIMIT: usize = 16 << 20;

const ARMOR: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// Certificates, each with its primary key and subkeys.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certs: Vec<Cert>,
}

/// Why bytes are no keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not a single certificate in it.
    #[error("no OpenPGP certificate found ({reason}): expected a keyring, binary or armored")]
    NoCertificate {
        /// What the parser said.
        reason: String,
    },
    /// More bytes than any keyring has.
    #[error("the keyring has {size} bytes: expected at most {limit}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

impl Keyring {
    /// Reads all certificates, binary or armored, also several armored blocks. Ones that cannot be read are left out.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringError> {
        if bytes.len() > LIMIT {
            return Err(KeyringError::TooLarge { size: bytes.len(), limit: LIMIT });
        }
        let mut certs = Vec::new();
        let mut reason = "it is empty".to_owned();
        for result in blocks(bytes).into_iter().flat_map(certificates) {
            match result {
                Ok(cert) => certs.push(cert),
                Err(text) => reason = text,
            }
        }
        if certs.is_empty() { Err(KeyringError::NoCertificate { reason }) } else { Ok(Self { certs }) }
    }

    /// Adds the certificates of another keyring.
    pub fn merge(&mut self, other: Self) {
        self.certs.extend(other.certs);
    }

    /// The fingerprints of all primary keys, in order of the keyring.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.certs.iter().map(|cert| Fingerprint::from(&cert.fingerprint())).collect()
    }

    /// The certificates that hold one of these keys.
    pub(crate) fn holding(&self, ids: &[KeyHandle]) -> Vec<Cert> {
        let holds = |cert: &&Cert| cert.keys().any(|key| ids.iter().any(|id| id.aliases(key.key().key_handle())));
        self.certs.iter().filter(holds).cloned().collect()
    }
}

/// One block of armor each, or the whole of a binary file.
fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(ARMOR)).collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let blocks: Vec<_> = starts.iter().zip(ends).map(|(start, end)| &bytes[*start..end]).collect();
    if blocks.is_empty() { vec![bytes] } else { blocks }
}

fn certificates(bytes: &[u8]) -> Vec<Result<Cert, String>> {
    match CertParser::from_bytes(bytes) {
        Ok(parser) => parser.map(|result| result.map_err(|error| error.to_string())).collect(),
        Err(error) => vec![Err(error.to_string())],
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::{Duration, SystemTime};

    use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
    use sequoia_openpgp::serialize::SerializeInto;

    use super::*;

    pub(crate) const YEAR: Duration = Duration::from_hours(8760);

    /// When the keys of the tests are made: the start of 2025.
    pub(crate) fn made() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(482_136)
    }

    fn builder(name: &str) -> CertBuilder<'static> {
        let builder = CertBuilder::new().add_userid(name).set_cipher_suite(CipherSuite::Cv25519);
        builder.set_creation_time(made()).add_signing_subkey()
    }

    /// A certificate that can sign.
    pub(crate) fn certificate(name: &str) -> Cert {
        builder(name).generate().unwrap().0
    }

    /// A certificate that is valid for a year.
    pub(crate) fn expiring(name: &str) -> Cert {
        builder(name).set_validity_period(YEAR).generate().unwrap().0
    }

    /// A certificate that its owner declared compromised.
    pub(crate) fn revoked(name: &str) -> Cert {
        let (cert, revocation) = builder(name).generate().unwrap();
        cert.insert_packets(revocation).unwrap().0
    }

    #[test]
    fn reads_binary_and_armored_keyrings_of_several_keys() {
        let certs = [certificate("a"), certificate("b")];
        let binary: Vec<u8> = certs.iter().flat_map(|cert| cert.to_vec().unwrap()).collect();
        let armored: Vec<u8> = certs.iter().flat_map(|cert| cert.armored().to_vec().unwrap()).collect();
        let expected: Vec<_> = certs.iter().map(|cert| Fingerprint::from(&cert.fingerprint())).collect();
        assert_eq!(Keyring::parse(&binary).unwrap().fingerprints(), expected);
        assert_eq!(Keyring::parse(&armored).unwrap().fingerprints(), expected);
    }

    #[test]
    fn merges() {
        let [mut a, b] = ["a", "b"].map(|name| Keyring::parse(&certificate(name).to_vec().unwrap()).unwrap());
        a.merge(b);
        assert_eq!(a.fingerprints().len(), 2);
    }

    #[test]
    fn refuses_what_holds_no_certificate() {
        for bytes in [&b""[..], b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nbm9wZQ==\n"] {
            let error = Keyring::parse(bytes).unwrap_err().to_string();
            assert!(error.starts_with("no OpenPGP certificate found ("), "{error}");
        }
        assert!(matches!(Keyring::parse(&vec![0; LIMIT + 1]), Err(KeyringError::TooLarge { .. })));
    }
}
