//! Why keys cannot be used, made or put away.
//!
//! In: what was found. Out: a sentence with the file, what was expected and what to do; never a byte of a key or password.

use std::path::PathBuf;

use signing::KeyError;

use crate::keys::KeyRole;
use crate::{DiskError, KeylessError, keys::password};

/// Why keys cannot be used, made or put away.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A secret lies open.
    #[error(
        "the secret file `{}` has mode {mode:03o}: expected 600, so that only its owner reads it; run `chmod 600 {}`, and replace the key if others could read it",
        path.display(), path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Others could put keys there.
    #[error(
        "the folder of keys `{}` has mode {mode:03o}: expected that only its owner writes in it; run `chmod 700 {}`, and see whether its files are yours",
        path.display(), path.display()
    )]
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A folder, a pipe, a device.
    #[error("`{}` is no file: expected a key or password in a file", .0.display())]
    NoFile(PathBuf),
    /// Nothing in it.
    #[error("the file `{}` is empty: nothing was made in its place; put it back, as by `bedplate keys restore`, or move it away", .0.display())]
    Empty(PathBuf),
    /// Not what a key is.
    #[error("`{}` cannot be used: {source}; nothing was made in its place", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// Encrypted, and nobody said how to open it.
    #[error(
        "`{}` is encrypted: expected its password in the file that the settings name as `password-file`, or in the environment as {} or {}",
        .0.display(), password::KEY_PASSWORD, password::COSIGN_PASSWORD
    )]
    NoPassword(PathBuf),
    /// The files of a key belong to different ones.
    #[error("`{}` holds the key {id}: expected the key that its name or its `.pub` says; put the right file there, or move it away", path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// The beginning of the id that its bytes have.
        id: String,
    },
    /// A file that bedplate did not put there.
    #[error(
        "`{}` is no key that bedplate made: expected names of 16 hexadecimal digits with `.pem` or `.pub`; move it away, or name it in the settings under `signing`",
        .0.display()
    )]
    Foreign(PathBuf),
    /// One key says everything.
    #[error(
        "the key {0} is of both `release` and `statement`: expected different keys, as cosign takes any statement by a key for a release"
    )]
    SameKey(String),
    /// One identity says everything.
    #[error(
        "the identity `{0}` is of both `release` and `statement`: expected different ones, as cosign takes any statement by an identity for a release; a key can sign in one of the roles"
    )]
    SameIdentity(String),
    /// Verifiers read one trusted root.
    #[error(
        "the trusted roots `{}` and `{}` are different: expected the same in both roles; one file may have the authorities of both",
        .0.display(), .1.display()
    )]
    TwoRoots(PathBuf, PathBuf),
    /// Signing without a key cannot be set up.
    #[error(transparent)]
    Keyless(#[from] KeylessError),
    /// The system has no randomness.
    #[error("no key was made: the system gives no random bytes")]
    Random,
    /// No such key.
    #[error("no key in `{}` begins with `{wanted}`: see `bedplate keys list`", folder.display())]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// The folder of keys.
        folder: PathBuf,
    },
    /// Several such keys.
    #[error("several keys begin with `{0}`: give more digits of the id that is meant; see `bedplate keys list`")]
    Ambiguous(String),
    /// Nobody would sign any longer.
    #[error(
        "the key {id} is the only one that signs as `{role}`: make another first, by `bedplate keys rotate {role}`"
    )]
    Last {
        /// The beginning of its id.
        id: String,
        /// What it signs.
        role: KeyRole,
    },
    /// It signs nothing already.
    #[error("the key {0} is retired already")]
    Retired(String),
}

impl KeysError {
    /// What is wrong with the bytes of a file.
    pub(super) fn of_file(path: &std::path::Path, source: KeyError) -> Self {
        match source {
            KeyError::PasswordMissing => Self::NoPassword(path.to_owned()),
            source => Self::Key { path: path.to_owned(), source },
        }
    }
}
