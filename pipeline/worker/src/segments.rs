//! Segments on disk: a package's compressed part of a layer, made once per .deb and rules.
//!
//! In: a locked package and its rules. Out: `STATE/segments/<key>.gz` and `<key>.json`. The key is a digest of all
//! that the bytes depend on, so a file that is there is right; a lost or damaged one is made again.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use assemble::{
    COMPRESSOR, LockedPackage, PackageRules, Review, SEGMENT_FORMAT, Scripts, Segment, SegmentError, build_segment,
};
use blob::Digest;

use crate::{Debs, DiskError, NewFile, list, sweep_abandoned};

/// Why a segment cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeSegmentError {
    /// The package is damaged or not fit for an image.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// A file of the state folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// All segments of a state folder.
#[derive(Debug, Clone)]
pub struct Segments {
    folder: PathBuf,
}

impl Segments {
    /// Those of the state folder `state`.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("segments");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// Names the segment of a package under rules.
    pub fn key(package: &LockedPackage, rules: &PackageRules) -> Digest {
        Digest::of(format!("{SEGMENT_FORMAT}\n{COMPRESSOR}\n{}\n{}\n", package.sha256, rules.digest()))
    }

    /// The segment of this key, if it is there and whole.
    pub fn load(&self, key: &Digest) -> Option<Segment> {
        let segment: Segment = serde_json::from_slice(&fs::read(self.path(key, "json")).ok()?).ok()?;
        let size: u64 = segment.members.iter().map(|member| member.compressed).sum();
        let whole = self.path(key, "gz").metadata().is_ok_and(|metadata| metadata.len() == size);
        whole.then_some(segment)
    }

    /// Scripts of a package as they were when a person reviewed them, if some segment of it is still here.
    pub fn reviewed_scripts(&self, package: &str, reviews: &[Review]) -> Option<Scripts> {
        let records =
            list(&self.folder).ok()?.into_iter().filter(|path| path.extension().is_some_and(|it| it == "json"));
        let segments = records.filter_map(|path| serde_json::from_slice::<Segment>(&fs::read(path).ok()?).ok());
        let reviewed = |digest: &Digest| reviews.iter().any(|review| review.digest == *digest);
        segments
            .filter(|segment| segment.package == package)
            .map(|segment| segment.scripts)
            .find(|scripts| scripts.digest.as_ref().is_some_and(reviewed))
    }

    /// The compressed bytes of a segment.
    pub fn open(&self, key: &Digest) -> Result<BufReader<File>, DiskError> {
        let path = self.path(key, "gz");
        let file = File::open(&path).map_err(|error| DiskError::new("open", &path, error))?;
        Ok(BufReader::with_capacity(1 << 20, file))
    }

    /// Makes a segment from the package's .deb. The bytes are checked against the lock while they are read.
    pub fn make(
        &self,
        key: &Digest,
        package: &LockedPackage,
        rules: &PackageRules,
        debs: &Debs,
    ) -> Result<Segment, MakeSegmentError> {
        let path = debs.path(&package.sha256);
        let deb = File::open(&path).map_err(|error| DiskError::new("open", &path, error))?;
        let mut file = NewFile::create(&self.path(key, "gz"))?;
        let mut output = BufWriter::with_capacity(1 << 20, file.as_file());
        let made = build_segment(package, rules, BufReader::with_capacity(1 << 18, deb), &mut output);
        let segment = made.inspect_err(|_| drop(debs.discard_damaged(&package.sha256, package.size)))?;
        output.flush().map_err(|error| DiskError::new("write", &self.path(key, "gz"), error))?;
        drop(output);
        file.commit_unsynced()?;
        let facts = serde_json::to_vec(&segment).unwrap_or_default();
        let mut record = NewFile::create(&self.path(key, "json"))?;
        record.write(&facts)?;
        record.commit_unsynced()?;
        Ok(segment)
    }

    /// Removes a segment that turned out to be damaged, so that the next wave makes it again.
    pub fn discard(&self, key: &Digest) {
        for extension in ["json", "gz"] {
            let _ = fs::remove_file(self.path(key, extension));
        }
    }

    /// Where all segments are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of one segment.
    pub(crate) fn files(&self, key: &Digest) -> [PathBuf; 2] {
        ["json", "gz"].map(|extension| self.path(key, extension))
    }

    fn path(&self, key: &Digest, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", key.hex()))
    }
}
