//! A binary package as a test describes it: name, relations, files, scripts.
//!
//! It takes chained calls and keeps them; `deb` beside it makes the bytes. Directories above a file, the copyright file,
//! `md5sums` and the control paragraph come by themselves. What no honest package holds stands in `raw`.
//!
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#s-binarycontrolfiles>.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::raw::Overrides;
use super::stanza::set_field;
use super::{DebCompression, RawEntry};

/// One binary package.
#[derive(Debug, Clone)]
#[must_use = "a package does nothing before it is given to a suite"]
pub struct FakePackage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    pub(crate) component: String,
    pub(crate) source: Option<(String, String)>,
    pub(crate) timestamp: Timestamp,
    pub(crate) compression: DebCompression,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) entries: BTreeMap<String, RawEntry>,
    pub(crate) control_files: BTreeMap<String, (u32, Vec<u8>)>,
    pub(crate) has_copyright: bool,
    pub(crate) overrides: Overrides,
}

impl FakePackage {
    /// A package for amd64, compressed with xz, of 2026-07-01; it holds its copyright file.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            architecture: "amd64".into(),
            component: "main".into(),
            source: None,
            timestamp: Timestamp::constant(1_782_864_000, 0),
            compression: DebCompression::Xz,
            fields: Vec::new(),
            entries: BTreeMap::new(),
            control_files: BTreeMap::new(),
            has_copyright: true,
            overrides: Overrides::default(),
        }
    }

    /// Another architecture: `arm64`, `all`.
    pub fn architecture(mut self, architecture: impl Into<String>) -> Self {
        self.architecture = architecture.into();
        self
    }

    /// Another component than `main`.
    pub fn component(mut self, component: impl Into<String>) -> Self {
        self.component = component.into();
        self
    }

    /// The source package, where its name or version is another one.
    pub fn source(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.source = Some((name.into(), version.into()));
        self
    }

    /// When the package was made, as in `2026-07-01T00:00:00Z`: the time of every file in it.
    pub fn timestamp(mut self, time: &str) -> Self {
        self.timestamp = time.parse().expect("a time such as 2026-07-01T00:00:00Z");
        self
    }

    /// How its control and data archives are compressed.
    pub fn compression(mut self, compression: DebCompression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets a field of the control paragraph, and so of the index too; a second call replaces the first.
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        set_field(&mut self.fields, name, value.into());
        self
    }

    /// Sets `Depends`.
    pub fn depends(self, relations: &str) -> Self {
        self.field("Depends", relations)
    }

    /// Sets `Pre-Depends`.
    pub fn pre_depends(self, relations: &str) -> Self {
        self.field("Pre-Depends", relations)
    }

    /// Sets `Provides`.
    pub fn provides(self, relations: &str) -> Self {
        self.field("Provides", relations)
    }

    /// Sets `Conflicts`.
    pub fn conflicts(self, relations: &str) -> Self {
        self.field("Conflicts", relations)
    }

    /// Sets `Breaks`.
    pub fn breaks(self, relations: &str) -> Self {
        self.field("Breaks", relations)
    }

    /// Sets `Multi-Arch`: `same`, `foreign` or `allowed`.
    pub fn multi_arch(self, value: &str) -> Self {
        self.field("Multi-Arch", value)
    }

    /// Sets `Essential: yes`.
    pub fn essential(self) -> Self {
        self.field("Essential", "yes")
    }

    /// Adds a file of mode 0644 by its absolute path.
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.file_with_mode(path, 0o644, content)
    }

    /// Adds a file with another mode by its absolute path.
    pub fn file_with_mode(self, path: &str, mode: u32, content: impl Into<Vec<u8>>) -> Self {
        self.entry(path, RawEntry::file(dotted(path), content).mode(mode))
    }

    /// Adds a directory of mode 0755 by its absolute path.
    pub fn directory(self, path: &str) -> Self {
        self.directory_with_mode(path, 0o755)
    }

    /// Adds a directory with another mode by its absolute path.
    pub fn directory_with_mode(self, path: &str, mode: u32) -> Self {
        self.entry(path, RawEntry::directory(dotted_directory(path)).mode(mode))
    }

    /// Adds a symbolic link by its absolute path; the target is written as it is.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(path, RawEntry::symlink(dotted(path), target))
    }

    /// Adds a hard link; both paths are absolute.
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(path, RawEntry::hardlink(dotted(path), dotted(target)))
    }

    /// Leaves out the copyright file that every package holds.
    pub fn without_copyright(mut self) -> Self {
        self.has_copyright = false;
        self
    }

    /// Adds a maintainer script: `preinst`, `postinst`, `prerm`, `postrm` or `config`.
    pub fn script(mut self, name: &str, text: impl Into<Vec<u8>>) -> Self {
        self.control_files.insert(name.into(), (0o755, text.into()));
        self
    }

    /// Adds any other member of the control archive: `triggers`, `shlibs`, `templates`.
    pub fn control_file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.control_files.insert(name.into(), (0o644, content.into()));
        self
    }

    /// Says that a file is a configuration file, in `conffiles`.
    pub fn conffile(mut self, path: &str) -> Self {
        let (_, content) = self.control_files.entry("conffiles".into()).or_insert((0o644, Vec::new()));
        content.extend_from_slice(format!("{path}\n").as_bytes());
        self
    }

    fn entry(mut self, path: &str, entry: RawEntry) -> Self {
        assert!(path.starts_with('/'), "`{path}` is no absolute path; use `raw_data_entry` for any other");
        self.entries.insert(path.trim_matches('/').into(), entry);
        self
    }
}

/// `/etc/x` as a package's archive writes it: `./etc/x`.
pub(crate) fn dotted(path: &str) -> String {
    format!("./{}", path.trim_matches('/'))
}

/// `/etc` as a package's archive writes a directory: `./etc/`.
pub(crate) fn dotted_directory(path: &str) -> String {
    match path.trim_matches('/') {
        "" => "./".into(),
        path => format!("./{path}/"),
    }
}
