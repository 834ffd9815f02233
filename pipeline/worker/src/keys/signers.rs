//! Everybody who signs at present, opened and ready.
//!
//! In: settings and state folder. Out: [`Signers`]. The state folder's own keys are made on first use.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use signing::{Policy, Signer, TrustedRoot};

use crate::KeylessSigner;
use crate::keys::folder::KeyFolder;
use crate::keys::known::short_id;
use crate::keys::password::key_password;
use crate::keys::stored::{read_own_pair, read_pair};
use crate::keys::{KeyRole, KeyStanding, KeysError, KnownKeys, SignerSettings, SigningSettings};

/// All that sign at present: while a key is being replaced, the new one and the old one.
#[derive(Debug, Clone)]
pub struct Signers {
    /// Sign images.
    pub release: Vec<Arc<dyn Signer>>,
    /// Sign what is said about images.
    pub statement: Vec<Arc<dyn Signer>>,
    known: KnownKeys,
}

impl Signers {
    /// Opens the keys of the settings, and where those name none, of the state folder, which are made if they are missing.
    pub fn open(settings: &SigningSettings, state: &Path) -> Result<Self, KeysError> {
        let own = KeyFolder::of_state(state);
        for role in KeyRole::ALL.into_iter().filter(|role| settings.signer(*role) == &SignerSettings::Own) {
            own.ensure(role)?;
        }
        Self::existing(settings, state)
    }

    /// The same without making any: a role whose keys are missing has no signer.
    pub fn existing(settings: &SigningSettings, state: &Path) -> Result<Self, KeysError> {
        let known = KnownKeys::read(settings, state)?;
        let release = open(&known, KeyRole::Release, &settings.release)?;
        let statement = open(&known, KeyRole::Statement, &settings.statement)?;
        Ok(Self { release, statement, known })
    }

    /// The public keys of these, and the retired ones.
    pub fn known(&self) -> &KnownKeys {
        &self.known
    }

    /// Who vouches for the certificates of signers without a key.
    pub fn trusted_root(&self) -> Option<&TrustedRoot> {
        self.known.trusted_root()
    }

    /// Believes exactly these keys, retired ones too, and identities, about repositories below `name` (`HOST` or `HOST/PREFIX`).
    pub fn policy(&self, name: &str) -> Policy {
        self.known.policy(name)
    }
}

/// The private halves of the keys of a role that sign. Whoever signs must be believed: the `.pub` beside a key must be that key's.
fn open(known: &KnownKeys, role: KeyRole, settings: &SignerSettings) -> Result<Vec<Arc<dyn Signer>>, KeysError> {
    if let SignerSettings::Keyless(keyless) = settings {
        return Ok(vec![Arc::new(KeylessSigner::new(keyless)?)]);
    }
    let files = settings.files();
    let active = known.all().iter().filter(|key| key.role == role && key.standing == KeyStanding::Active);
    let mut signers: Vec<Arc<dyn Signer>> = Vec::new();
    for (number, key) in active.enumerate() {
        let pair = match files.get(number) {
            Some(file) => read_pair(&file.key, || key_password(file.password_file.as_deref())),
            None => read_own_pair(&key.path),
        };
        match pair {
            Ok(pair) if pair.public() == &key.public => signers.push(Arc::new(pair)),
            Ok(pair) => return Err(KeysError::Misnamed { path: key.path.clone(), id: short_id(pair.public()) }),
            // It was retired since the list was read.
            Err(KeysError::Disk(error)) if files.is_empty() && error.source.kind() == ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
    }
    Ok(signers)
}
