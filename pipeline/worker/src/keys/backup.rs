//! All keys of a state folder in one file, sealed with a password.
//!
//! In: the folder of keys and a password. Out: JSON, in which each private key is a text that cosign opens too (`ENCRYPTED SIGSTORE PRIVATE
//! KEY`); and from it the keys, back in their folder, with nothing written over.
//!
//! ```json
//! {"schema": "bedplate.key-backup/v1", "keys": [{"role": "release", "id": "sha256:…", "public": "-----BEGIN …", "sealed": "-----BEGIN …"}]}
//! ```

use serde::{Deserialize, Serialize};
use signing::{KeyError, KeyPair, Password, PublicKey};

use crate::keys::stored::read_own_pair;
use crate::keys::{KeyFolder, KeyRole, KeyStanding, KeysError, KnownKey};

const SCHEMA: &str = "bedplate.key-backup/v1";
/// A factory that rotates every day for ten years has fewer bytes of keys.
const LARGEST: usize = 16 * 1024 * 1024;

/// What became of a key that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredKey {
    /// What it signs.
    pub role: KeyRole,
    /// Its public half.
    pub public: PublicKey,
    /// Whether the backup has its private half.
    pub standing: KeyStanding,
    /// Whether it was missing, and is there now; else what is there stayed as it was.
    pub restored: bool,
}

/// Why a text is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Other JSON, or none.
    #[error("the backup cannot be read: {0}; expected a file that `bedplate keys backup` wrote")]
    Malformed(String),
    /// A key of it.
    #[error("the key {id} of the backup cannot be used: {source}")]
    Key {
        /// Its id, as the backup says.
        id: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The two halves do not belong together.
    #[error("the key {0} of the backup has another public half than the private one says: the file was changed")]
    Mixed(String),
    /// There is nothing to keep.
    #[error(
        "`{0}` holds no private key: `bedplate up` makes them; keys that the settings name are not part of a backup"
    )]
    Nothing(String),
    /// The folder of keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Backup {
    schema: String,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    role: String,
    id: String,
    public: String,
    /// None for a retired key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

impl KeyFolder {
    /// Seals every private key of the folder, and adds the public halves of retired ones.
    pub fn backup(&self, password: &Password) -> Result<String, BackupError> {
        let keys = self.list()?;
        if !keys.iter().any(|key| key.standing == KeyStanding::Active) {
            return Err(BackupError::Nothing(self.path().display().to_string()));
        }
        let keys = keys.iter().map(|key| entry(key, password)).collect::<Result<_, BackupError>>()?;
        let backup = Backup { schema: SCHEMA.to_owned(), keys };
        let text =
            serde_json::to_string_pretty(&backup).map_err(|reason| BackupError::Malformed(reason.to_string()))?;
        Ok(text + "\n")
    }

    /// Puts the keys of a backup back. Everything in it is looked at before anything is written.
    pub fn restore(&self, backup: &[u8], password: &Password) -> Result<Vec<RestoredKey>, BackupError> {
        if backup.len() > LARGEST {
            return Err(BackupError::Malformed(format!("it has {} bytes, more than {LARGEST}", backup.len())));
        }
        let read: Backup =
            serde_json::from_slice(backup).map_err(|reason| BackupError::Malformed(reason.to_string()))?;
        if read.schema != SCHEMA {
            return Err(BackupError::Malformed("its schema is another one".to_owned()));
        }
        let opened = read.keys.iter().map(|entry| open(entry, password)).collect::<Result<Vec<_>, _>>()?;
        opened.into_iter().map(|key| put(self, key)).collect()
    }
}

fn entry(key: &KnownKey, password: &Password) -> Result<Entry, BackupError> {
    let failed = |source| BackupError::Key { id: key.short_id(), source };
    let sealed = match key.standing {
        KeyStanding::Retired => None,
        KeyStanding::Active => {
            let mut randomness = [0; 56];
            aws_lc_rs::rand::fill(&mut randomness).map_err(|_| KeysError::Random)?;
            Some(read_own_pair(&key.path)?.to_encrypted_pem(password, &randomness).map_err(failed)?)
        }
    };
    Ok(Entry { role: key.role.to_string(), id: key.public.id().to_string(), public: key.public.to_pem(), sealed })
}

