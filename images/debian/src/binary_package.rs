//! One package of an index: a view that borrows every text from it.
//!
//! In: a `PackageIndex`. Out: the fields, parsed where they are asked for.
//! Fields: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#binary-package-control-files-debian-control>.

use std::fmt;

use blob::{Digest, DigestError};

use crate::index_field::{IndexField, split_source};
use crate::package_index::{PackageIndex, Record};
use crate::{Architecture, Version};

/// Whether packages of one name and several architectures can be installed together, and whom they serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MultiArch {
    /// The usual case.
    No,
    /// Can be installed for several architectures at once.
    Same,
    /// Serves packages of every architecture.
    Foreign,
    /// Serves packages of every architecture that ask for it with `:any`.
    Allowed,
}

/// A package as the index lists it; cheap to copy.
#[derive(Clone, Copy)]
pub struct BinaryPackage<'a> {
    index: &'a PackageIndex,
    record: &'a Record,
}

impl<'a> BinaryPackage<'a> {
    pub(crate) fn new(index: &'a PackageIndex, record: &'a Record) -> Self {
        Self { index, record }
    }

    fn value(&self, field: IndexField) -> &'a str {
        self.index.value(self.record, field)
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.value(IndexField::Package)
    }

    /// Its version as text.
    pub fn version_text(&self) -> &'a str {
        self.value(IndexField::Version)
    }

    /// Its version; the index was checked, so this does not fail.
    pub fn version(&self) -> Version {
        Version::from_checked(self.version_text())
    }

    /// Its architecture.
    pub fn architecture(&self) -> Architecture {
        self.value(IndexField::Architecture).parse().unwrap_or(Architecture::All)
    }

    /// The source package that it was built from.
    pub fn source_name(&self) -> &'a str {
        self.source().map_or(self.name(), |(name, _)| name)
    }

    /// The version of that source, as text. It differs from the package's after a rebuild (`+b1`).
    pub fn source_version_text(&self) -> &'a str {
        self.source().and_then(|(_, version)| version).unwrap_or(self.version_text())
    }

    fn source(&self) -> Option<(&'a str, Option<&'a str>)> {
        let value = self.value(IndexField::Source);
        if value.is_empty() { None } else { split_source(value) }
    }

    /// Its place among several architectures.
    pub fn multi_arch(&self) -> MultiArch {
        match self.value(IndexField::MultiArch) {
            "same" => MultiArch::Same,
            "foreign" => MultiArch::Foreign,
            "allowed" => MultiArch::Allowed,
            _ => MultiArch::No,
        }
    }

    /// `Depends`, empty where absent; for [`Relations::parse`](crate::Relations::parse), as are the next four.
    pub fn depends(&self) -> &'a str {
        self.value(IndexField::Depends)
    }

    /// `Pre-Depends`.
    pub fn pre_depends(&self) -> &'a str {
        self.value(IndexField::PreDepends)
    }

    /// `Provides`, for [`parse_provides`](crate::parse_provides).
    pub fn provides(&self) -> &'a str {
        self.value(IndexField::Provides)
    }

    /// `Conflicts`.
    pub fn conflicts(&self) -> &'a str {
        self.value(IndexField::Conflicts)
    }

    /// `Breaks`.
    pub fn breaks(&self) -> &'a str {
        self.value(IndexField::Breaks)
    }

    /// Whether every system has it.
    pub fn essential(&self) -> bool {
        self.value(IndexField::Essential).eq_ignore_ascii_case("yes")
    }

    /// Kibibytes when installed, as the package estimates.
    pub fn installed_size(&self) -> Option<u64> {
        self.value(IndexField::InstalledSize).parse().ok()
    }

    /// Its path below the archive's root.
    pub fn filename(&self) -> &'a str {
        self.value(IndexField::Filename)
    }

    /// The size of the `.deb`.
    pub fn size(&self) -> u64 {
        self.value(IndexField::Size).parse().unwrap_or(0)
    }

    /// The SHA-256 of the `.deb`, 64 hexadecimal digits.
    pub fn sha256(&self) -> &'a str {
        self.value(IndexField::Sha256)
    }

    /// The same as a digest; the index was checked, so this does not fail.
    pub fn digest(&self) -> Result<Digest, DigestError> {
        Digest::from_sha256_hex(self.sha256())
    }
}

impl fmt::Debug for BinaryPackage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name(), self.version_text(), self.architecture())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package_index::tests::{read, replaced, stanza};

    #[test]
    fn gives_its_fields() {
        let more = "Source: tiny-src (1.0-1)\nMulti-Arch: same\nPre-Depends: a\nProvides: b\nConflicts: c\nBreaks: d\n\
                    Essential: yes\nInstalled-Size: 77\n";
        let index = read(&(stanza("tiny", "1:1.0-1+b1") + more));
        let package = index.iter().next().unwrap();
        assert_eq!(format!("{package:?}"), "tiny 1:1.0-1+b1 amd64");
        assert_eq!(
            (package.version().epoch(), package.architecture(), package.multi_arch()),
            (1, Architecture::Amd64, MultiArch::Same)
        );
        assert_eq!((package.source_name(), package.source_version_text()), ("tiny-src", "1.0-1"));
        let relations =
            [package.pre_depends(), package.depends(), package.provides(), package.conflicts(), package.breaks()];
        assert_eq!(relations, ["a", "libc6 (>= 2.41), libz1", "b", "c", "d"]);
        assert_eq!((package.essential(), package.installed_size(), package.size()), (true, Some(77), 1234));
        assert_eq!((package.filename(), package.digest().unwrap()), ("pool/t/tiny.deb", Digest::of("tiny")));
    }

    #[test]
    fn is_its_own_source_unless_another_is_named() {
        let index = read(&(stanza("tiny", "2") + "\n" + &replaced("other", "Size", "Source: tiny-src\nSize")));
        let sources: Vec<_> =
            index.iter().map(|package| (package.source_name(), package.source_version_text())).collect();
        assert_eq!(sources, [("tiny", "2"), ("tiny-src", "1")]);
        let package = index.iter().next().unwrap();
        assert_eq!(
            (package.multi_arch(), package.essential(), package.installed_size(), package.breaks()),
            (MultiArch::No, false, None, "")
        );
    }
}
