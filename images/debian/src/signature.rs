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
