//! Writes a site's files into a folder, so that whoever reads it meanwhile sees nothing that is not whole.
//!
//! In: a list of files in the order in which they are to appear. Out: the folder with these files and no others; what was right already
//! is not touched, and what is gone is removed at the end, tags first. Every file is written beside its place, synced and renamed.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use axum::body::Bytes;

use super::files::{Content, SiteFile};
use super::listing::{FOLDERS, NGINX};
use super::nginx::FIRST_LINE;
use super::{SiteError, SiteReport};
use crate::store::files::{Existing, TEMPORARY, at, create_folder, link_or_copy, present, sweep, write as write_file};
use crate::{Store, StoreError};

/// Writes the files; of the report only the counts of files are filled in.
pub(crate) fn write(store: &Store, folder: &Path, files: &[SiteFile]) -> Result<SiteReport, SiteError> {
    create_folder(folder)?;
    let _lock = lock(folder)?;
    expect_own(folder)?;
    sweep(folder)?;
    let mut report = SiteReport::default();
    for file in files {
        if put(store, folder, file)? {
            report.written += 1;
        } else {
            report.unchanged += 1;
        }
    }
    report.removed = remove_others(folder, files)?;
    Ok(report)
}

/// One export at a time; the lock is given back when the value is dropped.
fn lock(folder: &Path) -> Result<File, SiteError> {
    let file = File::open(folder).map_err(at(folder, "locked"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SiteError::InUse(folder.to_owned())),
        Err(TryLockError::Error(reason)) => Err(at(folder, "locked")(reason).into()),
    }
}

/// A folder with other things in it is not ours to clean up.
fn expect_own(folder: &Path) -> Result<(), SiteError> {
    let path = folder.join(NGINX);
    let text = present(fs::read_to_string(&path)).map_err(at(&path, "read"))?;
    let is_own = text.is_some_and(|text| text.starts_with(FIRST_LINE));
    let is_leftover = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
    let has_others = list(folder)?.iter().any(|path| !path.file_name().is_some_and(is_leftover));
    if is_own || !has_others { Ok(()) } else { Err(SiteError::Foreign(folder.to_owned())) }
}

/// Puts one file, and says whether that was needed.
fn put(store: &Store, folder: &Path, file: &SiteFile) -> Result<bool, SiteError> {
    let path = folder.join(&file.path);
    let bytes = match &file.content {
        Content::Blob(repository, digest, size) => {
            let metadata = present(fs::metadata(&path)).map_err(at(&path, "read"))?;
            if metadata.is_some_and(|found| found.is_file() && found.len() == *size) {
                return Ok(false);
            }
            make_folder_of(&path)?;
            link_or_copy(&store.blob_path(repository, digest), &path, digest)?;
            return Ok(true);
        }
        Content::Manifest(repository, digest) => {
            let stored = store.manifest(repository, digest)?;
            stored.ok_or_else(|| SiteError::Absent(format!("{repository}@{digest}")))?.bytes
        }
        Content::Bytes(bytes) => Bytes::copy_from_slice(bytes),
    };
    if present(fs::read(&path)).map_err(at(&path, "read"))?.is_some_and(|found| found == bytes) {
        return Ok(false);
    }
    make_folder_of(&path)?;
    write_file(&path, &bytes, Existing::Replace)?;
    Ok(true)
}

fn make_folder_of(path: &Path) -> Result<(), StoreError> {
    path.parent().map_or(Ok(()), create_folder)
}

/// Removes what belongs to no file of the list, and folders that are then empty; says how many files that were.
fn remove_others(folder: &Path, files: &[SiteFile]) -> Result<usize, SiteError> {
    let wanted: BTreeSet<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    for below in FOLDERS {
        walk(&folder.join(below), &mut found, &mut folders)?;
    }
    let mut others: Vec<PathBuf> = found.into_iter().filter(|path| !wanted.contains(path)).collect();
    others.sort_by_key(|path| need(path));
    for path in &others {
        fs::remove_file(path).map_err(at(path, "removed"))?;
    }
    for path in folders {
        // One that still has files stays.
        let _ = fs::remove_dir(path);
    }
    Ok(others.len())
}

/// What is needed by more is removed later: blobs last, and before them manifests by digest.
fn need(path: &Path) -> usize {
    let name = |path: Option<&Path>| path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    match name(path.parent()).as_str() {
        "blobs" => 2,
        "manifests" if name(Some(path)).contains(':') => 1,
        _ => 0,
    }
}

/// All files below a folder, and all folders, each after those in it.
fn walk(folder: &Path, files: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    for path in list(folder)? {
        let kind = fs::symlink_metadata(&path).map_err(at(&path, "read"))?;
        if kind.is_dir() { walk(&path, files, folders)? } else { files.push(path) }
    }
    folders.push(folder.to_owned());
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let Some(entries) = present(fs::read_dir(folder)).map_err(at(folder, "listed"))? else { return Ok(Vec::new()) };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = paths.map_err(at(folder, "listed"))?;
    paths.sort();
    Ok(paths)
}
