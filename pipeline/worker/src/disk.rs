//! Writes files so that a reader sees the old bytes or the new ones, never half of them, even after a power cut.
//!
//! In: bytes and where they belong. Out: the file under its name, or a [`DiskError`] that names the path and says what
//! to do. The way: a temporary file beside the target, fsync, rename, fsync of the folder.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// How the names of unfinished files begin.
const PARTIAL: &str = ".partial-";

/// An unfinished file that nobody wrote to for so long belongs to a process that died: a live transfer is given up
/// long before.
const ABANDONED_AFTER: Duration = Duration::from_mins(10);

/// What could not be done to which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {}", path.display(), advice(source))]
pub struct DiskError {
    /// The verb, such as `write`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DiskError {
    /// Gives a system's error its verb and its path.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }
}

/// What a person can do about it.
fn advice(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => "the disk is full, free some space there or move the state folder",
        Kind::PermissionDenied => "it is not permitted, give the user who runs bedplate the right to it",
        Kind::ReadOnlyFilesystem => "the file system is read-only, mount it writable or move the state folder",
        Kind::AlreadyExists => "a file of this name is there already and is left as it is",
        Kind::NotFound => "a part of this path does not exist, make it or correct the setting",
        _ => "the system refused, see the cause",
    }
}

/// A file on its way to its name. Dropped without [`NewFile::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl NewFile {
    /// Starts a temporary file beside `target`; makes the folder if need be.
    pub fn create(target: &Path) -> Result<Self, DiskError> {
        let folder = folder_of(target);
        fs::create_dir_all(folder).map_err(|error| DiskError::new("make the folder", folder, error))?;
        let file = tempfile::Builder::new()
            .prefix(PARTIAL)
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(|error| DiskError::new("make a file in", folder, error))?;
        Ok(Self { file, target: target.to_owned() })
    }

    /// Starts a file that only its owner reads, whatever the umask, beside `target`; its folder must be there.
    pub fn create_private(target: &Path) -> Result<Self, DiskError> {
        let folder = folder_of(target);
        let failed = |error| DiskError::new("make a file in", folder, error);
        let owner_only = Permissions::from_mode(0o600);
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(PARTIAL).permissions(owner_only.clone()).tempfile_in(folder).map_err(failed)?;
        file.as_file().set_permissions(owner_only).map_err(failed)?;
        Ok(Self { file, target: target.to_owned() })
    }

    /// Adds the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all(bytes).map_err(|error| DiskError::new("write", &self.target, error))
    }

    /// Everything that was written so far.
    pub(crate) fn read_back(&mut self) -> Result<Vec<u8>, DiskError> {
        let mut bytes = Vec::new();
        let file = self.file.as_file_mut();
        let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| DiskError::new("read", &self.target, error))
    }

    /// The file itself, for writers that want to seek.
    pub fn as_file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Makes the bytes durable and gives them their name, in place of what had it.
    pub fn commit(self) -> Result<(), DiskError> {
        let target = self.target.clone();
        self.commit_as(&target)
    }

    /// Makes the bytes durable and gives them their name, unless something has it: then that stays as it is, and the error says so.
    pub fn commit_new(self) -> Result<(), DiskError> {
        let Self { file, target } = self;
        file.as_file().sync_all().map_err(|error| DiskError::new("write", &target, error))?;
        file.persist_noclobber(&target).map_err(|error| DiskError::new("make", &target, error.error))?;
        sync_folder(folder_of(&target))
    }

    /// Gives the bytes another name in the same folder, one that was not known when they were begun.
    pub fn commit_as(self, target: &Path) -> Result<(), DiskError> {
        let Self { file, .. } = self;
        file.as_file().sync_all().map_err(|error| DiskError::new("write", target, error))?;
        file.persist(target).map_err(|error| DiskError::new("rename a new file to", target, error.error))?;
        sync_folder(folder_of(target))
    }

    /// Names a file of a cache at once, without waiting for the disk: after a power cut it may be damaged, which its
    /// reader must be able to tell.
    pub fn commit_unsynced(self) -> Result<(), DiskError> {
        let Self { file, target } = self;
        file.persist(&target).map_err(|error| DiskError::new("rename a new file to", &target, error.error))?;
        Ok(())
    }
}

/// Writes a small file whole, durably and at once.
pub fn write_atomically(target: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = NewFile::create(target)?;
    file.write(bytes)?;
    file.commit()
}

/// Removes what processes that died left unfinished in `folder`, and says how many files that were.
pub fn sweep_abandoned(folder: &Path) -> Result<usize, DiskError> {
    let mut swept = 0;
    for path in list(folder)? {
        let partial = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL));
        if partial && is_abandoned(&path) && fs::remove_file(&path).is_ok() {
            swept += 1;
        }
    }
    Ok(swept)
}

/// The paths in `folder`, sorted; none if it does not exist.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let failed = |error| DiskError::new("read the folder", folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn is_abandoned(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| SystemTime::now().duration_since(modified).unwrap_or_default());
    age.is_ok_and(|age| age > ABANDONED_AFTER)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), DiskError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| DiskError::new("write the folder", folder, error))
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("deep/er/file");
        write_atomically(&target, b"old").unwrap();
        write_atomically(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(list(target.parent().unwrap()).unwrap(), [target]);
    }

    #[test]
    fn an_unfinished_file_never_gets_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = NewFile::create(&folder.path().join("file")).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert!(list(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_private_file_is_its_owners_and_takes_no_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("secret");
        let write = |bytes| {
            let mut file = NewFile::create_private(&target)?;
            file.write(bytes)?;
            file.commit_new()
        };
        write(b"first").unwrap();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        let error = write(b"second").unwrap_err().to_string();
        assert!(error.contains("cannot make `") && error.ends_with("is there already and is left as it is"), "{error}");
        assert_eq!((fs::read(&target).unwrap(), list(folder.path()).unwrap().len()), (b"first".to_vec(), 1));
    }

    #[test]
    fn sweeps_what_a_dead_process_left_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".partial-old", ".partial-live", "whole"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let hour_ago = SystemTime::now() - Duration::from_hours(1);
        for name in [".partial-old", "whole"] {
            File::options().write(true).open(folder.path().join(name)).unwrap().set_modified(hour_ago).unwrap();
        }
        assert_eq!(sweep_abandoned(folder.path()).unwrap(), 1);
        assert_eq!(list(folder.path()).unwrap().len(), 2);
        assert_eq!(sweep_abandoned(&folder.path().join("absent")).unwrap(), 0);
    }

    #[test]
    fn errors_name_the_path_and_what_to_do() {
        let full = DiskError::new("write", Path::new("/state/x"), io::ErrorKind::StorageFull.into());
        assert_eq!(
            full.to_string(),
            "cannot write `/state/x`: the disk is full, free some space there or move the state folder"
        );
        let error = write_atomically(Path::new("/dev/null/x"), b"").unwrap_err();
        assert!(error.to_string().starts_with("cannot make the folder `/dev/null`: "), "{error}");
    }
}
