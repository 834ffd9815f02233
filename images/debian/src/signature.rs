//! Who signed an InRelease file, and exactly what: the only way by which text of the archive becomes believed.
//!
//! In: the file, the keys known, the fingerprints allowed, the time. Out: the signed text alone, and its signers.
//! Format: <https://www.rfc-editor.org/rfc/rfc9580#name-cleartext-signature-framewo>.

use jiff::Timestamp;

use crate::verification::verify;
use crate::{Fingerprint, Keyring};

/// Debian's largest InRelease file is under 300 kB.
const LIMIT: usize = 16 << 20;

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// Text whose signature was verified, without anything that stood around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedText {
    /// The signed text.
    pub text: String,
    /// The primary keys whose signatures are good: sorted, at least one, not only the allowed ones.
    pub signers: Vec<Fingerprint>,
}

/// Why a file is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not a cleartext signed message at all.
    #[error(
        "the file is not clear-signed ({reason}): expected `-----BEGIN PGP SIGNED MESSAGE-----`, text and a signature"
    )]
    NotClearSigned {
        /// What is missing.
        reason: String,
    },
    /// Something stands before or after the signed message, which a careless reader would believe.
    #[error("line {line} is outside the signed message: expected nothing before it and nothing after its signature")]
    TextOutsideSignature {
        /// The first such line, from 1.
        line: usize,
    },
    /// None of the keys that signed is in the keyring.
    #[error("signed by {}, none of which is in the keyring: add the key if it is the archive's", list(.issuers))]
    NoKnownKey {
        /// The key ids or fingerprints that the signatures name.
        issuers: Vec<String>,
    },
    /// A known key, but the text or the signature is not what it signed.
    #[error("the signature by {issuer} does not fit the text ({reason}): the file was changed or damaged")]
    BadSignature {
        /// The primary key.
        issuer: String,
        /// What the library said.
        reason: String,
    },
    /// A signature or key that is no longer, not yet, or not at all to be trusted.
    #[error("the signature by {issuer} is too weak, expired or revoked: {reason}")]
    WeakOrExpired {
        /// The key.
        issuer: String,
        /// What the library said.
        reason: String,
    },
    /// Well signed, but by other keys than those that may.
    #[error("signed by {}, none of which is allowed for this suite: check the allowed fingerprints", list(.signers))]
    NotAllowed {
        /// The primary keys whose signatures are good.
        signers: Vec<Fingerprint>,
    },
    /// More bytes than any InRelease file has.
    #[error("the file has {size} bytes: expected at most {limit}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Signed, but not text.
    #[error("the signed text is not UTF-8")]
    NotText,
}

fn list(items: &[impl ToString]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    if items.is_empty() { "nobody who is named".to_owned() } else { items.join(", ") }
}

/// Verifies a clear-signed file at the time `now`. One good signature suffices; with `allowed`, one by a key of that list.
///
/// A key that has expired or is revoked at `now` does not count, even if it was valid when it signed.
/// This does not stop the replay of an old file: [`check_freshness`](crate::check_freshness) does.
pub fn verify_in_release(
    bytes: &[u8],
    keyring: &Keyring,
    allowed: Option<&[Fingerprint]>,
    now: Timestamp,
) -> Result<VerifiedText, SignatureError> {
    if bytes.len() > LIMIT {
        return Err(SignatureError::TooLarge { size: bytes.len(), limit: LIMIT });
    }
    check_frame(bytes)?;
    let verified = verify(bytes, keyring, now)?;
    let may = |signer: &Fingerprint| allowed.is_none_or(|allowed| allowed.contains(signer));
    if verified.signers.iter().any(may) {
        Ok(verified)
    } else {
        Err(SignatureError::NotAllowed { signers: verified.signers })
    }
}

