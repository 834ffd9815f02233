//! Reads the `OpenPGP` certificates that may sign: those that a source names, else the machine's Debian keyring, else all
//! keys that APT trusts there.
//!
//! In: a source as `machine` found it, or paths from the settings. Out: one [`Keyring`]. Whether a key may sign a suite is
//! decided later, against the fingerprints that the catalogue allows.
//!
//! `Signed-By`: <https://manpages.debian.org/trixie/apt/sources.list.5.en.html>.

use std::fs;
use std::path::{Path, PathBuf};

use debian::{Keyring, SignedBy};

use crate::disk::list;
use crate::machine::Found;
use crate::{DiskError, MachineError};

/// Where keys are if a source names none; the first that exists wins.
const ARCHIVE_KEYRINGS: [&str; 2] =
    ["usr/share/keyrings/debian-archive-keyring.pgp", "usr/share/keyrings/debian-archive-keyring.gpg"];
const TRUSTED_FOLDER: &str = "etc/apt/trusted.gpg.d";

/// The keyring for the source that was found.
pub(crate) fn of_source(found: &Found, root: &Path) -> Result<Keyring, MachineError> {
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    match &found.signed_by {
        Some(SignedBy::Inline(armored)) => parse(format!("Signed-By in {}", found.origin), armored.as_bytes()),
        Some(SignedBy::Path(path)) if path.starts_with('/') => read_all(&[inside(path)]),
        _ => match ARCHIVE_KEYRINGS.iter().map(|path| inside(path)).find(|path| path.exists()) {
            Some(path) => read_all(&[path]),
            None => trusted(found, &inside(TRUSTED_FOLDER)),
        },
    }
}

/// The machine's Debian keyring, where no source is asked; empty if it has none.
pub(crate) fn of_machine(root: &Path) -> Result<Keyring, MachineError> {
    let mut there = ARCHIVE_KEYRINGS.iter().map(|path| root.join(path)).filter(|path| path.exists());
    there.next().map_or_else(|| Ok(Keyring::default()), |path| read_all(&[path]))
}

/// One keyring out of several files.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Keyring, MachineError> {
    let mut whole = Keyring::default();
    for path in paths {
        let bytes = fs::read(path).map_err(|error| DiskError::new("read the keyring", path, error))?;
        whole.merge(parse(path.display().to_string(), &bytes)?);
    }
    Ok(whole)
}

fn trusted(found: &Found, folder: &Path) -> Result<Keyring, MachineError> {
    let is_keyring =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "gpg" || extension == "asc");
    let paths: Vec<PathBuf> = list(folder)?.into_iter().filter(is_keyring).collect();
    if paths.is_empty() {
        return Err(MachineError::NoKey { base: found.base.clone() });
    }
    read_all(&paths)
}

fn parse(place: String, bytes: &[u8]) -> Result<Keyring, MachineError> {
    Keyring::parse(bytes).map_err(|source| MachineError::BadKeyring { place, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::parse_address;

    /// Which file is read is told by the error, since each holds no key but its own name.
    fn place_read(signed_by: Option<&str>, files: &[&str]) -> String {
        let root = tempfile::tempdir().unwrap();
        for path in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "no key").unwrap();
        }
        let base = parse_address("http://mirror.example/debian").unwrap();
        let signed_by = signed_by.map(|path| SignedBy::Path(path.into()));
        let error = of_source(&Found { base, origin: "debian.sources".into(), signed_by }, root.path()).unwrap_err();
        error.to_string().replace(&root.path().display().to_string(), "")
    }

    #[test]
    fn takes_what_the_source_names_then_debians_keyring_then_all_that_apt_trusts() {
        let [named, debian] = ["etc/apt/keyrings/x.asc", ARCHIVE_KEYRINGS[1]];
        let files = [named, debian, "etc/apt/trusted.gpg.d/y.asc", "etc/apt/trusted.gpg.d/notes.txt"];
        let bad = |path: &str| format!("`/{path}` is no OpenPGP keyring: ");
        let path = format!("/{named}");
        assert!(place_read(Some(&path), &files).starts_with(&bad(named)));
        assert!(place_read(None, &files).starts_with(&bad(debian)));
        assert!(place_read(None, &files[2..]).starts_with(&bad(files[2])));
        assert!(place_read(None, &files[3..]).contains("as `archive.keyrings: [/"));
        assert!(place_read(Some(&path), &files[1..]).starts_with("cannot read the keyring `/etc/apt/keyrings/x.asc`"));
    }
}
