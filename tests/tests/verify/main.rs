//! Verifying: images that are signed by the room `signing` lie in our own registry, good ones and evil ones, and each has its verdict.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod bench;
mod chain;
mod hostile;
mod image;
mod liar;
mod verdicts;
