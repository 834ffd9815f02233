#![doc = include_str!("../README.md")]
#![expect(clippy::missing_panics_doc, reason = "a test tool stops the test when it is used wrongly")]

mod elf;
mod fake_archive;

pub use elf::Elf;
pub use fake_archive::{
    DebCompression, FakeArchive, FakeKey, FakePackage, FakeServer, FakeSuite, Fault, Generation, RawEntry, When, clear_sign,
};
