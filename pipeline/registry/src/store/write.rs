//! The store as it is written: blobs first, then manifests, tags last.
//!
//! In: bytes, files, descriptors and tags. Out: an image layout in which everything visible is whole, whoever else writes at the same time.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use base64::Engine as _;
use blob::{Algorithm, Digest, VerifyError};
use oci::{Descriptor, LayoutIndex, Repository, Tag};

use super::Document;
use super::files::{self, Existing, at};
use crate::{Store, StoreError, fault};

/// A manifest on its way into the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Push<'a> {
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// What they are.
    pub(crate) media_type: &'a str,
    /// The digest under which it is wanted; SHA-256 where nobody asks for another.
    pub(crate) digest: Option<&'a Digest>,
    /// The tags that will point to it.
    pub(crate) tags: &'a [Tag],
    /// What must be true of the first tag.
    pub(crate) condition: &'a Condition,
    /// Whether all that it names must be there.
    pub(crate) blobs: Blobs,
}

/// Whether what a manifest names must be there before it is put.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blobs {
    /// It must: who pulls a manifest gets all of it.
    #[default]
    Required,
    /// It may come later, or never.
    Optional,
}

/// What must be true of a tag before it moves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    #[default]
    None,
    /// The tag is not there.
    Absent,
    /// The tag points to one of these.
    OneOf(Vec<Digest>),
}

impl Condition {
    fn holds(&self, found: Option<&Digest>) -> bool {
        match self {
            Self::None => true,
            Self::Absent => found.is_none(),
            Self::OneOf(digests) => found.is_some_and(|found| digests.contains(found)),
        }
    }
}

impl Store {
    /// Puts a file under a digest: by a hard link, or by a copy where the file is on another file system. Every byte is checked.
    /// The file must not be changed afterwards: it may be the same one. Nothing is done where a blob of that size is there already.
    pub fn put_blob_from_path(&self, repository: &Repository, digest: &Digest, path: &Path) -> Result<(), StoreError> {
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        let size = fs::metadata(path).map_err(at(path, "read"))?.len();
        let target = self.place(repository, digest)?;
        if self.blob_size(repository, digest)? != Some(size) {
            files::link_or_copy(path, &target, digest)?;
        }
        self.refresh(&target);
        Ok(())
    }

    /// Puts bytes, and says under which digest.
    pub fn put_bytes(&self, repository: &Repository, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        self.write_bytes(repository, bytes, &digest)?;
        Ok(digest)
    }

    /// The caller holds the lock, and knows that the bytes have the digest.
    fn write_bytes(&self, repository: &Repository, bytes: &[u8], digest: &Digest) -> Result<(), StoreError> {
        let target = self.place(repository, digest)?;
        // They are few: looking at all of them finds a damaged file, and a new one takes its place.
        if self.blob_size(repository, digest)? == Some(bytes.len() as u64)
            && fs::read(&target).is_ok_and(|found| found == bytes)
        {
            self.refresh(&target);
            return Ok(());
        }
        files::write(&target, bytes, Existing::Replace)
    }

    /// Puts a manifest or an index, and lists it in `index.json` without a tag. An image's configuration and layers must be there.
    pub fn put_manifest(
        &self,
        repository: &Repository,
        bytes: &[u8],
        media_type: &str,
    ) -> Result<Descriptor, StoreError> {
        let push =
            Push { bytes, media_type, digest: None, tags: &[], condition: &Condition::None, blobs: Blobs::Required };
        Ok(self.push_manifest(repository, push)?.0)
    }

    /// The same, under the digest and the tags that are asked for. Says too which manifest it speaks about.
    pub(crate) fn push_manifest(
        &self,
        repository: &Repository,
        push: Push<'_>,
    ) -> Result<(Descriptor, Option<Digest>), StoreError> {
        let (descriptor, document) = read(push)?;
        if push.blobs == Blobs::Required && !self.exists(repository) {
            // A refusal makes no repository.
            document
                .required()
                .filter(|blob| blob.data.is_none())
                .try_for_each(|blob| self.require(repository, blob))?;
        }
        self.change_index(repository, |index| {
            document.required().try_for_each(|blob| self.put_embedded(repository, blob))?;
            self.require_all(repository, &document, push.blobs)?;
            self.write_bytes(repository, push.bytes, &descriptor.digest)?;
            fault::point("manifest stored");
            if let Some(tag) = push.tags.first().filter(|tag| !push.condition.holds(digest_of(index, tag).as_ref())) {
                return Err(StoreError::Moved { repository: repository.clone(), tag: tag.clone() });
            }
            index.add(&descriptor);
            push.tags.iter().for_each(|tag| index.set(tag, &descriptor));
            Ok(())
        })?;
        self.read_again(repository, &descriptor.digest);
        Ok((descriptor, document.subject().map(|subject| subject.digest.clone())))
    }

