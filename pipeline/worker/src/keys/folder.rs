//! The state folder's own keys: `STATE/keys/release/<16 digits>.pem` and `.pub`, the same for `statement`.
//!
//! In: the state folder. Out: keys that were read, made, retired or put back. A `.pub` without a `.pem` is a retired key: it signs nothing
//! and is still believed. A lock makes sure that of two processes only one makes a key; whoever only reads needs none.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use signing::{KeyPair, PublicKey};
use zeroize::Zeroizing;

use crate::disk::sync_folder;
use crate::keys::known::{made, short_id};
use crate::keys::stored::{read_own_pair, read_public, write_pair, write_public};
use crate::keys::{KeyRole, KeyStanding, KeysError, KnownKey};
use crate::{DiskError, list};

/// The endings of a private key and of a public one.
const PRIVATE: &str = "pem";
const PUBLIC: &str = "pub";

/// The folder with both roles' keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    root: PathBuf,
}

impl KeyFolder {
    /// That of a state folder; it need not be there.
    pub fn of_state(state: &Path) -> Self {
        Self { root: state.join("keys") }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// All keys in it: by role, those that sign before retired ones, new before old.
    pub fn list(&self) -> Result<Vec<KnownKey>, KeysError> {
        Ok(KeyRole::ALL.into_iter().map(|role| self.list_role(role)).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The keys of a role.
    pub(super) fn list_role(&self, role: KeyRole) -> Result<Vec<KnownKey>, KeysError> {
        let known = self.ids(role)?.into_iter().map(|id| self.known(role, &id));
        let mut keys = known.collect::<Result<Vec<_>, _>>()?;
        keys.sort_by(|a, b| (a.standing, b.made, a.short_id()).cmp(&(b.standing, a.made, b.short_id())));
        Ok(keys)
    }

    /// Makes a key for a role that has none which signs, and a `.pub` that is missing beside one.
    pub fn ensure(&self, role: KeyRole) -> Result<(), KeysError> {
        let complete = |key: &KnownKey| key.path.with_extension(PUBLIC).exists();
        let active = self.active(role)?;
        if !active.is_empty() && active.iter().all(complete) {
            return Ok(());
        }
        let _lock = self.lock(role)?;
        let active = self.active(role)?;
        if active.is_empty() {
            self.make(role)?;
        }
        active.iter().try_for_each(|key| self.complete(role, &key.public))
    }

    /// Makes a key beside those that are there; all sign.
    pub fn add(&self, role: KeyRole) -> Result<KnownKey, KeysError> {
        let _lock = self.lock(role)?;
        self.list_role(role)?;
        self.make(role)
    }

    /// Takes the private half of a key away for ever; its public half stays. `wanted` is the beginning of its id.
    pub fn retire(&self, wanted: &str) -> Result<KnownKey, KeysError> {
        let key = self.find(wanted)?;
        let _lock = self.lock(key.role)?;
        let active = self.active(key.role)?;
        if !active.iter().any(|one| one.public == key.public) {
            return Err(KeysError::Retired(key.short_id()));
        }
        if active.len() == 1 {
            return Err(KeysError::Last { id: key.short_id(), role: key.role });
        }
        self.complete(key.role, &key.public)?;
        fs::remove_file(&key.path).map_err(|error| DiskError::new("remove", &key.path, error))?;
        sync_folder(&self.role(key.role))?;
        self.known(key.role, &key.short_id())
    }

    /// Puts a key back, as from a backup, and says whether it was missing. A key that was retired stays retired.
    pub fn put(&self, role: KeyRole, pair: &KeyPair) -> Result<bool, KeysError> {
        let _lock = self.lock(role)?;
        let missing = !self.ids(role)?.contains(&short_id(pair.public()));
        if missing {
            self.write(role, pair)?;
        }
        Ok(missing)
    }

    /// Puts the public half of a retired key back, and says whether it was missing.
    pub fn put_retired(&self, role: KeyRole, public: &PublicKey) -> Result<bool, KeysError> {
        let _lock = self.lock(role)?;
        let missing = !self.ids(role)?.contains(&short_id(public));
        if missing {
            write_public(&self.file(role, &short_id(public), PUBLIC), public)?;
        }
        Ok(missing)
    }

    /// The one key whose id begins so.
    fn find(&self, wanted: &str) -> Result<KnownKey, KeysError> {
        let digits = wanted.strip_prefix("sha256:").unwrap_or(wanted);
        let fits = |key: &KnownKey| !digits.is_empty() && key.public.id().hex().starts_with(digits);
        let mut found = self.list()?.into_iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(KeysError::Ambiguous(wanted.to_owned())),
            _ => Err(KeysError::Unknown { wanted: wanted.to_owned(), folder: self.root.clone() }),
        }
    }

    fn role(&self, role: KeyRole) -> PathBuf {
        self.root.join(role.word())
    }

    fn file(&self, role: KeyRole, id: &str, ending: &str) -> PathBuf {
        self.role(role).join(format!("{id}.{ending}"))
    }

    fn active(&self, role: KeyRole) -> Result<Vec<KnownKey>, KeysError> {
        Ok(self.list_role(role)?.into_iter().filter(|key| key.standing == KeyStanding::Active).collect())
    }

    /// A key by the name of its files: its `.pub`, or what its `.pem` says where a process died before it wrote the `.pub`.
    fn known(&self, role: KeyRole, id: &str) -> Result<KnownKey, KeysError> {
        let (private, beside) = (self.file(role, id, PRIVATE), self.file(role, id, PUBLIC));
        let standing = if private.exists() { KeyStanding::Active } else { KeyStanding::Retired };
        let source = if standing == KeyStanding::Retired || beside.exists() { &beside } else { &private };
        let public = if source == &beside { read_public(source)? } else { read_own_pair(source)?.public().clone() };
        if short_id(&public) != id {
            return Err(KeysError::Misnamed { path: source.clone(), id: short_id(&public) });
        }
        let made = made(source);
        Ok(KnownKey {
            role,
            public,
            standing,
            path: if standing == KeyStanding::Active { private } else { beside },
            made,
        })
    }

    /// The names of keys. What is no key's file is an error; hidden files are nobody's.
    fn ids(&self, role: KeyRole) -> Result<BTreeSet<String>, KeysError> {
        let folder = self.role(role);
        for folder in [&self.root, &folder] {
            closed(folder)?;
        }
        let mut ids = BTreeSet::new();
        for path in list(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match name.rsplit_once('.') {
                _ if name.starts_with('.') => (),
                Some((id, PRIVATE | PUBLIC)) if is_id(id) => _ = ids.insert(id.to_owned()),
                _ => return Err(KeysError::Foreign(path)),
            }
        }
        Ok(ids)
    }

    fn make(&self, role: KeyRole) -> Result<KnownKey, KeysError> {
        let mut seed = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(seed.as_mut_slice()).map_err(|_| KeysError::Random)?;
        let pair = KeyPair::from_seed(&seed).map_err(|source| KeysError::of_file(&self.role(role), source))?;
        self.write(role, &pair)?;
        self.known(role, &short_id(pair.public()))
    }

    /// The private half first: a process that dies in between leaves a key that signs, not one that seems retired.
    fn write(&self, role: KeyRole, pair: &KeyPair) -> Result<(), KeysError> {
        let id = short_id(pair.public());
        write_pair(&self.file(role, &id, PRIVATE), pair)?;
        self.complete(role, pair.public())
    }

    /// Writes the public half where it is missing.
    fn complete(&self, role: KeyRole, public: &PublicKey) -> Result<(), KeysError> {
        let path = self.file(role, &short_id(public), PUBLIC);
        if path.exists() { Ok(()) } else { write_public(&path, public) }
    }

    /// Makes the folders, and waits until nobody else changes them.
    fn lock(&self, role: KeyRole) -> Result<File, KeysError> {
        for folder in [&self.root, &self.role(role)] {
            make_folder(folder)?;
            closed(folder)?;
        }
        let path = self.root.join("lock");
        Ok(locked(&path).map_err(|error| DiskError::new("lock", &path, error))?)
    }
}

/// A file that is ours alone, which its owner can open again whatever the umask.
fn locked(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    if file.metadata()?.mode() & 0o600 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    file.lock()?;
    Ok(file)
}

fn is_id(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A folder that only its owner reads, whatever the umask. One that is there stays as it is.
fn make_folder(folder: &Path) -> Result<(), KeysError> {
    let failed = |error| DiskError::new("make the folder", folder, error);
    let above = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(above).map_err(failed)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(failed(error).into()),
    }
    Ok(sync_folder(above)?)
}

/// Nobody but the owner may put files there.
fn closed(folder: &Path) -> Result<(), KeysError> {
    let mode = match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| DiskError::new("read the folder", folder, error))?.mode() & 0o777,
    };
    if mode & 0o022 == 0 { Ok(()) } else { Err(KeysError::OpenFolder { path: folder.to_owned(), mode }) }
}
