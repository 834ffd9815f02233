#![doc = include_str!("../README.md")]
#![expect(clippy::missing_panics_doc, reason = "a test tool stops the test when it is used wrongly")]

mod content;
mod elf;
mod fake_archive;
mod fake_feeds;
mod machine;
mod mini_trixie;
mod registry_client;
mod registry_under_test;

pub use content::{Content, Hash, noise};
pub use elf::Elf;
pub use fake_archive::{
    DebCompression, FakeArchive, FakeKey, FakePackage, FakeServer, FakeSuite, Fault, Generation, RawEntry, When,
    clear_sign,
};
pub use fake_feeds::{FakeFeeds, FeedFault};
pub use machine::{NO_FEEDS, binary, write_machine};
pub use mini_trixie::{FAKE_ROOT_R1, FAKE_ROOT_X2, mini_trixie};
pub use registry_client::{Answer, RegistryClient, closing_path};
pub use registry_under_test::{RegistryUnderTest, serve_registry};
