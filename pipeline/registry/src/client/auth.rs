//! Who the client is, and what it may do: credentials, challenges, scopes and tokens.
//!
//! In: a refusal with a challenge, and what is to be done. Out: an `Authorization` header for the next attempt.
//! Specification: <https://distribution.github.io/distribution/spec/auth/token/>.

mod authority;
mod challenge;
mod credentials;
mod docker_config;
mod helper;
mod scopes;
mod tokens;

pub(crate) use authority::{Authority, Means, Need};
pub use credentials::CredentialError;
pub(crate) use credentials::{Credential, Keyring};
pub(crate) use scopes::Scopes;
