//! Signing without a key of one's own: an identity token becomes a certificate of ten minutes, which signs with proof of the time.
//!
//! In: [`KeylessSettings`]. Out: a [`KeylessSigner`], whose every signature was checked against the trusted root before it is given out.
//!
//! The services: Fulcio (certificates), Rekor version 2 (a public log), a timestamp authority. The formats that go over the wire are here,
//! one file a service: the clients of the `sigstore-*` crates read answers of any length, and leave out of their errors what the HTTP library
//! said. What was answered is judged by those crates, through `signing`.
//!
//! Nothing is asked that the settings do not name, but for `token: ambient` on GitHub's runners: there the environment names the address.

mod ambient;
mod certified;
mod checked;
mod error;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fake_der;
#[cfg(test)]
mod faults;
mod fulcio;
mod rekor;
mod root_file;
mod service;
mod settings;
mod signer;
mod timestamp;
mod token;

pub use error::KeylessError;
pub use root_file::RootFile;
pub use settings::{KeylessIdentity, KeylessSettings, TokenSource};
pub use signer::KeylessSigner;
