//! Files of Debian's archive that were kept: what a provenance can be checked against, without a network.
//!
//! In: a folder as a state folder's `archive/` is, and the keys that may sign. Out: [`ArchiveEvidence`], which finds an `InRelease` file and a package
//! index by digest, and believes neither before its signature or digest was checked. Layout: `in-release/<suite>/<date>-<sha256>.txt`,
//! `indexes/<sha256>`; a state folder itself is taken too, and `cp -r` makes such a folder of it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use blob::{Digest, VerifyingReader};
use debian::{
    Compression, IndexError, IndexFile, Keyring, PackageIndex, Release, ReleaseError, SignatureError, Suite,
    VerifiedText, verify_in_release,
};
use jiff::{SignedDuration, Timestamp};

use crate::observe::LARGEST_IN_RELEASE;
use crate::{DiskError, list};

const BUFFER: usize = 256 << 10;
/// An `InRelease` file is signed after its `Date`: at a point release by several people.
const SIGNING_TAKES: SignedDuration = SignedDuration::from_hours(24);

/// Kept files, and the keys that may have signed them.
#[derive(Debug, Clone)]
pub struct ArchiveEvidence {
    folder: PathBuf,
    keyring: Keyring,
}

/// Why a kept file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveEvidenceError {
    /// Not such a folder.
    #[error(
        "`{}` has neither `in-release` nor `indexes`: expected the folder `archive` of a state folder, or a copy of it",
        .0.display()
    )]
    NoArchive(PathBuf),
    /// A file that was not kept.
    #[error("it is not in the folder `{}`", .0.display())]
    Missing(PathBuf),
    /// A file that was changed.
    #[error("the kept file has the digest {0}")]
    Changed(Digest),
    /// Its signature does not count.
    #[error("its signature does not hold: {0}")]
    Signature(Box<SignatureError>),
    /// It is signed, and is no `Release` file.
    #[error("it is signed, but cannot be understood: {0}")]
    Release(Box<ReleaseError>),
    /// Its bytes are not those that were signed, or no package index.
    #[error("{0}")]
    Index(Box<IndexError>),
    /// A name that no archive has.
    #[error("`{0}` is no package index: expected a path that ends in `Packages`, `Packages.gz` or `Packages.xz`")]
    Path(String),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// An `InRelease` file whose signature holds.
#[derive(Debug)]
pub(crate) struct SignedRelease {
    pub(crate) release: Release,
    pub(crate) signed: VerifiedText,
}

impl ArchiveEvidence {
    /// The files below `folder`, to be checked against `keyring`.
    pub fn open(folder: &Path, keyring: Keyring) -> Result<Self, ArchiveEvidenceError> {
        let has = |folder: &Path| folder.join("in-release").is_dir() || folder.join("indexes").is_dir();
        let found = [folder.to_owned(), folder.join("archive")].into_iter().find(|folder| has(folder));
        let folder = found.ok_or_else(|| ArchiveEvidenceError::NoArchive(folder.to_owned()))?;
        Ok(Self { folder, keyring })
    }

    /// The `InRelease` file of this digest, if its signature held when it was made: a key that has expired since then counts, one that
    /// was found to be stolen does not.
    pub(crate) fn in_release(
        &self,
        suite: &Suite,
        digest: &Digest,
        date: Timestamp,
    ) -> Result<SignedRelease, ArchiveEvidenceError> {
        let bytes = self.read(suite, digest)?;
        let got = Digest::by(digest.algorithm(), &bytes);
        if got != *digest {
            return Err(ArchiveEvidenceError::Changed(got));
        }
        let time = date.checked_add(SIGNING_TAKES).unwrap_or(date);
        let signed = verify_in_release(&bytes, &self.keyring, None, time);
        let signed = signed.map_err(|error| ArchiveEvidenceError::Signature(Box::new(error)))?;
        let release = Release::parse(&signed.text).map_err(|error| ArchiveEvidenceError::Release(Box::new(error)))?;
        Ok(SignedRelease { release, signed })
    }

    /// Found by its digest: the name begins with the date.
    fn read(&self, suite: &Suite, digest: &Digest) -> Result<Vec<u8>, ArchiveEvidenceError> {
        let folder = self.folder.join("in-release").join(suite.as_str());
        let end = format!("-{}.txt", digest.hex());
        let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&end));
        let path = list(&folder)?.into_iter().find(named).ok_or(ArchiveEvidenceError::Missing(folder))?;
        let failed = |error| DiskError::new("read", &path, error);
        let mut bytes = Vec::new();
        File::open(&path).map_err(failed)?.take(LARGEST_IN_RELEASE).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// A package index, whose bytes are checked while they are read. `path` and `digest` must be those of a verified `InRelease` file.
    pub(crate) fn index(&self, file: &IndexFile) -> Result<PackageIndex, ArchiveEvidenceError> {
        let path = self.folder.join("indexes").join(file.digest.hex());
        let opened = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ArchiveEvidenceError::Missing(self.folder.join("indexes")),
            _ => DiskError::new("open", &path, error).into(),
        })?;
        let verified = VerifyingReader::new(opened, file.digest.clone(), file.size);
        let plain = file.compression.reader(verified).map_err(|error| DiskError::new("read", &path, error))?;
        let index = PackageIndex::read(BufReader::with_capacity(BUFFER, plain), &file.path);
        index.map_err(|error| ArchiveEvidenceError::Index(Box::new(error)))
    }
}

/// The file that a verified `Release` names by this path.
pub(crate) fn index_file(release: &Release, path: &str) -> Result<Option<IndexFile>, ArchiveEvidenceError> {
    let compression = match path.rsplit('/').next() {
        Some("Packages.xz") => Compression::Xz,
        Some("Packages.gz") => Compression::Gzip,
        Some("Packages") => Compression::None,
        _ => return Err(ArchiveEvidenceError::Path(path.chars().take(140).collect())),
    };
    let named = release.files.get(path);
    Ok(named.map(|(digest, size)| IndexFile {
        path: path.to_owned(),
        digest: digest.clone(),
        size: *size,
        compression,
    }))
}
