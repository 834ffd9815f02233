//! Reads out of the store what a site shows of one repository.
//!
//! In: a store, a repository, maybe some of its tags. Out: a [`Holding`]: the tags, every manifest that they lead to, what speaks about
//! these, and the blobs of all of them. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::{ATTACHED, Descriptor, INDEX_FILE, Repository, Tag};

use super::{SiteError, SitePart, SiteRepository};
use crate::Store;
use crate::store::{Document, read_index};

/// What a site shows of one repository.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The repository.
    pub(crate) repository: Repository,
    /// The tags.
    pub(crate) tags: BTreeMap<Tag, Descriptor>,
    /// The manifests, each after those that it names.
    pub(crate) manifests: Vec<Descriptor>,
    /// The blobs with their sizes.
    pub(crate) blobs: BTreeMap<Digest, u64>,
    /// What speaks about a digest; every manifest has an entry, though mostly an empty one.
    pub(crate) referrers: BTreeMap<Digest, Vec<Descriptor>>,
}

impl Holding {
    /// How much it is.
    pub(crate) fn count(&self) -> SiteRepository {
        SiteRepository {
            repository: self.repository.clone(),
            tags: self.tags.len(),
            manifests: self.manifests.len(),
            blobs: self.blobs.len(),
            bytes: self.blobs.values().sum(),
        }
    }
}

/// Reads what is wanted of a repository.
pub(crate) fn gather(store: &Store, part: &SitePart) -> Result<Holding, SiteError> {
    let mut gathering = Gathering::new(store, &part.repository);
    match &part.tags {
        None => gathering.everything()?,
        Some(tags) => tags.iter().try_for_each(|tag| gathering.tag(tag))?,
    }
    while let Some(descriptor) = gathering.open.pop() {
        gathering.manifest(&descriptor)?;
    }
    Ok(Holding { manifests: ordered(&gathering.found), ..gathering.holding })
}

/// Manifests, each with what it names as its own.
type Found = BTreeMap<Digest, (Descriptor, Vec<Digest>)>;

struct Gathering<'s> {
    store: &'s Store,
    open: Vec<Descriptor>,
    found: Found,
    holding: Holding,
}

impl<'s> Gathering<'s> {
    fn new(store: &'s Store, repository: &Repository) -> Self {
        let holding = Holding {
            repository: repository.clone(),
            tags: BTreeMap::new(),
            manifests: Vec::new(),
            blobs: BTreeMap::new(),
            referrers: BTreeMap::new(),
        };
        Self { store, open: Vec::new(), found: BTreeMap::new(), holding }
    }

    fn everything(&mut self) -> Result<(), SiteError> {
        let repository = self.holding.repository.clone();
        let path = self.store.layout_path(&repository).join(INDEX_FILE);
        let (_, index) = read_index(&path)?.ok_or_else(|| SiteError::Absent(repository.to_string()))?;
        self.open.extend(index.entries().iter().cloned());
        self.store.tags(&repository)?.iter().try_for_each(|tag| self.tag(tag))
    }

    /// A tag that must be there, and lead to something whole.
    fn tag(&mut self, tag: &Tag) -> Result<(), SiteError> {
        let (repository, name) = (&self.holding.repository, format!("{}:{tag}", self.holding.repository));
        let Some(descriptor) = self.store.resolve(repository, tag)? else {
            let is_listed = self.store.tags(repository)?.contains(tag);
            return Err(if is_listed { SiteError::Damaged(name) } else { SiteError::Absent(name) });
        };
        self.open.push(descriptor.clone());
        self.holding.tags.insert(tag.clone(), descriptor);
        Ok(())
    }

    /// A manifest, what it names and what speaks about it; one that is not there is left out: an index may be sparse.
    fn manifest(&mut self, descriptor: &Descriptor) -> Result<(), SiteError> {
        if self.found.contains_key(&descriptor.digest) {
            return Ok(());
        }
        let Some(stored) = self.store.manifest(&self.holding.repository, &descriptor.digest)? else { return Ok(()) };
        let Ok(document) = Document::parse(&stored.descriptor.media_type, &stored.bytes) else {
            return Err(SiteError::Damaged(format!("{}@{}", self.holding.repository, descriptor.digest)));
        };
        self.blobs(&document, &descriptor.digest)?;
        self.open.extend(document.manifests().iter().cloned());
        let children = document.manifests().iter().map(|child| child.digest.clone()).collect();
        self.found.insert(descriptor.digest.clone(), (stored.descriptor, children));
        document.subject().map_or(Ok(()), |subject| self.referrers(&subject.digest))?;
        self.referrers(&descriptor.digest)?;
        self.signatures(&descriptor.digest)
    }

    /// The blobs that are there; those must be that are not fetched from elsewhere.
    fn blobs(&mut self, document: &Document, manifest: &Digest) -> Result<(), SiteError> {
        for blob in document.blobs() {
            if self.store.blob_size(&self.holding.repository, &blob.digest)? == Some(blob.size) {
                self.holding.blobs.insert(blob.digest.clone(), blob.size);
            }
        }
        let is_missing = |blob: &&Descriptor| self.holding.blobs.get(&blob.digest) != Some(&blob.size);
        document.required().find(is_missing).map_or(Ok(()), |blob| {
            Err(SiteError::Missing {
                repository: self.holding.repository.clone(),
                digest: blob.digest.clone(),
                size: blob.size,
                manifest: manifest.clone(),
            })
        })
    }

    fn referrers(&mut self, subject: &Digest) -> Result<(), SiteError> {
        if !self.holding.referrers.contains_key(subject) {
            let found = self.store.referrers(&self.holding.repository, subject)?;
            self.open.extend(found.iter().cloned());
            self.holding.referrers.insert(subject.clone(), found);
        }
        Ok(())
    }

    /// Signatures that are found by a tag, where somebody made one.
    fn signatures(&mut self, digest: &Digest) -> Result<(), SiteError> {
        let attached = ATTACHED.iter().filter_map(|ending| Tag::attached(digest, ending));
        for tag in attached.chain([Tag::of_referrers(digest)]) {
            let is_new = !self.holding.tags.contains_key(&tag);
            if is_new && self.store.resolve(&self.holding.repository, &tag)?.is_some() {
                self.tag(&tag)?;
            }
        }
        Ok(())
    }
}

/// Every manifest after those that it names.
fn ordered(found: &Found) -> Vec<Descriptor> {
    let mut open: Vec<(&Digest, bool)> = found.keys().rev().map(|digest| (digest, false)).collect();
    let (mut seen, mut result) = (BTreeSet::new(), Vec::new());
    while let Some((digest, named_are_done)) = open.pop() {
        let Some((descriptor, children)) = found.get(digest) else { continue };
        if named_are_done {
            result.push(descriptor.clone());
        } else if seen.insert(digest) {
            open.push((digest, true));
            open.extend(children.iter().rev().map(|child| (child, false)));
        }
    }
    result
}
