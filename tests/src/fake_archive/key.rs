//! A key of the archive: made at each run, and the signing of `InRelease` with it.
//!
//! Like Debian's keys it has a primary key that certifies and a subkey that signs; the fingerprint is the primary key's.
//!
//! Format: <https://www.rfc-editor.org/rfc/rfc9580.html#section-7>.

use std::io::Write;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::cert::{Cert, CertBuilder};
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::serialize::stream::{Message, Signer};

/// All keys are made as of 2025-01-01, so that a suite of any later day can be signed.
const CREATED: Timestamp = Timestamp::constant(1_735_689_600, 0);

/// A key that signs suites.
#[derive(Debug, Clone)]
pub struct FakeKey {
    certificate: Cert,
}

impl FakeKey {
    /// A new key of 2025-01-01 that never expires.
    pub fn generate(user: &str) -> Self {
        Self::build(user, None)
    }

    /// A new key of 2025-01-01 that expires after so many days: what it signs later is not good, what it signed before stays so.
    pub fn expiring(user: &str, days: u32) -> Self {
        Self::build(user, Some(Duration::from_hours(u64::from(days) * 24)))
    }

    fn build(user: &str, validity: Option<Duration>) -> Self {
        let builder = CertBuilder::new().add_userid(user).add_signing_subkey();
        let builder = builder.set_creation_time(SystemTime::from(CREATED)).set_validity_period(validity);
        let (certificate, _revocation) = builder.generate().expect("a key can always be made");
        Self { certificate }
    }

    /// The fingerprint of the primary key, upper case.
    pub fn fingerprint(&self) -> String {
        self.certificate.fingerprint().to_hex()
    }

    /// The certificate in binary, without the secret.
    pub fn certificate(&self) -> Vec<u8> {
        self.certificate.to_vec().expect("memory can always be written")
    }

    /// The certificate in armor, without the secret.
    pub fn armored(&self) -> String {
        let bytes = self.certificate.armored().to_vec().expect("memory can always be written");
        String::from_utf8(bytes).expect("armor is ASCII")
    }

    /// The pair of the subkey that signs. It is asked for at the key's own time: an expired key signs all the same.
    fn signing_pair(&self) -> KeyPair {
        let policy = StandardPolicy::new();
        let keys = self.certificate.keys().unencrypted_secret();
        let key = keys.with_policy(&policy, SystemTime::from(CREATED)).for_signing().next();
        let key = key.expect("every key has a signing subkey");
        key.key().clone().into_keypair().expect("the secret is not encrypted")
    }
}

/// Signs a text as `InRelease` is signed, with all the keys; no key at all gives the text as it is.
pub fn clear_sign(keys: &[FakeKey], text: &str, time: Timestamp) -> Vec<u8> {
    let Some((first, others)) = keys.split_first() else { return text.into() };
    let mut bytes = Vec::new();
    let message = Message::new(&mut bytes);
    let mut signer = Signer::new(message, first.signing_pair()).expect(SIGNABLE).cleartext();
    for key in others {
        signer = signer.add_signer(key.signing_pair()).expect(SIGNABLE);
    }
    let mut message = signer.creation_time(SystemTime::from(time)).build().expect(SIGNABLE);
    message.write_all(text.as_bytes()).expect(SIGNABLE);
    message.finalize().expect(SIGNABLE);
    bytes
}

const SIGNABLE: &str = "a text can always be signed";

#[cfg(test)]
mod tests {
    use sequoia_openpgp::KeyHandle;
    use sequoia_openpgp::parse::Parse;
    use sequoia_openpgp::parse::stream::{MessageLayer, MessageStructure, VerificationHelper, VerifierBuilder};

    use super::*;

    /// Knows the keys, and collects whose signatures are good.
    struct Helper {
        keys: Vec<FakeKey>,
        good: Vec<String>,
    }

    impl VerificationHelper for &mut Helper {
        fn get_certs(&mut self, _: &[KeyHandle]) -> sequoia_openpgp::Result<Vec<Cert>> {
            self.keys.iter().map(|key| Cert::from_bytes(&key.certificate())).collect()
        }

        fn check(&mut self, structure: MessageStructure) -> sequoia_openpgp::Result<()> {
            for layer in structure {
                let MessageLayer::SignatureGroup { results } = layer else { continue };
                self.good.extend(results.into_iter().flatten().map(|good| good.ka.cert().fingerprint().to_hex()));
            }
            Ok(())
        }
    }

    fn good_signers(keys: &[FakeKey], signed: &[u8], time: &str) -> Vec<String> {
        let policy = StandardPolicy::new();
        let time = SystemTime::from(time.parse::<Timestamp>().unwrap());
        let mut helper = Helper { keys: keys.to_vec(), good: Vec::new() };
        let verifier = VerifierBuilder::from_bytes(signed).unwrap().with_policy(&policy, time, &mut helper);
        std::io::copy(&mut verifier.unwrap(), &mut std::io::sink()).unwrap();
        helper.good
    }

    const TIME: Timestamp = Timestamp::constant(1_785_578_400, 0);
    const LATER: &str = "2026-09-01T00:00:00Z";

    #[test]
    fn sequoia_accepts_the_signatures_of_all_keys() {
        let keys = [FakeKey::generate("one"), FakeKey::generate("two")];
        let signed = clear_sign(&keys, "Origin: Fake\n", TIME);
        assert!(signed.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----\n"));
        let good = good_signers(&keys, &signed, LATER);
        assert_eq!(good.len(), 2);
        assert!(keys.iter().all(|key| good.contains(&key.fingerprint())), "{good:?}");
    }

    #[test]
    fn sequoia_refuses_a_changed_text_and_an_expired_key() {
        let expired = [FakeKey::expiring("expired since 2026-05-16", 500)];
        let signed = clear_sign(&expired, "Origin: Fake\n", TIME);
        assert_eq!(good_signers(&expired, &signed, LATER), [""; 0]);
        let keys = [FakeKey::generate("one")];
        let signed = clear_sign(&keys, "Origin: Fake\n", TIME);
        let changed = String::from_utf8(signed).unwrap().replace("Fake", "Evil");
        assert_eq!(good_signers(&keys, changed.as_bytes(), LATER), [""; 0]);
    }

    #[test]
    fn gives_no_secret_away() {
        let key = FakeKey::generate("one");
        let read = Cert::from_bytes(&key.certificate()).unwrap();
        assert!(!read.is_tsk());
        assert_eq!(Cert::from_bytes(key.armored().as_bytes()).unwrap(), read);
        assert_eq!(clear_sign(&[], "plain", TIME), b"plain");
    }
}
