//! What no honest package holds: the hooks by which a test makes a hostile or broken one.
//!
//! Each call replaces or adds bytes as they are, past all that the package beside it does by itself.

use super::stanza::set_field;
use super::{FakePackage, RawEntry};

/// What is written in place of, or after, what would be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) entries: Vec<RawEntry>,
    pub(crate) control_tar: Option<Vec<u8>>,
    pub(crate) data_tar: Option<Vec<u8>>,
    pub(crate) data_member: Option<String>,
    pub(crate) deb: Option<Vec<u8>>,
    pub(crate) stanza: Option<String>,
    pub(crate) index_fields: Vec<(String, String)>,
}

impl FakePackage {
    /// Adds an entry at the end of the data archive, exactly as it is: its path is not made canonical, nothing is added above it.
    pub fn raw_data_entry(mut self, entry: RawEntry) -> Self {
        self.overrides.entries.push(entry);
        self
    }

    /// Adds many entries at the end of the data archive.
    pub fn raw_data_entries(mut self, entries: impl IntoIterator<Item = RawEntry>) -> Self {
        self.overrides.entries.extend(entries);
        self
    }

    /// Takes these bytes as the plain tar archive of the control files; they are still compressed.
    pub fn raw_control_tar(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.overrides.control_tar = Some(bytes.into());
        self
    }

    /// Takes these bytes as the plain tar archive of the data; they are still compressed.
    pub fn raw_data_tar(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.overrides.data_tar = Some(bytes.into());
        self
    }

    /// Another name for the data member, such as `data.tar.lzma`; what is in it stays.
    pub fn raw_data_member(mut self, name: impl Into<String>) -> Self {
        self.overrides.data_member = Some(name.into());
        self
    }

    /// Takes these bytes as the whole `.deb`; the index vouches for them.
    pub fn raw_deb(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.overrides.deb = Some(bytes.into());
        self
    }

    /// Takes this text as the package's paragraph in `Packages`.
    pub fn raw_packages_stanza(mut self, text: impl Into<String>) -> Self {
        self.overrides.stanza = Some(text.into());
        self
    }

    /// Sets a field of the paragraph in `Packages` only: a wrong `SHA256`, `Size` or `Filename`.
    pub fn index_field(mut self, name: &str, value: impl Into<String>) -> Self {
        set_field(&mut self.overrides.index_fields, name, value.into());
        self
    }
}
