//! Files that are either whole or not there.
//!
//! In: a path, and bytes or a file with them. Out: the file under its name, synced, after a rename; or nothing, and an error that names it.
//! Image layout: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use blob::{Digest, Verdict};
use tempfile::{Builder, NamedTempFile};

use crate::{StoreError, fault};

/// How temporary files begin. No file of an image layout begins so.
pub(crate) const TEMPORARY: &str = ".bedplate-";
/// How much is read at once.
pub(crate) const READ_SIZE: usize = 256 * 1024;

/// Makes an [`io::Error`] say which file it is about.
pub(crate) fn at(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |reason| StoreError::File { path, action, reason }
}

/// Whether a file is absent: also where its name is too long to exist, or a part of its path is no folder.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
}

/// `None` where the file is absent.
pub(crate) fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an existing file stays or gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Writes a small file as a whole.
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), StoreError> {
    let mut file = temporary_beside(path)?;
    file.write_all(bytes).map_err(at(path, "written"))?;
    fault::point("temporary written");
    publish(file, path, existing)
}

/// Writes small files, each as a whole; their folders are synced once, after the last.
pub(crate) fn write_all(files: &[(PathBuf, &[u8])]) -> Result<(), StoreError> {
    for (path, bytes) in files {
        let mut file = temporary_beside(path)?;
        file.write_all(bytes).map_err(at(path, "written"))?;
        file.as_file().sync_all().map_err(at(path, "synced"))?;
        fault::point("temporary synced");
        file.persist(path).map_err(|refused| at(path, "renamed to")(refused.error))?;
        fault::point("temporary renamed");
    }
    let folders: BTreeSet<&Path> = files.iter().map(|(path, _)| folder_of(path)).collect();
    folders.into_iter().try_for_each(sync_folder)
}

fn temporary_beside(path: &Path) -> Result<NamedTempFile, StoreError> {
    let readable = Permissions::from_mode(0o644);
    temporary().permissions(readable).tempfile_in(folder_of(path)).map_err(at(path, "written"))
}

/// A file in a folder, to be given a name elsewhere; the next sweep takes it where a crash leaves it.
pub(crate) fn temporary_in(folder: &Path) -> Result<NamedTempFile, StoreError> {
    temporary_beside(&folder.join(TEMPORARY))
}

fn temporary<'a>() -> Builder<'a, 'static> {
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY);
    builder
}

/// Syncs a temporary file, gives it its name, and syncs the folder that now has it.
fn publish(file: NamedTempFile, path: &Path, existing: Existing) -> Result<(), StoreError> {
    file.as_file().sync_all().map_err(at(path, "synced"))?;
    fault::point("temporary synced");
    let persisted = match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    };
    match persisted {
        Err(refused) if existing == Existing::Keep && refused.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(refused) => Err(at(path, "renamed to")(refused.error)),
        Ok(_) => {
            fault::point("temporary renamed");
            sync_folder(folder_of(path))
        }
    }
}

/// Gives a file a second name, or copies it where that cannot be; looks at every byte before the name is visible.
pub(crate) fn link_or_copy(source: &Path, target: &Path, digest: &Digest) -> Result<(), StoreError> {
    let source = fs::canonicalize(source).map_err(at(source, "read"))?;
    let file = link(&source, target).or_else(|_| copy(&source, target))?;
    verify(file.as_file(), &source, digest)?;
    take_name(file, target)
}

/// The same for a file that is known to be whole; only a copy is looked at.
pub(crate) fn link_or_copy_whole(source: &Path, target: &Path, digest: &Digest) -> Result<(), StoreError> {
    match link(source, target) {
        Ok(file) => take_name(file, target),
        Err(_) => link_or_copy(source, target, digest),
    }
}

fn take_name(file: NamedTempFile, target: &Path) -> Result<(), StoreError> {
    let leftover = file.path().to_owned();
    publish(file, target, Existing::Replace)?;
    // Renaming one name of a file over another name of the same file does nothing, says POSIX.
    fs::remove_file(&leftover)
        .or_else(|error| if is_absent(&error) { Ok(()) } else { Err(error) })
        .map_err(at(&leftover, "removed"))
}