    /// A blob that stands in the manifest itself need not have been sent before.
    fn put_embedded(&self, repository: &Repository, blob: &Descriptor) -> Result<(), StoreError> {
        let Some(bytes) = blob.data.as_deref().and_then(decode) else { return Ok(()) };
        if Digest::by(blob.digest.algorithm(), &bytes) == blob.digest {
            self.write_bytes(repository, &bytes, &blob.digest)
        } else {
            Ok(())
        }
    }

    /// Makes a tag point to a manifest that is there.
    pub fn tag(&self, repository: &Repository, tag: &Tag, descriptor: &Descriptor) -> Result<(), StoreError> {
        self.tag_all(repository, &[(tag.clone(), descriptor.clone())])
    }

    /// Moves several tags at once: whoever looks sees all of them moved, or none.
    pub fn tag_all(&self, repository: &Repository, tags: &[(Tag, Descriptor)]) -> Result<(), StoreError> {
        self.change_index(repository, |index| {
            tags.iter().try_for_each(|(_, descriptor)| self.require(repository, descriptor))?;
            for (tag, descriptor) in tags {
                index.set(tag, descriptor);
            }
            Ok(())
        })
    }

    pub(super) fn require_all(
        &self,
        repository: &Repository,
        document: &Document,
        blobs: Blobs,
    ) -> Result<(), StoreError> {
        match blobs {
            Blobs::Required => document.required().try_for_each(|blob| self.require(repository, blob)),
            Blobs::Optional => Ok(()),
        }
    }

    fn require(&self, repository: &Repository, descriptor: &Descriptor) -> Result<(), StoreError> {
        if self.blob_size(repository, &descriptor.digest)? == Some(descriptor.size) {
            return Ok(());
        }
        let (repository, digest) = (repository.clone(), descriptor.digest.clone());
        Err(StoreError::Missing { repository, digest, size: descriptor.size })
    }

    /// Gives a blob of another repository to this one. `false` where that has none, or a damaged one.
    pub(crate) fn mount(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<bool, StoreError> {
        let source = self.blob_path(from, digest);
        if !self.is_whole(&source, digest)? || !self.promise(from, digest)? {
            return Ok(false);
        }
        let (_writing, _lock) = (self.writing()?, self.lock_repository(repository)?);
        let target = self.place(repository, digest)?;
        files::link_or_copy_whole(&source, &target, digest)?;
        fault::point("blob linked");
        Ok(true)
    }

    /// Uses what is already there, in this repository or in another one. `false` where nothing whole is.
    pub(crate) fn reuse(&self, repository: &Repository, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.blob_path(repository, digest);
        if self.is_whole(&path, digest)? && self.promise(repository, digest)? {
            return Ok(true);
        }
        let elsewhere = self.find_elsewhere(digest, |other| other != repository)?;
        elsewhere.map_or(Ok(false), |other| self.mount(repository, digest, &other))
    }

    /// Two that bring the same blob come one after the other, so that it is kept once.
    pub(crate) fn turn(&self, digest: &Digest) -> MutexGuard<'_, ()> {
        let number = u8::from_str_radix(&digest.hex()[..2], 16).map_or(0, usize::from);
        self.turns[number % self.turns.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a blob goes; its folder is made.
    pub(crate) fn place(&self, repository: &Repository, digest: &Digest) -> Result<PathBuf, StoreError> {
        self.create(repository)?;
        let path = self.blob_path(repository, digest);
        path.parent().map_or(Ok(()), files::create_folder)?;
        Ok(path)
    }
}

fn read(push: Push<'_>) -> Result<(Descriptor, Document), StoreError> {
    let algorithm = push.digest.map_or(Algorithm::Sha256, Digest::algorithm);
    let digest = Digest::by(algorithm, push.bytes);
    if let Some(expected) = push.digest.filter(|expected| **expected != digest) {
        let reason = VerifyError::WrongDigest { expected: expected.clone(), got: digest };
        return Err(StoreError::Wrong { digest: expected.clone(), reason });
    }
    let document = Document::parse(push.media_type, push.bytes)
        .map_err(|reason| StoreError::Document { place: digest.to_string(), reason })?;
    Ok((Descriptor::new(push.media_type, digest, push.bytes.len() as u64), document))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn digest_of(index: &LayoutIndex, tag: &Tag) -> Option<Digest> {
    index.resolve(tag).map(|descriptor| descriptor.digest)
}
