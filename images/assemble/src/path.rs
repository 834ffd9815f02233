//! A path inside an image: absolute, canonical, and never outside the root.
//!
//! In: text of a definition, or the bytes of a tar member's name. Out: a [`RootPath`] such as `/usr/bin/python3`.
//! Debian Policy 10.10 wants file names in UTF-8; anything else is refused rather than mangled.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// An absolute path without `.`, `..`, empty parts or a trailing slash. The root itself is `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RootPath(String);

/// Why something is no path inside an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The name is not UTF-8.
    #[error("path `{0}` is not UTF-8 (Debian Policy 10.10)")]
    NotUtf8(String),
    /// The name has a `..` part.
    #[error("path `{0}` leaves the root: expected no `..`")]
    Escapes(String),
    /// The name is absolute where an archive member's must be relative, or the other way round.
    #[error("path `{0}` must begin with `/`")]
    NotAbsolute(String),
    /// The name of an archive member is absolute.
    #[error("member path `{0}` is absolute: expected a path relative to the root")]
    Absolute(String),
    /// The name has a NUL or is longer than Linux allows.
    #[error("path `{0}` has a NUL byte or more than 4095 bytes")]
    Unusable(String),
}

/// Linux's `PATH_MAX` without the closing NUL.
const LONGEST: usize = 4095;

impl RootPath {
    /// Reads the path of a definition; it must begin with `/`.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.starts_with('/') { Self::canonical(text) } else { Err(PathError::NotAbsolute(text.to_owned())) }
    }

    /// Reads the name of a tar member (`./usr/bin/x` or `usr/bin/x`).
    pub fn of_member(name: &[u8]) -> Result<Self, PathError> {
        let text = std::str::from_utf8(name).map_err(|_| PathError::NotUtf8(String::from_utf8_lossy(name).into()))?;
        if text.starts_with('/') { Err(PathError::Absolute(text.to_owned())) } else { Self::canonical(text) }
    }

    fn canonical(text: &str) -> Result<Self, PathError> {
        if text.len() > LONGEST || text.contains('\0') {
            return Err(PathError::Unusable(text.chars().take(80).collect()));
        }
        let mut path = String::with_capacity(text.len() + 1);
        for part in text.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                return Err(PathError::Escapes(text.to_owned()));
            }
            path.push('/');
            path.push_str(part);
        }
        Ok(Self(if path.is_empty() { "/".into() } else { path }))
    }

    /// The path as text, with its leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as a tar member's name: without the leading slash.
    pub fn member_name(&self) -> &str {
        &self.0[1..]
    }

    /// Whether this is the root folder itself.
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// The folder that holds this; the root has none.
    pub fn parent(&self) -> Option<Self> {
        let (folder, _) = self.0.rsplit_once('/').filter(|_| !self.is_root())?;
        Some(Self(if folder.is_empty() { "/".into() } else { folder.into() }))
    }

    /// All folders above this, nearest first, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(self.parent(), Self::parent)
    }

    /// The last part; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(_, name)| name)
    }

    /// This folder's child of a name that may itself have several parts; `..` and `.` are followed as text.
    #[must_use]
    pub fn join(&self, relative: &str) -> Self {
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Self(format!("/{}", parts.join("/")))
    }

    /// Where a symlink at this path points to, as text (links on the way are not followed).
    #[must_use]
    pub fn link_target(&self, target: &str) -> Self {
        if target.starts_with('/') {
            return Self("/".into()).join(target);
        }
        self.parent().unwrap_or_else(|| self.clone()).join(target)
    }
}

impl fmt::Display for RootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RootPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RootPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The folders that are links into `/usr` on a merged system, longest name first.
const MERGED: [&str; 6] = ["/libx32", "/lib64", "/lib32", "/sbin", "/bin", "/lib"];

/// Moves what lies *below* `/bin`, `/sbin`, `/lib*` to the same place below `/usr`, as every Debian since 12 expects.
/// The folder `/lib` itself moves too when `folder` says that it is one; a link of that name stays.
pub(crate) fn usr_merged(path: &RootPath, is_directory: IsDirectory) -> RootPath {
    let moved = MERGED.iter().any(|alias| match path.0.strip_prefix(alias) {
        Some("") => is_directory == IsDirectory::Yes,
        Some(rest) => rest.starts_with('/'),
        None => false,
    });
    if moved { RootPath(format!("/usr{}", path.0)) } else { path.clone() }
}

/// Whether an archive member is a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IsDirectory {
    /// It is one.
    Yes,
    /// It is a file or a link.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_member_names_canonical() {
        assert_eq!(RootPath::of_member(b"./usr//bin/./x/").unwrap().as_str(), "/usr/bin/x");
        assert_eq!(RootPath::of_member(b"./").unwrap().as_str(), "/");
    }

    #[test]
    fn refuses_what_leaves_the_root() {
        assert!(matches!(RootPath::of_member(b"../etc/passwd"), Err(PathError::Escapes(_))));
        assert!(matches!(RootPath::of_member(b"usr/../../x"), Err(PathError::Escapes(_))));
        assert!(matches!(RootPath::of_member(b"/etc/passwd"), Err(PathError::Absolute(_))));
        assert!(matches!(RootPath::of_member(b"a\xff"), Err(PathError::NotUtf8(_))));
        assert!(matches!(RootPath::parse("usr"), Err(PathError::NotAbsolute(_))));
        assert!(matches!(RootPath::parse("/a\0b"), Err(PathError::Unusable(_))));
    }

    #[test]
    fn follows_links_as_text() {
        let path = RootPath::parse("/usr/lib/ssl/certs").unwrap();
        assert_eq!(path.link_target("../../x").as_str(), "/usr/x");
        assert_eq!(path.link_target("/etc/ssl/certs").as_str(), "/etc/ssl/certs");
        assert_eq!(path.link_target("../../../../../../etc").as_str(), "/etc");
    }

    #[test]
    fn merges_usr_but_leaves_the_links() {
        let merged = |text: &str, kind| usr_merged(&RootPath::parse(text).unwrap(), kind).to_string();
        assert_eq!(merged("/lib/x/y", IsDirectory::No), "/usr/lib/x/y");
        assert_eq!(merged("/lib64/ld.so", IsDirectory::No), "/usr/lib64/ld.so");
        assert_eq!(merged("/lib", IsDirectory::Yes), "/usr/lib");
        assert_eq!(merged("/lib", IsDirectory::No), "/lib");
        assert_eq!(merged("/library/x", IsDirectory::No), "/library/x");
    }
}
