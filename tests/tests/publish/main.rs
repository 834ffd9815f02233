//! Publishing to other registries: what arrives, what is not sent twice, what a target that fails does to the others, and that whoever
//! looks meanwhile never finds a tag that cannot be pulled whole.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod binary;
mod copying;
mod interrupted;
mod publisher;
mod several;
mod target;
mod watcher;
mod whole;
