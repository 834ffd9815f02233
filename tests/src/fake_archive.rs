//! An archive that composes and signs itself: what a Debian mirror serves, made from a few chained calls.
//!
//! It takes packages and suites as a test describes them, and gives every file of the archive by its path, in memory or
//! over HTTP. Everything but the signature is the same at each run.
//!
//! Format: <https://wiki.debian.org/DebianRepository/Format>.

mod answer;
mod archive;
mod compose;
mod compression;
mod deb;
mod entry;
mod fault;
mod generation;
mod key;
mod package;
mod raw;
mod server;
mod stanza;
mod suite;
mod tarball;
mod wire;

pub use archive::FakeArchive;
pub use compression::DebCompression;
pub use entry::RawEntry;
pub use fault::{Fault, When};
pub use generation::Generation;
pub use key::{FakeKey, clear_sign};
pub use package::FakePackage;
pub use server::FakeServer;
pub use suite::FakeSuite;
