//! Why something that was found proves nothing here.
//!
//! In: what was found and what was expected. Out: a [`Doubt`], with a sentence for people and a name for programs.

use blob::Digest;
use jiff::Timestamp;

use crate::{BundleError, SimpleSigningError, StatementError};

/// Why a bundle or signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    #[error("{0}")]
    Bundle(#[from] BundleError),
    #[error("{0}")]
    Statement(#[from] StatementError),
    #[error("{0}")]
    Payload(#[from] SimpleSigningError),
    #[error("it holds a bare signature, which says nothing about an image: expected a statement")]
    BareSignature,
    #[error("its payload is `{0}`: expected an in-toto statement")]
    PayloadType(String),
    #[error("no key of the policy made its signature; it names the key `{0}`")]
    UnknownKey(String),
    #[error("no key of the policy made its signature")]
    UnknownClassicKey,
    #[error("it names the key `{0}`, which did not make its signature: forged, or damaged on the way")]
    Forged(String),
    #[error("it speaks about {0}, not about this image: it was carried here from another")]
    OtherSubject(String),
    #[error(
        "it was signed for `{said}`, not for `{expected}`: it was carried here from another repository; if this is a mirror, name the image by what it mirrors"
    )]
    OtherName { said: String, expected: String },
    #[error("it was signed for the tag `{said}`, not for `{expected}`: the tag was moved by somebody who cannot sign")]
    OtherTag { said: String, expected: String },
    #[error("the name in it, `{0}`, is no name of an image")]
    NoName(String),
    #[error("the payload has not the digest {0} that its layer names")]
    PayloadDigest(Digest),
    #[error(
        "it is a classic signature by a certificate, as cosign 2 makes it without a key: certificates are believed in bundles only, as cosign 3 makes them"
    )]
    ClassicCertificate,
    #[error(
        "it is signed by a certificate, and there is no trusted root to check it by: give one (`trusted_root.json`)"
    )]
    NoTrustedRoot,
    #[error("its certificate or its time is not good: {0}")]
    Certificate(String),
    #[error("it was signed at {time}, and the clock of this machine says {now}: is it right?")]
    Future { time: Timestamp, now: Timestamp },
    #[error("it is signed by `{subject}`, for whom `{issuer}` vouches: no identity of the policy fits")]
    UnknownIdentity { subject: String, issuer: String },
}

impl Doubt {
    /// A name for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "bundle-unreadable",
            Self::Statement(_) => "statement-unreadable",
            Self::Payload(_) | Self::NoName(_) => "payload-unreadable",
            Self::BareSignature => "bare-signature",
            Self::PayloadType(_) => "payload-type",
            Self::UnknownKey(_) | Self::UnknownClassicKey => "unknown-key",
            Self::Forged(_) => "forged",
            Self::OtherSubject(_) => "other-subject",
            Self::OtherName { .. } => "other-name",
            Self::OtherTag { .. } => "other-tag",
            Self::PayloadDigest(_) => "payload-digest",
            Self::ClassicCertificate => "classic-certificate",
            Self::NoTrustedRoot => "no-trusted-root",
            Self::Certificate(_) => "certificate",
            Self::Future { .. } => "from-the-future",
            Self::UnknownIdentity { .. } => "unknown-identity",
        }
    }
}

/// Why a true statement does not meet a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unmet {
    #[error("`{0}` may not say this: the policy does not give it the role")]
    Role(String),
    #[error("`{0}` may not say this: the rule names other signers")]
    Signer(String),
    #[error("it is {age} old: the policy takes at most {most}")]
    TooOld { age: String, most: String },
    #[error("it says that it was made at {0}, which has not come yet: is the clock of this machine right?")]
    NotYet(Timestamp),
    #[error("it does not say when it was made, and the policy sets an age")]
    NoTime,
    #[error("its signer built something else from the same provenance")]
    RebuiltDiffers,
    #[error("it cannot be read as what its type says: {0}")]
    Unreadable(String),
}

impl Unmet {
    /// A name for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Role(_) => "wrong-role",
            Self::Signer(_) => "wrong-signer",
            Self::TooOld { .. } => "too-old",
            Self::NotYet(_) => "not-yet",
            Self::NoTime => "no-time",
            Self::RebuiltDiffers => "rebuilt-differs",
            Self::Unreadable(_) => "unreadable",
        }
    }
}
