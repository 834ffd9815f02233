//! The client as it meets registries: our own server, with and without faults before it, and small ones made to misbehave.
//!
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.

#![cfg(test)]

mod batch;
mod copying;
mod credentials;
mod fixture;
mod guard;
mod guarded;
mod lies;
mod listing;
mod proxy;
mod pull;
mod redirects;
mod referrers;
mod retries;
mod sink;
mod trust;
mod upload;
