//! What can go wrong in one transfer, and the two questions that are asked of it: try again? and whose is it?
//!
//! In: what the client saw. Out: a [`ClientError`]. Addresses in it never show a password.

use std::time::Duration;

use blob::VerifyError;
use reqwest::{StatusCode, Url};

use crate::{DiskError, Failure, Whose};

/// Why a file could not be had from a server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, no answer, or one that is no HTTP.
    #[error("cannot reach `{url}`: check the address, the network and the proxy")]
    Unreachable {
        /// The address.
        url: String,
        /// What the HTTP library said.
        source: reqwest::Error,
    },
    /// Sent on and on, or to where we do not follow.
    #[error(
        "`{url}` redirects to where bedplate does not follow: set the address that it leads to, if you trust that one"
    )]
    Redirect {
        /// The address.
        url: String,
        /// What the HTTP library said.
        source: reqwest::Error,
    },
    /// A body that is not encoded as its header says.
    #[error("`{url}` sent a body that cannot be decoded: {reason}")]
    Encoding {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer broke off.
    #[error("`{url}` stopped in the middle of its answer")]
    Interrupted {
        /// The address.
        url: String,
        /// What the HTTP library said.
        source: reqwest::Error,
    },
    /// 404 or 410. Where an index promised the file, the mirror has moved on since.
    #[error("the mirror does not have `{url}`: it changed under us, or the address is wrong")]
    NotFound {
        /// The address.
        url: String,
    },
    /// 401, 403 or 407.
    #[error("`{url}` is refused with status {status}: the mirror or the proxy wants other credentials")]
    Refused {
        /// The address.
        url: String,
        /// The status.
        status: StatusCode,
    },
    /// Any other status than success.
    #[error("`{url}` answered with status {status} instead of the file")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: StatusCode,
        /// How long the server asks us to stay away.
        retry_after: Option<Duration>,
    },
    /// More bytes than a file of this kind may have.
    #[error("`{url}` sent more than the {limit} bytes that such a file may have")]
    TooLarge {
        /// The address.
        url: String,
        /// The bound.
        limit: u64,
    },
    /// Other bytes than the verified index vouches for.
    #[error("`{url}` is not the file that the suite's `InRelease` vouches for")]
    Mismatch {
        /// The address.
        url: String,
        /// The difference.
        source: VerifyError,
    },
    /// A path in an index that leads out of the archive.
    #[error("`{path}` is no path inside an archive: expected one such as `pool/main/a/apt/apt_3.0.3_amd64.deb`")]
    BadPath {
        /// The path as the index has it.
        path: String,
    },
    /// The file came, but could not be kept.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The HTTP library would not start.
    #[error("cannot set up the HTTP client: check the proxy variables and the system's certificates")]
    Setup {
        /// What the HTTP library said.
        source: reqwest::Error,
    },
}

impl ClientError {
    /// Whether the same request may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Interrupted { .. } | Self::Mismatch { .. } | Self::Encoding { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            }
            _ => false,
        }
    }

    /// Whose it is.
    pub fn whose(&self) -> Whose {
        match self {
            Self::Refused { .. } | Self::Disk(_) | Self::Setup { .. } => Whose::Policy,
            _ => Whose::Upstream,
        }
    }

    /// How long the server asks us to stay away.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Sorts an answer that is no success.
    pub(crate) fn from_status(url: &Url, status: StatusCode, retry_after: Option<Duration>) -> Self {
        let url = shown(url);
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotFound { url },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Self::Refused { url, status }
            }
            _ => Self::Status { url, status, retry_after },
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(error.whose(), error)
    }
}

/// An address as people may see it: without user and password.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // An address that cannot have a user has none to hide.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_status(code: u16) -> ClientError {
        let url = Url::parse("http://user:secret@mirror.example/x").unwrap();
        ClientError::from_status(&url, StatusCode::from_u16(code).unwrap(), None)
    }

    #[test]
    fn a_password_is_never_shown() {
        let text = of_status(403).to_string();
        assert!(text.starts_with("`http://mirror.example/x` is refused with status 403"), "{text}");
    }

    #[test]
    fn says_what_may_be_tried_again_and_whose_it_is() {
        let table = [(404, false, Whose::Upstream), (403, false, Whose::Policy), (400, false, Whose::Upstream)];
        let transient = [(500, true, Whose::Upstream), (503, true, Whose::Upstream), (429, true, Whose::Upstream)];
        for (code, again, whose) in table.into_iter().chain(transient) {
            let error = of_status(code);
            assert_eq!((error.is_transient(), error.whose()), (again, whose), "{code}");
        }
    }
}
