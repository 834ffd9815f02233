#![doc = include_str!("../README.md")]
#![expect(clippy::missing_panics_doc, reason = "a test tool stops the test when it is used wrongly")]

mod elf;
mod fake_archive;
mod mini_trixie;

pub use elf::Elf;
pub use fake_archive::{
    DebCompression, FakeArchive, FakeKey, FakePackage, FakeServer, FakeSuite, Fault, Generation, RawEntry, When,
    clear_sign,
};
pub use mini_trixie::{FAKE_ROOT_R1, FAKE_ROOT_X2, mini_trixie};
