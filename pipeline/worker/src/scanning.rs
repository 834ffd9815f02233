//! Scans images: what was built before it is published, and what is published whenever something new is known.
//!
//! In: locks, what is known, what the archive has. Out: reports, the gate's verdict, what is said of them, and the ledger's rows. Nothing is
//! built here, and no digest of an image changes.

mod accounts;
mod archive;
mod inventory;
mod judging;
mod path_lists;
mod rescan;
mod scanner;
mod statements;

pub use judging::{Judging, JudgingError};
pub use path_lists::PathLists;
pub use rescan::Rescan;
pub use scanner::{Blocked, ScannedPlatform, Scanner};
pub use statements::SCAN_SCHEMA;

pub(crate) use scanner::{Scannable, admit};
pub(crate) use statements::{Said, sayings, withdrawn};
