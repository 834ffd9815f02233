//! VEX: statements on whether a vulnerability is in a product, written for other scanners and read from others.
//!
//! In: reports; documents of others. Out: OpenVEX documents, the files of a VEX repository, reports with statements applied.
//! Format: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>, version 0.2.0.

mod apply;
mod document;
mod read;
mod repository;
mod statement;
mod write;

pub use read::{VexDocument, VexError};
pub use repository::{VexRepositoryParts, vex_repository};
pub use write::{VexParts, openvex};
