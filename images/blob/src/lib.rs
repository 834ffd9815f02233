#![doc = include_str!("../README.md")]

mod digest;
mod verify;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use verify::{Verdict, VerifyError, VerifyingReader};
