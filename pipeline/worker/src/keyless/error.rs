//! What can go wrong when signing without a key, and whose it is.
//!
//! In: what was asked and what came back. Out: a [`KeylessError`] that names the service. No token is ever in it: what a service said is shown
//! without its long words, because some repeat the token that they refuse.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::{Failure, Whose};

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// A file of the settings.
    #[error("cannot use `{path}` for signing without a key: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An address of the settings.
    #[error(
        "`{url}` is asked without TLS: expected `https://`, a loopback address, or `plain-http: true` in the settings"
    )]
    PlainHttp {
        /// The address.
        url: String,
    },
    /// No HTTP client or no thread for it.
    #[error("cannot set up the client for signing without a key: {0}")]
    Setup(String),
    /// No identity token, or one that nobody takes.
    #[error("no identity token from {place}: {reason}")]
    Token {
        /// Where it was looked for.
        place: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// No connection, no answer, or one that broke off.
    #[error("{service} at `{url}` does not answer: {reason}")]
    Unreachable {
        /// Which one.
        service: &'static str,
        /// The address.
        url: String,
        /// What the HTTP library said.
        reason: String,
    },
    /// Any other status than success.
    #[error("{service} at `{url}` refused {asked} with status {status}: {said}")]
    Refused {
        /// Which one.
        service: &'static str,
        /// The address.
        url: String,
        /// What for.
        asked: &'static str,
        /// The status.
        status: u16,
        /// Its own words.
        said: String,
        /// How long it asks us to stay away.
        retry_after: Option<Duration>,
    },
    /// More bytes than such an answer may have.
    #[error("{service} at `{url}` answered with more than the {most} bytes that {asked} may have")]
    TooLarge {
        /// Which one.
        service: &'static str,
        /// The address.
        url: String,
        /// What for.
        asked: &'static str,
        /// The bound.
        most: usize,
    },
    /// An answer that is not what was asked for.
    #[error("{service} at `{url}` was asked for {asked} and answered with something else: {reason}")]
    Answer {
        /// Which one.
        service: &'static str,
        /// The address.
        url: String,
        /// What for.
        asked: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A certificate for somebody else than the settings say.
    #[error(
        "Fulcio gave a certificate for `{subject}`, for whom `{issuer}` vouches: the settings say `identity` {expected}; is this the right token?"
    )]
    OtherIdentity {
        /// Whom it names.
        subject: String,
        /// Who vouches.
        issuer: String,
        /// What the settings say.
        expected: String,
    },
    /// A certificate that cannot be used now.
    #[error(
        "Fulcio gave a certificate that is valid from {from} to {to}, and it is {now}: is the clock of this machine right?"
    )]
    NotNow {
        /// Its first moment.
        from: Timestamp,
        /// Its last.
        to: Timestamp,
        /// Our clock.
        now: Timestamp,
    },
    /// The trusted root does not vouch for what came out.
    #[error("the signature was made, and is not given out: `{root}` does not vouch for it: {reason}")]
    NotVerified {
        /// The trusted root.
        root: PathBuf,
        /// The verdict.
        reason: String,
    },
    /// What certificates do not sign.
    #[error("{0}")]
    NotSigned(&'static str),
}

impl KeylessError {
    /// Whether the same question may be answered in a moment.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// How long the service asks us to stay away.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whose it is.
    pub fn whose(&self) -> Whose {
        match self {
            Self::Unreachable { .. } | Self::TooLarge { .. } | Self::Answer { .. } => Whose::Upstream,
            Self::Refused { .. } if self.is_transient() => Whose::Upstream,
            _ => Whose::Policy,
        }
    }
}

impl From<KeylessError> for Failure {
    fn from(error: KeylessError) -> Self {
        Self::new(error.whose(), error)
    }
}
