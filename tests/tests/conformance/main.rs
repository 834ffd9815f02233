//! The distribution specification, test by test: our own port of the list of the official conformance suite, and what the
//! specification says beyond it. README.md beside this file maps each official test to ours.
//!
//! In: a registry on an empty folder. Out: real requests over TCP, and their answers as the specification wants them.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>.
//! Suite: <https://github.com/opencontainers/distribution-spec/tree/main/conformance>.

#![cfg(test)]

mod blobs;
mod chunks;
mod conditions;
mod content_sets;
mod deletes;
mod documents;
mod empty;
mod limits;
mod manifest_errors;
mod model;
mod mounts;
mod other_types;
mod pulls;
mod ranges;
mod referrers;
mod refused_blobs;
mod round_trip;
mod sequences;
mod server;
mod sets;
mod tags;
mod uploads;
