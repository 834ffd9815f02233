//! Which files of a layer tell what is installed, and how large each may be.
//!
//! In: an entry of a layer. Out: its bytes, where it may be one of dpkg's records or an `os-release`. Those may lie elsewhere than usual and be
//! reached through links, so names count here and not whole paths.

use std::io::{self, Read};

use assemble::{RootPath, STATUS_FOLDER};

use crate::layer_budget::Budget;
use crate::layer_files::LayerProblem;

/// dpkg's own list, which images with a package manager have.
pub(crate) const STATUS_FILE: &str = "/var/lib/dpkg/status";
/// The largest record of one package; Debian's have a few kilobytes.
const LARGEST_RECORD: u64 = 1 << 20;
/// The largest list of all packages; one of 5,000 packages has 6 MB.
const LARGEST_STATUS: u64 = 32 << 20;
/// The largest `os-release`; Debian's has 300 bytes.
const LARGEST_OS_RELEASE: u64 = 64 << 10;

/// How large a dpkg record may be at this path; none where none is looked for.
pub(crate) fn largest_status(path: &RootPath) -> Option<u64> {
    let in_folder = path.as_str().strip_prefix(STATUS_FOLDER).is_some_and(|name| name.starts_with('/'));
    match path.as_str() {
        STATUS_FILE => Some(LARGEST_STATUS),
        text if in_folder && !text.ends_with(".md5sums") => Some(LARGEST_RECORD),
        _ => None,
    }
}

/// How large a file of this name may be that a scan may want; none where it wants none.
pub(crate) fn largest_wanted(path: &str) -> Option<u64> {
    let (folder, name) = path.rsplit_once('/')?;
    match name {
        "status" if folder.contains("/dpkg") => Some(LARGEST_STATUS),
        name if folder.ends_with("/status.d") && !name.ends_with(".md5sums") => Some(LARGEST_RECORD),
        name if name == "os-release" || name.starts_with("os-release-") => Some(LARGEST_OS_RELEASE),
        _ => None,
    }
}

/// The bytes, if a scan may want them and they are no more than they may be.
pub(crate) fn keep(
    path: &RootPath,
    size: u64,
    reader: &mut dyn Read,
    budget: &Budget,
) -> Result<Option<Vec<u8>>, LayerProblem> {
    let mut bytes = Vec::new();
    if largest_wanted(path.as_str()).is_none_or(|largest| size > largest) {
        // The rest of the archive is read past it.
        return Ok(None);
    }
    budget.record(size)?;
    let count = reader.read_to_end(&mut bytes)? as u64;
    if count < size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("`{path}` ends early")).into());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_wanted_by_name_wherever_they_lie() {
        for (path, expected) in [
            ("/var/lib/dpkg/status", Some(LARGEST_STATUS)),
            ("/usr/share/dpkg/database/status", Some(LARGEST_STATUS)),
            ("/var/lib/dpkg/status.d/libc6", Some(LARGEST_RECORD)),
            ("/var/lib/dpkg/status.d/libc6.md5sums", None),
            ("/usr/lib/os-release", Some(LARGEST_OS_RELEASE)),
            ("/usr/lib/os.release.d/os-release-cloud", Some(LARGEST_OS_RELEASE)),
            ("/etc/status", None),
            ("/", None),
        ] {
            assert_eq!(largest_wanted(path), expected, "{path}");
        }
    }
}
