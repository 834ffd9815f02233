//! One entry of a package's data archive: where it goes, what it is, and its bytes.
//!
//! In: a tar header with its extensions. Out: a checked description, and a reader.
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.

use std::fmt;
use std::io::{self, Read};

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A plain file; the entry's reader gives its bytes.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this target, which is as in the archive and may point anywhere.
    Symlink(Vec<u8>),
    /// Another name of the entry at this path, which is written as the entries' paths are.
    Hardlink(Vec<u8>),
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A type of entry that is not known here.
    Other(u8),
}

/// An entry whose bytes can be read now, before the next one is.
pub struct DataEntry<'a> {
    /// Its path below the root, without a leading `./` or a trailing slash; empty for the root. Never absolute, never with `..`.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permissions with setuid, setgid and sticky bit.
    pub mode: u32,
    /// The owner by number.
    pub uid: u64,
    /// The group by number.
    pub gid: u64,
    /// Seconds since 1970.
    pub mtime: u64,
    /// How many bytes the reader gives.
    pub size: u64,
    /// Whether extended attributes (capabilities are such) came with it.
    pub has_xattrs: bool,
    pub(crate) reader: &'a mut dyn Read,
}

impl Read for DataEntry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl fmt::Debug for DataEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {:o} {}:{} {} {}",
            self.kind,
            self.mode,
            self.uid,
            self.gid,
            self.size,
            self.path.escape_ascii()
        )
    }
}

/// Brings a path of the archive into the form of [`DataEntry::path`]; says what is wrong if it would leave the root.
pub(crate) fn clean_path(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    if path.starts_with(b"/") {
        return Err("is absolute: expected a path below the root");
    }
    let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    let parts: Vec<&[u8]> = parts.collect();
    if parts.contains(&&b".."[..]) {
        return Err("leaves the root: expected a path without `..`");
    }
    if path.contains(&0) { Err("holds a NUL byte") } else { Ok(parts.join(&b'/')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brings_paths_into_one_form() {
        for (from, to) in
            [("./usr/bin/x", "usr/bin/x"), ("./", ""), (".", ""), ("usr/lib/", "usr/lib"), ("a//./b", "a/b")]
        {
            assert_eq!(clean_path(from.as_bytes()).unwrap(), to.as_bytes(), "{from}");
        }
    }

    #[test]
    fn refuses_paths_that_leave_the_root() {
        for path in ["/etc/passwd", "../x", "./a/../../x", "a/..", "a\0b"] {
            assert!(clean_path(path.as_bytes()).is_err(), "{path}");
        }
    }
}
