//! Java's trust store (JKS), made without a Java machine.
//!
//! In: trusted certificates. Out: the bytes of `/etc/ssl/certs/java/cacerts`. The form is the one of Debian's own
//! tool (password `changeit`, alias `debian:<file>.pem`); the entry dates are the certificates' own begin of
//! validity, so that the bytes are the same everywhere. JDK 8 and later open it.
//! Format: `sun.security.provider.JavaKeyStore` in OpenJDK. No crate is used: those there are stamp the entries
//! with the clock.

use sha1::{Digest as _, Sha1};

use crate::certificates::Certificate;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;
const PASSWORD: &str = "changeit";

/// Hashed between password and content; a constant of the format.
const SALT: &[u8] = b"Mighty Aphrodite";

/// The key store of these certificates.
pub(crate) fn write(certificates: &[Certificate]) -> Vec<u8> {
    let mut store = Vec::new();
    store.extend(MAGIC.to_be_bytes());
    store.extend(VERSION.to_be_bytes());
    store.extend(length(certificates.len()));
    for certificate in certificates {
        store.extend(TRUSTED_CERTIFICATE.to_be_bytes());
        write_text(&mut store, &format!("debian:{}.pem", certificate.name).to_lowercase());
        store.extend(certificate.not_before.to_be_bytes());
        write_text(&mut store, "X.509");
        store.extend(length(certificate.der.len()));
        store.extend(&certificate.der);
    }
    let seal = seal(&store);
    store.extend(seal);
    store
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

/// Java's modified UTF-8 equals UTF-8 for all characters up to U+FFFF but NUL; file names have no others.
fn write_text(store: &mut Vec<u8>, text: &str) {
    let count = u16::try_from(text.len()).unwrap_or(u16::MAX);
    store.extend(count.to_be_bytes());
    store.extend(&text.as_bytes()[..usize::from(count)]);
}

fn seal(content: &[u8]) -> [u8; 20] {
    let password: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    Sha1::new().chain_update(password).chain_update(SALT).chain_update(content).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::tests::example;

    #[test]
    fn writes_header_entry_and_seal() {
        let store = write(&[example()]);
        assert_eq!(store[..12], [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1]);
        let alias = b"debian:example_root.pem";
        assert_eq!(&store[18..18 + alias.len()], alias);
        let body = store.len() - 20;
        assert_eq!(store[body..], seal(&store[..body]));
        assert!(store[..body].ends_with(&example().der));
    }
}
