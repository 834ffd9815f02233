//! The public halves of all keys that count, and since when; where certificates sign, whom they name.
//!
//! In: settings and state folder. Out: [`KnownKeys`]: what others verify with, and the policy that believes exactly these. Nothing is made.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use signing::{Classic, Policy, PublicKey, TrustedRoot};

use crate::RootFile;
use crate::keys::folder::KeyFolder;
use crate::keys::password::key_password;
use crate::keys::stored::{read_pair, read_public};
use crate::keys::{KeyFile, KeyRole, KeysError, KnownIdentity, SignerSettings, SigningSettings, known_identity};

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStanding {
    /// It signs, and is believed.
    Active,
    /// It signed formerly, and is believed.
    Retired,
}

/// A key that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// What it signs.
    pub role: KeyRole,
    /// Its public half.
    pub public: PublicKey,
    /// Whether it signs.
    pub standing: KeyStanding,
    /// The file of the private half, or of the public one where it is retired.
    pub path: PathBuf,
    /// When the file was made, if the system says.
    pub made: Option<Timestamp>,
}

/// All keys that count: by role, those that sign before retired ones, new before old; and the identities that sign without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownKeys {
    keys: Vec<KnownKey>,
    identities: Vec<KnownIdentity>,
    root: Option<RootFile>,
}

impl KnownKey {
    /// The first 16 hexadecimal digits of its id.
    pub fn short_id(&self) -> String {
        short_id(&self.public)
    }
}

impl KnownKeys {
    /// The keys of the settings, and where those name none, of the state folder.
    pub fn read(settings: &SigningSettings, state: &Path) -> Result<Self, KeysError> {
        let own = KeyFolder::of_state(state);
        let read = |role| match settings.signer(role) {
            SignerSettings::Own => own.list_role(role),
            named => of_settings(role, named),
        };
        let keys = KeyRole::ALL.into_iter().map(read).collect::<Result<Vec<_>, _>>()?.concat();
        let (identities, root) = known_identity::read(settings)?;
        Self::new(keys, identities, root)
    }

    /// Refuses a key in both roles.
    fn new(keys: Vec<KnownKey>, identities: Vec<KnownIdentity>, root: Option<RootFile>) -> Result<Self, KeysError> {
        let twice = |key: &&KnownKey| keys.iter().any(|other| other.role != key.role && other.public == key.public);
        match keys.iter().find(twice) {
            Some(key) => Err(KeysError::SameKey(key.short_id())),
            None => Ok(Self { keys, identities, root }),
        }
    }

    /// All keys.
    pub fn all(&self) -> &[KnownKey] {
        &self.keys
    }

    /// The identities that sign without a key.
    pub fn identities(&self) -> &[KnownIdentity] {
        &self.identities
    }

    /// The identity that signs in a role, if one does.
    pub fn identity(&self, role: KeyRole) -> Option<&KnownIdentity> {
        self.identities.iter().find(|known| known.role == role)
    }

    /// Whether nobody signs, and nobody did.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.identities.is_empty()
    }

    /// Who vouches for the certificates of these identities.
    pub fn trusted_root(&self) -> Option<&TrustedRoot> {
        self.root.as_ref().map(RootFile::trusted)
    }

    /// The same as `trusted_root.json`, as the settings have it.
    pub fn trusted_root_text(&self) -> Option<&str> {
        self.root.as_ref().map(RootFile::text)
    }

    /// The public keys of a role, retired ones too.
    pub fn of(&self, role: KeyRole) -> Vec<PublicKey> {
        self.keys.iter().filter(|key| key.role == role).map(|key| key.public.clone()).collect()
    }

    /// Believes exactly these keys and identities, about repositories below `name` (`HOST` or `HOST/PREFIX`): a release in both forms, and as statements
    /// SPDX, CycloneDX and provenance.
    pub fn policy(&self, name: &str) -> Policy {
        let (release, statement) = (self.of(KeyRole::Release), self.of(KeyRole::Statement));
        // Only a key makes the classic form.
        let classic = if release.is_empty() { Classic::Refused } else { Classic::Required };
        let identities: Vec<_> = self.identities.iter().map(KnownIdentity::trusted).collect();
        Policy::of_factory(name, &release, &statement, classic).with_identities(&identities)
    }
}

/// The first 16 hexadecimal digits of a key's id.
pub(super) fn short_id(key: &PublicKey) -> String {
    key.id().hex().chars().take(16).collect()
}

/// When a file was written.
pub(super) fn made(path: &Path) -> Option<Timestamp> {
    fs::metadata(path).and_then(|found| found.modified()).ok().and_then(|time| Timestamp::try_from(time).ok())
}

fn of_settings(role: KeyRole, settings: &SignerSettings) -> Result<Vec<KnownKey>, KeysError> {
    let retired: &[PathBuf] = match settings {
        SignerSettings::Own | SignerSettings::Keyless(_) => &[],
        SignerSettings::Key { retired, .. } => retired,
    };
    let known =
        |path: &Path, public, standing| KnownKey { role, public, standing, path: path.to_owned(), made: made(path) };
    let active =
        settings.files().into_iter().map(|file| Ok(known(&file.key, public_half(&file)?, KeyStanding::Active)));
    let retired = retired.iter().map(|path| Ok(known(path, read_public(path)?, KeyStanding::Retired)));
    active.chain(retired).collect()
}

/// The `.pub` beside a key, so that whoever only shows keys needs no password; else the key itself.
fn public_half(file: &KeyFile) -> Result<PublicKey, KeysError> {
    let beside = file.key.with_extension("pub");
    if beside.exists() {
        return read_public(&beside);
    }
    Ok(read_pair(&file.key, || key_password(file.password_file.as_deref()))?.public().clone())
}