/// Checks that the file is one signed message and nothing else. Inside it lines that start with a dash are escaped,
/// so each of the three markers can stand there once only, and in order.
fn check_frame(bytes: &[u8]) -> Result<(), SignatureError> {
    let unsigned = |reason: &str| SignatureError::NotClearSigned { reason: reason.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| unsigned("it is not UTF-8"))?;
    let lines: Vec<&str> = text.lines().map(str::trim_ascii_end).collect();
    let find = |marker: &str| {
        lines.iter().position(|line| *line == marker).ok_or_else(|| unsigned(&format!("no line `{marker}`")))
    };
    let (begin, signature, end) = (find(BEGIN)?, find(SIGNATURE)?, find(END)?);
    if !(begin < signature && signature < end) {
        return Err(unsigned("its parts are out of order"));
    }
    let marker_inside = |at: &usize| lines[*at].starts_with("-----") && *at != signature;
    let after = (end + 1..lines.len()).find(|at| !lines[*at].is_empty());
    let outside = (begin > 0).then_some(0).or_else(|| (begin + 1..end).find(marker_inside)).or(after);
    outside.map_or(Ok(()), |at| Err(SignatureError::TextOutsideSignature { line: at + 1 }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;
    use sequoia_openpgp::Cert;
    use sequoia_openpgp::policy::StandardPolicy;
    use sequoia_openpgp::serialize::SerializeInto;
    use sequoia_openpgp::serialize::stream::{Message, Signer};
    use sequoia_openpgp::types::HashAlgorithm;

    use super::*;
    use crate::keyring::tests::{YEAR, certificate, expiring, made, revoked};

    const TEXT: &str = "Origin: Debian\n- dashed\n-----BEGIN PGP SIGNED MESSAGE-----\n\nend\n";

    /// Signs as the archive does, half a year after the keys were made.
    fn sign(text: &str, certs: &[&Cert], hash: HashAlgorithm) -> Vec<u8> {
        let policy = StandardPolicy::new();
        let time = made() + YEAR / 2;
        let pair = |cert: &&Cert| {
            let keys = cert.keys().secret().with_policy(&policy, time).for_signing();
            keys.last().unwrap().key().clone().into_keypair().unwrap()
        };
        let mut bytes = Vec::new();
        let mut pairs = certs.iter().map(pair);
        let mut signer = Signer::new(Message::new(&mut bytes), pairs.next().unwrap()).unwrap();
        signer = signer.hash_algo(hash).unwrap().creation_time(time).cleartext();
        for pair in pairs {
            signer = signer.add_signer(pair).unwrap();
        }
        let mut message = signer.build().unwrap();
        message.write_all(text.as_bytes()).unwrap();
        message.finalize().unwrap();
        bytes
    }

    fn signed(certs: &[&Cert]) -> String {
        String::from_utf8(sign(TEXT, certs, HashAlgorithm::SHA256)).unwrap()
    }

    fn ring(certs: &[&Cert]) -> Keyring {
        Keyring::parse(&certs.iter().flat_map(|cert| cert.to_vec().unwrap()).collect::<Vec<_>>()).unwrap()
    }

    fn print(cert: &Cert) -> Fingerprint {
        Fingerprint::from(&cert.fingerprint())
    }

    fn at(years: f64) -> Timestamp {
        let time: SystemTime = made() + Duration::mul_f64(YEAR, years);
        time.try_into().unwrap()
    }

    fn verify(bytes: impl AsRef<[u8]>, certs: &[&Cert]) -> Result<VerifiedText, SignatureError> {
        verify_in_release(bytes.as_ref(), &ring(certs), None, at(1.0))
    }

    #[test]
    fn gives_the_signed_text_and_all_good_signers() {
        let (a, b, c) = (certificate("a"), certificate("b"), certificate("c"));
        let file = signed(&[&a, &b]);
        let mut both = vec![print(&a), print(&b)];
        both.sort();
        let verified = verify(&file, &[&a, &b, &c]).unwrap();
        assert_eq!((verified.text.trim_end(), verified.signers), (TEXT.trim_end(), both));
        assert_eq!(verify(&file, &[&b]).unwrap().signers, [print(&b)]);
    }

    #[test]
    fn names_the_key_that_is_not_known() {
        let (a, b) = (certificate("a"), certificate("b"));
        let error = verify(signed(&[&a]), &[&b]).unwrap_err();
        let issuer = a.keys().subkeys().next().unwrap().key().fingerprint().to_hex();
        assert_eq!(error, SignatureError::NoKnownKey { issuers: vec![issuer] });
    }

    #[test]
    fn refuses_a_changed_text() {
        let a = certificate("a");
        let error = verify(signed(&[&a]).replace("Debian", "Debiam"), &[&a]).unwrap_err();
        assert!(
            matches!(&error, SignatureError::BadSignature { issuer, .. } if *issuer == print(&a).to_string()),
            "{error}"
        );
        assert!(error.to_string().ends_with("the file was changed or damaged"), "{error}");
    }

    #[test]
    fn refuses_text_around_and_between() {
        let a = certificate("a");
        let file = signed(&[&a]);
        let lines = file.lines().count();
        let outside = |bytes: String| verify(bytes, &[&a]).unwrap_err();
        assert_eq!(outside(format!("Suite: evil\n{file}")), SignatureError::TextOutsideSignature { line: 1 });
        assert_eq!(outside(format!("\n{file}")), SignatureError::TextOutsideSignature { line: 1 });
        assert_eq!(outside(format!("{file}\nSuite: evil\n")), SignatureError::TextOutsideSignature { line: lines + 2 });
        assert_eq!(outside(format!("{file}{file}")), SignatureError::TextOutsideSignature { line: lines + 1 });
        let inside = file.replace("\nend\n", "\n-----BEGIN PGP MESSAGE-----\nend\n");
        assert!(matches!(outside(inside), SignatureError::TextOutsideSignature { .. }));
        assert!(verify(format!("{file}\n \n"), &[&a]).is_ok());
    }

    #[test]
    fn refuses_what_is_not_clear_signed() {
        let a = certificate("a");
        let file = signed(&[&a]);
        let (message, _) = file.split_at(file.find(SIGNATURE).unwrap());
        for bytes in ["", "Suite: x\n", message, &file.replace(END, ""), &format!("{SIGNATURE}\n{END}\n{BEGIN}\n")] {
            let error = verify(bytes, &[&a]).unwrap_err();
            assert!(matches!(error, SignatureError::NotClearSigned { .. }), "{error}");
        }
        assert!(matches!(verify(b"\xff", &[&a]), Err(SignatureError::NotClearSigned { .. })));
        assert!(matches!(verify(vec![b' '; LIMIT + 1], &[&a]), Err(SignatureError::TooLarge { .. })));
    }

    #[test]
    fn takes_only_allowed_signers_where_there_is_a_list() {
        let (a, b) = (certificate("a"), certificate("b"));
        let file = signed(&[&a, &b]);
        let with = |allowed: &[Fingerprint], certs: &[&Cert]| {
            verify_in_release(file.as_bytes(), &ring(certs), Some(allowed), at(1.0))
        };
        assert_eq!(with(&[print(&b)], &[&a, &b]).unwrap().signers.len(), 2);
        assert_eq!(with(&[print(&b)], &[&a]), Err(SignatureError::NotAllowed { signers: vec![print(&a)] }));
        assert!(
            with(&[], &[&a])
                .unwrap_err()
                .to_string()
                .starts_with(&format!("signed by {}, none of which is allowed", print(&a)))
        );
    }

    #[test]
    fn refuses_a_weak_hash() {
        let a = certificate("a");
        let error = verify(sign(TEXT, &[&a], HashAlgorithm::SHA1), &[&a]).unwrap_err();
        assert!(matches!(&error, SignatureError::WeakOrExpired { reason, .. } if reason.contains("SHA1")), "{error}");
    }

    #[test]
    fn refuses_a_key_that_has_expired_or_is_revoked_and_a_signature_of_the_future() {
        let (young, dead, fine) = (expiring("young"), revoked("dead"), certificate("fine"));
        let verdict =
            |cert: &Cert, years: f64| verify_in_release(signed(&[cert]).as_bytes(), &ring(&[cert]), None, at(years));
        assert!(verdict(&young, 0.9).is_ok());
        for (cert, years) in [(&young, 1.1), (&dead, 0.9), (&fine, 0.4)] {
            let error = verdict(cert, years).unwrap_err();
            assert!(matches!(error, SignatureError::WeakOrExpired { .. }), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn a_flipped_bit_never_yields_another_text(at_byte: prop::sample::Index, bit in 0u32..8) {
            let a = certificate("a");
            let mut bytes = signed(&[&a]).into_bytes();
            let index = at_byte.index(bytes.len());
            bytes[index] ^= 1 << bit;
            if let Ok(verified) = verify(&bytes, &[&a]) {
                let plain = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
                prop_assert_eq!(plain(&verified.text), plain(TEXT));
            }
        }
    }
}
