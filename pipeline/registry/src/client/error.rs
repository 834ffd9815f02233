//! What can go wrong between the client and a registry.
//!
//! In: what was being done, and what came instead. Out: a [`ClientError`] that says both, and what to do next. No secret is ever in it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use blob::VerifyError;
use reqwest::{Method, StatusCode};

use super::auth::CredentialError;
use super::http::Refusal;

/// Why the client could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}: {fault}")]
pub struct ClientError {
    operation: String,
    fault: Box<ClientFault>,
}

impl ClientError {
    /// What went wrong.
    pub fn fault(&self) -> &ClientFault {
        &self.fault
    }

    /// The status by which the registry refused, if it did.
    pub fn status(&self) -> Option<StatusCode> {
        self.fault.status()
    }
}

/// What went wrong, without what was being done.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// The HTTP library would not start.
    #[error("the HTTP client cannot be set up: {reason}; check the proxy variables and the system's certificates")]
    Setup {
        /// What the HTTP library says.
        reason: String,
    },
    /// A file of certificate authorities that is none.
    #[error("`{}` gives no certificate authority: {reason}; expected a file with PEM blocks `BEGIN CERTIFICATE`", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that cannot be a host.
    #[error("`{host}` is no registry: expected a host name or address, and a port after `:` where needed")]
    Host {
        /// The text.
        host: String,
    },
    /// Something that would have to go over the network unencrypted.
    #[error(
        "`{url}` is plain HTTP, which is refused for every host but this machine: expected `https`; \
         if everything between here and there can be trusted, list the host under `plain_http`"
    )]
    PlainHttp {
        /// The address, without query.
        url: String,
    },
    /// No connection, or one that broke off.
    #[error("the connection to `{url}` failed: {reason}; check the name, the network and the proxy")]
    Unreachable {
        /// The address, without query.
        url: String,
        /// What the operating system or the HTTP library says.
        reason: String,
    },
    /// The other end speaks something else than TLS.
    #[error(
        "`{url}` does not speak TLS; if it is a registry without TLS, and everything between here and there can be trusted, \
         list the host under `plain_http`"
    )]
    NoTls {
        /// The address, without query.
        url: String,
    },
    /// The other end's certificate is not to be trusted.
    #[error("`{url}` gives no connection that can be trusted: {reason}")]
    Untrusted {
        /// The address, without query.
        url: String,
        /// What TLS says, and what to do.
        reason: String,
    },
    /// Nothing came, or nothing was taken, for too long.
    #[error("`{url}` stood still for {} seconds; check the network, or try again later", waited.as_secs_f32())]
    Silent {
        /// The address, without query.
        url: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The answer is a refusal.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// An answer that the specification does not allow.
    #[error(
        "`{url}` {found}: expected {expected}; the registry, or a proxy before it, does not keep to the OCI distribution specification"
    )]
    Unexpected {
        /// The address, without query.
        url: String,
        /// What came, as the end of a sentence.
        found: String,
        /// What should have come.
        expected: &'static str,
    },
    /// A redirect or an upload location that is not followed.
    #[error("`{from}` leads to `{to}`, which is not followed: {reason}")]
    Redirect {
        /// The address that was asked.
        from: String,
        /// Where it leads.
        to: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// No credentials, or such that do not serve.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Other bytes than the digest or the size promises.
    #[error("the bytes from {from} are not those that were promised: {reason}; {advice}")]
    Wrong {
        /// Where the bytes are from.
        from: String,
        /// The difference.
        reason: VerifyError,
        /// What to do next.
        advice: &'static str,
    },
    /// More bytes than such a thing may have.
    #[error("`{url}` sent more than the {limit} bytes that {what} may have; is this a registry?")]
    TooLarge {
        /// The address, without query.
        url: String,
        /// What was being read.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// A file here that cannot be read or written.
    #[error("{what} cannot be {action}: {reason}; check that it is there, its rights, and the room on the disk")]
    Local {
        /// The file, or what stands for one.
        what: String,
        /// What was tried.
        action: &'static str,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The tag of a list of referrers that holds something else.
    #[error(
        "the tag `{tag}` is kept for the list of referrers, and holds something else: {reason}; \
         give that another tag, or remove it"
    )]
    NoList {
        /// The tag.
        tag: String,
        /// What is wrong with it.
        reason: oci::DocumentError,
    },
    /// Others kept changing what was to be changed.
    #[error(
        "others changed tag `{tag}` each of the {rounds} times that it was written: expected to be the only writer once; run it again"
    )]
    Contended {
        /// The tag.
        tag: String,
        /// How often it was tried.
        rounds: u32,
    },
    /// The last of several attempts.
    #[error("{last} (tried {attempts} times)")]
    GaveUp {
        /// How often it was tried.
        attempts: u32,
        /// How the last attempt ended.
        last: Box<ClientFault>,
    },
}

impl ClientFault {
    /// The status by which the registry refused, if it did.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::GaveUp { last, .. } => last.status(),
            _ => None,
        }
    }

    /// Whether the same request may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } => true,
            Self::Refused(refusal) => is_transient(refusal.status),
            _ => false,
        }
    }

    /// Whether the registry refused with this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.has_code(code))
    }

    /// How long the registry asks to be left alone.
    pub(crate) fn asked_delay(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.wait,
            _ => None,
        }
    }

    /// An answer with a status that this request should not get.
    pub(crate) fn status_of(url: &reqwest::Url, method: &Method, status: StatusCode, expected: &'static str) -> Self {
        let found = format!("answered `{method}` by {status}");
        Self::Unexpected { url: super::http::shown(url), found, expected }
    }
}

/// Statuses that may be others in a moment: all other refusals stay what they are however often one asks.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Says what was being done when something went wrong.
pub(crate) trait During<T> {
    /// Puts the words after "cannot" before the fault.
    fn during(self, operation: impl FnOnce() -> String) -> Result<T, ClientError>;
}

impl<T> During<T> for Result<T, ClientFault> {
    fn during(self, operation: impl FnOnce() -> String) -> Result<T, ClientError> {
        self.map_err(|fault| ClientError { operation: operation(), fault: Box::new(fault) })
    }
}

/// An error with everything that caused it, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

/// Text from outside as it may stand in a message: one line, no control characters, at most `most` characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line: String = words.collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_one_short_line() {
        assert_eq!(one_line("a\n\x1b[31mb\t c", 20), "a [31mb c");
        assert_eq!(one_line(&"é".repeat(9), 3), "ééé…");
    }

    #[test]
    fn only_statuses_that_may_change_are_tried_again() {
        let again = |code: u16| is_transient(StatusCode::from_u16(code).unwrap());
        assert!([408, 429, 500, 502, 503, 504].into_iter().all(again));
        assert!(![400, 401, 403, 404, 405, 412, 413, 416, 501].into_iter().any(again));
    }
}