struct Opened {
    role: KeyRole,
    public: PublicKey,
    pair: Option<KeyPair>,
}

fn open(entry: &Entry, password: &Password) -> Result<Opened, BackupError> {
    let id: String = entry.id.chars().take(80).collect();
    let failed = |source| BackupError::Key { id: id.clone(), source };
    let role = entry.role.parse().map_err(BackupError::Malformed)?;
    let public = PublicKey::from_pem(entry.public.as_bytes()).map_err(failed)?;
    let sealed = entry.sealed.as_ref().map(|sealed| KeyPair::from_pem(sealed.as_bytes(), Some(password)));
    let pair = sealed.transpose().map_err(failed)?;
    if public.id().to_string() != entry.id || pair.as_ref().is_some_and(|pair| pair.public() != &public) {
        return Err(BackupError::Mixed(id));
    }
    Ok(Opened { role, public, pair })
}

fn put(folder: &KeyFolder, key: Opened) -> Result<RestoredKey, BackupError> {
    let Opened { role, public, pair } = key;
    let (restored, standing) = match &pair {
        Some(pair) => (folder.put(role, pair)?, KeyStanding::Active),
        None => (folder.put_retired(role, &public)?, KeyStanding::Retired),
    };
    Ok(RestoredKey { role, public, standing, restored })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Signers, SigningSettings};

    fn made() -> (tempfile::TempDir, KeyFolder) {
        let state = tempfile::tempdir().unwrap();
        Signers::open(&SigningSettings::default(), state.path()).unwrap();
        let folder = KeyFolder::of_state(state.path());
        (state, folder)
    }

    fn says<T: std::fmt::Debug>(result: Result<T, BackupError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn keys_come_back_as_they_were_and_nothing_is_written_over() {
        let (_state, folder) = made();
        folder.add(KeyRole::Release).unwrap();
        let old = folder.list().unwrap()[1].clone();
        folder.retire(&old.short_id()).unwrap();
        let password = Password::new("right");
        let text = folder.backup(&password).unwrap();
        assert!(!text.contains("BEGIN PRIVATE KEY") && text.matches("BEGIN ENCRYPTED SIGSTORE").count() == 2, "{text}");
        let other = tempfile::tempdir().unwrap();
        let empty = KeyFolder::of_state(other.path());
        assert!(says(empty.restore(text.as_bytes(), &Password::new("wrong"))).contains("the password is wrong"));
        assert!(!empty.path().exists(), "nothing is written before everything is opened");
        assert!(empty.restore(text.as_bytes(), &password).unwrap().iter().all(|key| key.restored));
        let strip = |folder: &KeyFolder| {
            let keys = folder.list().unwrap();
            keys.into_iter().map(|key| (key.role, key.public.id(), key.standing)).collect::<Vec<_>>()
        };
        assert_eq!(strip(&empty), strip(&folder));
        assert!(empty.restore(text.as_bytes(), &password).unwrap().iter().all(|key| !key.restored));
    }

    #[test]
    fn what_is_no_backup_or_was_changed_is_refused() {
        let (_state, folder) = made();
        let password = Password::new("right");
        let text = folder.backup(&password).unwrap();
        let tries = |text: &str| says(folder.restore(text.as_bytes(), &password));
        for text in ["", "{}", "[1]", &text.replace("backup/v1", "backup/v2"), &text[..text.len() / 2]] {
            assert!(tries(text).ends_with("expected a file that `bedplate keys backup` wrote"), "{}", tries(text));
        }
        assert!(tries(&text.replace("\"release\"", "\"both\"")).contains("`both` is no use of a key"));
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let second = value["keys"][1]["sealed"].clone();
        value["keys"][0]["sealed"] = second;
        assert!(tries(&value.to_string()).contains("has another public half than the private one says"));
    }

    #[test]
    fn a_folder_without_keys_has_no_backup() {
        let state = tempfile::tempdir().unwrap();
        let error = says(KeyFolder::of_state(state.path()).backup(&Password::new("x")));
        assert!(error.contains("holds no private key: `bedplate up` makes them"), "{error}");
    }
}
