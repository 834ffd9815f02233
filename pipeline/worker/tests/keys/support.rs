//! State folders, and files with permissions.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use worker::{KeyFolder, KeyRole, SignerSettings, Signers, SigningSettings};

/// An empty state folder and its keys.
pub(crate) fn state() -> (TempDir, KeyFolder) {
    let state = tempfile::tempdir().unwrap();
    let keys = KeyFolder::of_state(state.path());
    (state, keys)
}

/// A state folder with a key for each role.
pub(crate) fn made() -> (TempDir, KeyFolder) {
    let (state, keys) = state();
    Signers::open(&SigningSettings::default(), state.path()).unwrap();
    (state, keys)
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A file with these permissions.
pub(crate) fn file(path: &Path, bytes: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    path.to_owned()
}

/// The `.pem` of the only release key.
pub(crate) fn release(keys: &KeyFolder) -> PathBuf {
    let mut all = keys.list().unwrap().into_iter().filter(|key| key.role == KeyRole::Release);
    let first = all.next().unwrap();
    assert_eq!(all.next(), None);
    first.path
}

/// Settings in which a file signs images.
pub(crate) fn named(key: &Path) -> SigningSettings {
    let release = SignerSettings::Key { key: key.to_owned(), password_file: None, also: vec![], retired: vec![] };
    SigningSettings { release, ..SigningSettings::default() }
}

/// What `open` says of a state folder and settings with which it cannot sign.
pub(crate) fn refusal(settings: &SigningSettings, state: &Path) -> String {
    let error = Signers::open(settings, state).unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(" because: {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