fn link(source: &Path, target: &Path) -> Result<NamedTempFile, StoreError> {
    let named = |path: &Path| fs::hard_link(source, path).and_then(|()| File::open(path));
    temporary().make_in(folder_of(target), named).map_err(at(target, "linked"))
}

fn copy(source: &Path, target: &Path) -> Result<NamedTempFile, StoreError> {
    let mut from = File::open(source).map_err(at(source, "read"))?;
    let mut file = temporary_beside(target)?;
    io::copy(&mut from, file.as_file_mut()).map_err(at(target, "copied"))?;
    // `verify` reads from the start.
    io::Seek::rewind(file.as_file_mut()).map_err(at(target, "copied"))?;
    Ok(file)
}

pub(crate) fn verify(mut file: &File, path: &Path, digest: &Digest) -> Result<(), StoreError> {
    let size = file.metadata().map_err(at(path, "read"))?.len();
    let wrong = |reason| StoreError::Wrong { digest: digest.clone(), reason };
    let mut verdict = Verdict::new(digest.clone(), size);
    let mut buffer = vec![0; READ_SIZE];
    loop {
        match io::Read::read(&mut file, &mut buffer).map_err(at(path, "read"))? {
            0 => return verdict.finish().map_err(wrong),
            count => verdict.update(&buffer[..count]).map_err(wrong)?,
        }
    }
}

/// So young is what somebody relies on without a manifest that names it.
const YOUNG: Duration = Duration::from_mins(10);

/// Whether a file was last written to or relied on some time ago; a time in the future is no reason to trust it.
pub(crate) fn is_old(path: &Path) -> bool {
    let age = |modified: SystemTime| SystemTime::now().duration_since(modified).ok();
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    modified.is_some_and(|modified| age(modified).is_none_or(|age| age > YOUNG))
}

/// Makes a folder and those above it, and syncs each folder that got a new one.
pub(crate) fn create_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = folder_of(path);
    create_folder(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(path, "made")(error)),
        _ => sync_folder(parent),
    }
}

/// The folder that a path is in; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path, "synced"))
}

/// Removes the temporary files that a crash left in a folder, and in those below it. Nobody may be writing.
pub(crate) fn sweep(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(at(folder, "listed"))? {
        let entry = entry.map_err(at(folder, "listed"))?;
        let path = entry.path();
        if entry.file_type().map_err(at(&path, "read"))?.is_dir() {
            sweep(&path)?;
        } else if entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
            tracing::info!(path = %path.display(), "removing a temporary file that a crash left");
            fs::remove_file(&path).map_err(at(&path, "removed"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_existing_file_gives_way_or_stays_and_nothing_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (text, existing, expected) in
            [("1", Existing::Keep, "1"), ("2", Existing::Keep, "1"), ("3", Existing::Replace, "3")]
        {
            write(&path, text.as_bytes(), existing).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o644);
    }

    #[test]
    fn a_link_is_the_same_file_even_when_made_twice() {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&source, "hello").unwrap();
        for _ in 0..2 {
            link_or_copy(&source, &target, &Digest::of("hello")).unwrap();
        }
        assert_eq!(fs::metadata(&source).unwrap().ino(), fs::metadata(&target).unwrap().ino());
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn a_copy_is_checked_as_a_link_is() {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&source, "hello").unwrap();
        let file = copy(&source, &target).unwrap();
        verify(file.as_file(), &source, &Digest::of("hello")).unwrap();
        publish(file, &target, Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "hello");
    }

    #[test]
    fn other_bytes_never_get_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&source, "hellO").unwrap();
        let error = link_or_copy(&source, &target, &Digest::of("hello")).unwrap_err().to_string();
        assert!(error.contains("is not stored: expected sha256:2cf24d"), "{error}");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn sweeping_takes_temporary_files_only() {
        let folder = tempfile::tempdir().unwrap();
        create_folder(&folder.path().join("b/c")).unwrap();
        for path in ["a", ".bedplate-1", "b/c/.bedplate-2", "b/c/d"] {
            fs::write(folder.path().join(path), "").unwrap();
        }
        sweep(folder.path()).unwrap();
        assert_eq!(
            (names(folder.path()), names(&folder.path().join("b/c"))),
            (vec!["a".into(), "b".into()], vec!["d".into()])
        );
    }
}
