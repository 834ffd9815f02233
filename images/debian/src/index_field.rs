//! The fields of a package index that are kept, and how each must look.
//!
//! In: a field name from the file. Out: whether it is kept, and where; whether a value is well formed.
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices>.

use blob::Digest;

use crate::Architecture;
use crate::relation_syntax::is_package_name;
use crate::release::is_relative;
use crate::version::check_version;

/// A field whose text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IndexField {
    Package,
    Version,
    Architecture,
    Source,
    MultiArch,
    PreDepends,
    Depends,
    Provides,
    Conflicts,
    Breaks,
    Essential,
    InstalledSize,
    Filename,
    Size,
    Sha256,
}

impl IndexField {
    pub(crate) const COUNT: usize = 15;

    pub(crate) const EVERY: [Self; Self::COUNT] = [
        Self::Package,
        Self::Version,
        Self::Architecture,
        Self::Source,
        Self::MultiArch,
        Self::PreDepends,
        Self::Depends,
        Self::Provides,
        Self::Conflicts,
        Self::Breaks,
        Self::Essential,
        Self::InstalledSize,
        Self::Filename,
        Self::Size,
        Self::Sha256,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Package => "Package",
            Self::Version => "Version",
            Self::Architecture => "Architecture",
            Self::Source => "Source",
            Self::MultiArch => "Multi-Arch",
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Provides => "Provides",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Essential => "Essential",
            Self::InstalledSize => "Installed-Size",
            Self::Filename => "Filename",
            Self::Size => "Size",
            Self::Sha256 => "SHA256",
        }
    }

    /// The field of this name, whatever its case; `None` for one that is not kept.
    pub(crate) fn find(name: &[u8]) -> Option<Self> {
        Self::EVERY.into_iter().find(|field| name.eq_ignore_ascii_case(field.name().as_bytes()))
    }

    /// Whether every package has it.
    pub(crate) fn is_required(self) -> bool {
        matches!(self, Self::Package | Self::Version | Self::Architecture | Self::Filename | Self::Size | Self::Sha256)
    }

    /// What the value should have been, if it is not that.
    pub(crate) fn check(self, value: &str) -> Result<(), String> {
        let good = match self {
            Self::Package => is_package_name(value),
            Self::Version => return check_version(value).map_err(|error| error.problem.to_owned()),
            Self::Architecture => return value.parse::<Architecture>().map(drop).map_err(|error| error.to_string()),
            Self::Source => split_source(value).is_some_and(|(name, version)| {
                is_package_name(name) && version.is_none_or(|version| check_version(version).is_ok())
            }),
            Self::MultiArch => ["no", "same", "foreign", "allowed"].contains(&value),
            Self::Filename => !value.is_empty() && is_relative(value),
            Self::Size | Self::InstalledSize => value.parse::<u64>().is_ok(),
            Self::Sha256 => Digest::from_sha256_hex(value).is_ok(),
            _ => true,
        };
        if good { Ok(()) } else { Err(self.expected().to_owned()) }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Package => "expected a package name",
            Self::Source => "expected a name, or `name (version)`",
            Self::MultiArch => "expected no, same, foreign or allowed",
            Self::Filename => "expected a path below the archive's root",
            Self::Sha256 => "expected 64 lower-case hexadecimal digits",
            _ => "expected a number",
        }
    }
}

/// The two parts of `name (version)`.
pub(crate) fn split_source(value: &str) -> Option<(&str, Option<&str>)> {
    let Some((name, rest)) = value.split_once('(') else { return Some((value, None)) };
    Some((name.trim_ascii_end(), Some(rest.strip_suffix(')')?.trim_ascii())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_itself_by_name_in_any_case() {
        for (at, field) in IndexField::EVERY.into_iter().enumerate() {
            assert_eq!(IndexField::find(field.name().to_ascii_lowercase().as_bytes()), Some(field));
            assert_eq!(field as usize, at);
        }
        assert_eq!(IndexField::find(b"Description"), None);
    }

    #[test]
    fn splits_the_source_from_its_version() {
        assert_eq!(split_source("gcc-14 (14.2.0-19)"), Some(("gcc-14", Some("14.2.0-19"))));
        assert_eq!(split_source("zlib"), Some(("zlib", None)));
        assert_eq!(split_source("zlib (1"), None);
    }

    #[test]
    fn says_what_was_expected() {
        let wrong = [
            (IndexField::Filename, "../x", "expected a path below the archive's root"),
            (IndexField::Size, "-1", "expected a number"),
            (IndexField::Sha256, "beef", "expected 64 lower-case hexadecimal digits"),
            (IndexField::Source, "x (1-)", "expected a name, or `name (version)`"),
            (IndexField::Version, "x", "expected a digit at the start of the upstream version"),
        ];
        for (field, value, expected) in wrong {
            assert_eq!(field.check(value), Err(expected.to_owned()));
        }
    }
}
