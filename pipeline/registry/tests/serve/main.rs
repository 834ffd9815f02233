//! The router as clients meet it: a store in a temporary folder, a server on the loopback address, real requests.
//!
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.

#![cfg(test)]

mod damage;
mod fixture;
mod listing;
mod pull;
mod ranges;
mod refusal;
mod site;
