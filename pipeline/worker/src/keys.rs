//! The keys that a factory signs with: where they lie, who makes them, whose word counts.
//!
//! In: the settings key `signing` and the state folder. Out: [`Signers`] that sign, [`KnownKeys`] that are believed, and a [`KeysError`]
//! that names the file and what to do. Nothing here writes over a key, and nothing is made in place of one that cannot be used.

mod backup;
mod error;
mod folder;
mod known;
mod known_identity;
mod password;
mod role;
mod settings;
mod signers;
mod stored;
mod watched;

pub use backup::{BackupError, RestoredKey};
pub use error::KeysError;
pub use folder::KeyFolder;
pub use known::{KeyStanding, KnownKey, KnownKeys};
pub use known_identity::KnownIdentity;
pub use password::{COSIGN_PASSWORD, KEY_PASSWORD, key_password};
pub use role::KeyRole;
pub use settings::{KeyFile, SignerSettings, SigningSettings};
pub use signers::Signers;
pub use watched::WatchedKeys;
