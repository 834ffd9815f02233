//! One file with a key: read with care for who else can read it, or made where there is none.
//!
//! In: a path. Out: a key, or why not. A file is looked at before it is opened, read once, and never more of it than a key has.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use signing::{KeyPair, Password, PublicKey};
use zeroize::Zeroizing;

use crate::keys::KeysError;
use crate::{DiskError, NewFile};

/// No key is larger.
const LARGEST: u64 = 64 * 1024;

/// A private key of the state folder, which only its owner may read.
pub(super) fn read_own_pair(path: &Path) -> Result<KeyPair, KeysError> {
    let (bytes, found) = read(path)?;
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeysError::Open { path: path.to_owned(), mode });
    }
    pair(path, &bytes, None)
}

/// A private key that the settings name. One that is encrypted may lie anywhere.
pub(super) fn read_pair(
    path: &Path,
    password: impl Fn() -> Result<Option<Password>, KeysError>,
) -> Result<KeyPair, KeysError> {
    let (bytes, found) = read(path)?;
    if is_encrypted(&bytes) {
        return pair(path, &bytes, password()?.as_ref());
    }
    closed(path, &found)?;
    pair(path, &bytes, None)
}

/// Another secret, such as a password.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let (bytes, found) = read(path)?;
    closed(path, &found)?;
    Ok(bytes)
}

/// A public key.
pub(super) fn read_public(path: &Path) -> Result<PublicKey, KeysError> {
    let (bytes, _) = read(path)?;
    if bytes.is_empty() {
        return Err(KeysError::Empty(path.to_owned()));
    }
    PublicKey::from_pem(&bytes).map_err(|source| KeysError::of_file(path, source))
}

/// Puts a private key where none is.
pub(super) fn write_pair(path: &Path, pair: &KeyPair) -> Result<(), KeysError> {
    let pem = pair.to_pem().map_err(|source| KeysError::of_file(path, source))?;
    let mut file = NewFile::create_private(path)?;
    file.write(pem.as_bytes())?;
    Ok(file.commit_new()?)
}

/// Puts a public key where none is.
pub(super) fn write_public(path: &Path, public: &PublicKey) -> Result<(), KeysError> {
    let mut file = NewFile::create(path)?;
    file.write(public.to_pem().as_bytes())?;
    Ok(file.commit_new()?)
}

fn pair(path: &Path, bytes: &[u8], password: Option<&Password>) -> Result<KeyPair, KeysError> {
    if bytes.is_empty() {
        return Err(KeysError::Empty(path.to_owned()));
    }
    KeyPair::from_pem(bytes, password).map_err(|source| KeysError::of_file(path, source))
}

fn is_encrypted(pem: &[u8]) -> bool {
    String::from_utf8_lossy(pem).contains("-----BEGIN ENCRYPTED")
}

/// Only the owner may read it; the owner's group too where that is the system's administrator, as orchestrators mount secrets.
fn closed(path: &Path, found: &Metadata) -> Result<(), KeysError> {
    let (mode, allowed) = (found.mode() & 0o777, if found.uid() == 0 { 0o740 } else { 0o700 });
    if mode & !allowed == 0 { Ok(()) } else { Err(KeysError::Open { path: path.to_owned(), mode }) }
}

/// The bytes of a file and what the system says of it. A pipe is refused before it is opened: that would wait for its other end.
fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata), KeysError> {
    let failed = |error| DiskError::new("read", path, error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(KeysError::NoFile(path.to_owned()));
    }
    let file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes, found))
}
