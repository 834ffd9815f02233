//! Finds everything that belongs to the images: platforms, what speaks about each of them and about that, and signatures by tag.
//!
//! In: the source, and the tags and digests that are asked for. Out: a [`Graph`], of a size that memory can hold.

use std::collections::BTreeSet;

use blob::Digest;
use oci::{ATTACHED, Descriptor, Tag};

use super::graph::{Graph, Node, Role};
use super::together::together;
use super::{CopyError, CopyEvent, CopyOptions, CopyReporter};
use crate::client::reader::Reader;
use crate::store::Document;
use crate::{Named, StoredManifest};

/// What one copy holds in memory at most.
const MOST_MANIFESTS: usize = 100_000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Finds all manifests.
pub(super) async fn walk(
    source: &Reader,
    tags: &[(Named, Vec<Tag>)],
    options: &CopyOptions,
    reporter: &dyn CopyReporter,
) -> Result<Graph, CopyError> {
    let mut walker = Walker { source, reporter, graph: Graph::default(), parallel: source.parallel() };
    walker.take_roots(tags).await?;
    if options.with_referrers {
        walker.take_referrers().await?;
    }
    if options.with_signature_tags {
        walker.take_signatures().await?;
    }
    Ok(walker.graph)
}

struct Walker<'a> {
    source: &'a Reader,
    reporter: &'a dyn CopyReporter,
    graph: Graph,
    parallel: usize,
}

/// A manifest to be looked at, and where it is named.
type Open = (Digest, Digest);

impl Walker<'_> {
    async fn take_roots(&mut self, tags: &[(Named, Vec<Tag>)]) -> Result<(), CopyError> {
        let source = self.source;
        let found = tags.iter().map(|(what, tags)| async move {
            let manifest = source.manifest(what).await?;
            let none = || CopyError::NotThere { place: source.name(), what: what.to_string() };
            Ok::<_, CopyError>((manifest.ok_or_else(none)?, tags))
        });
        let found = together(found, self.parallel).await?;
        let mut open = Vec::new();
        for (manifest, tags) in found {
            let descriptor = manifest.descriptor.clone();
            open.extend(self.add(manifest, Role::Image)?);
            self.graph.tags.extend(tags.iter().map(|tag| (tag.clone(), descriptor.clone())));
        }
        self.descend(open, Role::Image).await
    }

    /// Takes manifests, and those below them, level by level.
    async fn descend(&mut self, mut open: Vec<Open>, role: Role) -> Result<(), CopyError> {
        while !open.is_empty() {
            let mut seen = BTreeSet::new();
            open.retain(|(digest, _)| !self.graph.nodes.contains_key(digest) && seen.insert(digest.clone()));
            let source = self.source;
            let found = std::mem::take(&mut open).into_iter().map(|(digest, named_by)| async move {
                let manifest = source.manifest(&Named::Digest(digest.clone())).await?;
                Ok::<_, CopyError>((manifest, digest, named_by))
            });
            let found = together(found, self.parallel).await?;
            for (manifest, digest, named_by) in found {
                match manifest {
                    Some(manifest) => open.extend(self.add(manifest, role)?),
                    None => self.miss(digest, named_by),
                }
            }
        }
        Ok(())
    }

    fn miss(&mut self, digest: Digest, named_by: Digest) {
        if !self.graph.missing.contains(&digest) {
            self.reporter.event(CopyEvent::Missing { digest: digest.clone(), named_by });
            self.graph.missing.push(digest);
        }
    }

    /// Adds a manifest and says what is below it.
    fn add(&mut self, manifest: StoredManifest, role: Role) -> Result<Vec<Open>, CopyError> {
        let digest = manifest.descriptor.digest.clone();
        if self.graph.nodes.contains_key(&digest) {
            return Ok(Vec::new());
        }
        self.graph.bytes += manifest.bytes.len() as u64;
        if self.graph.nodes.len() >= MOST_MANIFESTS || self.graph.bytes > MOST_BYTES {
            let (place, megabytes) = (self.source.name(), MOST_BYTES / 1024 / 1024);
            return Err(CopyError::TooMuch { place, manifests: MOST_MANIFESTS, megabytes });
        }
        let document = Document::parse(&manifest.descriptor.media_type, &manifest.bytes)
            .map_err(|reason| CopyError::Document { place: self.source.name(), digest: digest.clone(), reason })?;
        let node = Node::new(manifest, role, &document);
        let below = node.children.iter().map(|child| (child.digest.clone(), digest.clone())).collect();
        self.graph.nodes.insert(digest, node);
        Ok(below)
    }

    /// Asks about every manifest who speaks about it, until nobody new does.
    async fn take_referrers(&mut self) -> Result<(), CopyError> {
        let mut asked = BTreeSet::new();
        loop {
            let new: Vec<Digest> = self.graph.nodes.keys().filter(|digest| !asked.contains(*digest)).cloned().collect();
            if new.is_empty() {
                return Ok(());
            }
            asked.extend(new.iter().cloned());
            let source = self.source;
            let lists = new.into_iter().map(|subject| async move {
                let found = source.referrers(&subject).await?;
                Ok::<_, CopyError>(
                    found.into_iter().map(|entry| (entry.digest, subject.clone())).collect::<Vec<Open>>(),
                )
            });
            let lists = together(lists, self.parallel).await?;
            self.descend(lists.concat(), Role::Referrer).await?;
        }
    }

    /// Takes what is tagged with the digest of a manifest that is copied.
    async fn take_signatures(&mut self) -> Result<(), CopyError> {
        let wanted: BTreeSet<Tag> = self.graph.nodes.keys().flat_map(signature_tags).collect();
        let tags: Vec<Tag> = match self.source.tags().await? {
            Some(there) => there.into_iter().filter(|tag| wanted.contains(tag)).collect(),
            // Where tags are not listed each is asked for.
            None => wanted.into_iter().collect(),
        };
        let source = self.source;
        let found = tags.into_iter().map(|tag| async move {
            let manifest = source.manifest(&Named::Tag(tag.clone())).await?;
            Ok::<_, CopyError>(manifest.map(|manifest| (tag, manifest)))
        });
        let found = together(found, self.parallel).await?;
        let mut open = Vec::new();
        for (tag, manifest) in found.into_iter().flatten() {
            let descriptor: Descriptor = manifest.descriptor.clone();
            open.extend(self.add(manifest, Role::Signature)?);
            self.graph.signature_tags.push((tag, descriptor));
        }
        self.descend(open, Role::Signature).await
    }
}

/// The tags that signatures of a digest have.
fn signature_tags(digest: &Digest) -> impl Iterator<Item = Tag> {
    ATTACHED.into_iter().filter_map(|ending| Tag::attached(digest, ending))
}
