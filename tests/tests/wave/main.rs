//! Whole waves on the fake archive: what is published, what changes, what is refused, and that the bytes never differ.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod archive_evidence;
mod caches;
mod changes;
mod factory;
mod golden;
mod hostile;
mod provenance;
mod rebuild;
mod rebuild_attest;
