//! A root file system in a folder: links in it lead to its own files, never to this machine's.
//!
//! In: the folder. Out: its files as [`RootFiles`], each bounded.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use assemble::RootPath;

use crate::layer_records::largest_wanted;
use crate::scan_inventory::RootFiles;

/// So many links are followed on the way to a file, as Linux does.
const MOST_LINKS: usize = 40;
/// The largest file under a name that tells nothing.
const LARGEST_OTHER: u64 = 64 << 10;

/// A folder with a root file system.
#[derive(Debug)]
pub(crate) struct RootFolder {
    folder: PathBuf,
}

impl RootFolder {
    /// The file system in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Whether something is at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.real_path(path).is_ok_and(|real| real.is_some_and(|real| self.place(&real).exists()))
    }

    fn place(&self, path: &RootPath) -> PathBuf {
        self.folder.join(path.member_name())
    }

    /// Follows links in every part of a path; none where a part is not there, or links go round in circles.
    fn real_path(&self, path: &str) -> io::Result<Option<RootPath>> {
        let Ok(path) = RootPath::parse(path) else { return Ok(None) };
        let mut rest: Vec<String> =
            path.as_str().split('/').rev().filter(|it| !it.is_empty()).map(Into::into).collect();
        let (Ok(mut here), mut links) = (RootPath::parse("/"), 0) else { return Ok(None) };
        while let Some(part) = rest.pop() {
            let next = here.join(&part);
            match fs::symlink_metadata(self.place(&next)) {
                Ok(found) if found.is_symlink() => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Ok(None);
                    }
                    let target = fs::read_link(self.place(&next))?;
                    let target = target.to_string_lossy();
                    if target.starts_with('/') {
                        here = here.ancestors().last().unwrap_or(here);
                    }
                    rest.extend(target.split('/').rev().filter(|it| !it.is_empty()).map(Into::into));
                }
                Ok(_) => here = next,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(here))
    }

    fn read(&self, real: &RootPath, largest: u64) -> anyhow::Result<Vec<u8>> {
        let place = self.place(real);
        let mut bytes = Vec::new();
        let done = File::open(&place).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
        done.with_context(|| format!("cannot read `{}`", place.display()))?;
        let fits = bytes.len() as u64 <= largest;
        ensure!(fits, "`{}` has more than the {largest} bytes that it may have", place.display());
        Ok(bytes)
    }
}

impl RootFiles for RootFolder {
    fn file(&self, path: &str) -> anyhow::Result<Option<(String, Vec<u8>)>> {
        let real =
            self.real_path(path).with_context(|| format!("cannot read `{path}` in `{}`", self.folder.display()))?;
        let Some(real) = real.filter(|real| self.place(real).is_file()) else { return Ok(None) };
        let largest = largest_wanted(path).unwrap_or(LARGEST_OTHER);
        Ok(Some((real.to_string(), self.read(&real, largest)?)))
    }

    fn records(&self, folder: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let failed = || format!("cannot read `{folder}` in `{}`", self.folder.display());
        let Some(real) = self.real_path(folder).with_context(failed)? else { return Ok(Vec::new()) };
        if !self.place(&real).is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(self.place(&real)).with_context(failed)? {
            names.extend(entry.with_context(failed)?.file_name().into_string());
        }
        names.sort();
        let paths = names.into_iter().filter(|name| !name.ends_with(".md5sums")).map(|name| format!("{real}/{name}"));
        let found = paths.filter_map(|path| self.file(&path).transpose());
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn links_lead_into_the_root_and_never_out_of_it() {
        let folder = root(&[("usr/lib/os-release", "ID=debian\n"), ("usr/share/db/status", "Package: a\n")]);
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        fs::create_dir_all(folder.path().join("var/lib")).unwrap();
        symlink("/usr/lib/os-release", folder.path().join("etc/os-release")).unwrap();
        symlink("../../../../usr/share/db", folder.path().join("var/lib/dpkg")).unwrap();
        symlink("loop", folder.path().join("etc/loop")).unwrap();
        let files = RootFolder::new(folder.path());
        assert_eq!(
            files.file("/etc/os-release").unwrap().unwrap(),
            ("/usr/lib/os-release".into(), b"ID=debian\n".to_vec())
        );
        assert_eq!(files.file("/var/lib/dpkg/status").unwrap().unwrap().0, "/usr/share/db/status");
        assert!(files.file("/etc/loop").unwrap().is_none() && files.file("/gone/x").unwrap().is_none());
    }

    #[test]
    fn records_are_all_files_of_the_folder_but_lists_of_checksums() {
        let folder = root(&[
            ("s/status.d/b", "2"),
            ("s/status.d/a", "1"),
            ("s/status.d/a.md5sums", "x"),
            ("s/status.d/c/d", "3"),
        ]);
        let found = RootFolder::new(folder.path()).records("/s/status.d").unwrap();
        assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/s/status.d/a", "/s/status.d/b"]);
        assert!(RootFolder::new(folder.path()).records("/none").unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_too_large_is_an_error_with_its_name() {
        let folder = root(&[("etc/os-release", &"x".repeat(65 << 10))]);
        let error = RootFolder::new(folder.path()).file("/etc/os-release").unwrap_err().to_string();
        assert!(error.contains("etc/os-release` has more than the 65536 bytes"), "{error}");
    }
}
