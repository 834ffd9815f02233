//! All manifests of a copy, and what each needs to be there before it.
//!
//! In: manifests as they are found. Out: which belong to the images and which speak about them, in an order in which they can be written.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::{Descriptor, Tag};

use crate::StoredManifest;
use crate::client::remote::Peek;
use crate::store::Document;

/// Why a manifest is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// It was asked for, or belongs to what was.
    Image,
    /// It speaks about another, or belongs to such a one.
    Referrer,
    /// It has a tag made from the digest of another, or belongs to such a one.
    Signature,
}

/// One manifest.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) manifest: StoredManifest,
    pub(super) role: Role,
    /// The manifests that it names as its own.
    pub(super) children: Vec<Descriptor>,
    /// The blobs that it names as its own.
    pub(super) blobs: Vec<Descriptor>,
    /// Those without which it is damaged.
    pub(super) required: BTreeSet<Digest>,
    /// What it speaks about, and the entry that stands for it in a list.
    pub(super) referrer: Option<(Digest, Descriptor)>,
}

impl Node {
    pub(super) fn new(manifest: StoredManifest, role: Role, document: &Document) -> Self {
        let referrer = Peek::of(&manifest.bytes).referrer(&manifest.descriptor);
        Self {
            role,
            children: document.manifests().to_vec(),
            blobs: document.blobs().cloned().collect(),
            required: document.required().map(|blob| blob.digest.clone()).collect(),
            referrer: referrer.map(|(subject, entry)| (subject.digest, entry)),
            manifest,
        }
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.manifest.descriptor.digest
    }
}

/// All manifests of a copy.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: BTreeMap<Digest, Node>,
    /// The tags of signatures and what they point to.
    pub(super) signature_tags: Vec<(Tag, Descriptor)>,
    /// The tags that were asked for and what they are to point to.
    pub(super) tags: Vec<(Tag, Descriptor)>,
    /// Manifests that are named and not there.
    pub(super) missing: Vec<Digest>,
    /// Bytes of all manifests.
    pub(super) bytes: u64,
}

impl Graph {
    /// The manifests in rounds: those of one round need only what is in rounds before. Images come first, then what speaks about them.
    pub(super) fn rounds(&self) -> Vec<Vec<&Node>> {
        let mut heights = BTreeMap::new();
        for digest in self.nodes.keys() {
            self.measure(digest, &mut heights);
        }
        let mut rounds: BTreeMap<(Role, usize), Vec<&Node>> = BTreeMap::new();
        for node in self.nodes.values() {
            let height = heights.get(node.digest()).copied().unwrap_or_default();
            rounds.entry((node.role, height)).or_default().push(node);
        }
        rounds.into_values().collect()
    }

    /// How many levels of manifests are below one. No manifest can be below itself: it would have to hold its own digest.
    fn measure(&self, digest: &Digest, heights: &mut BTreeMap<Digest, usize>) {
        let mut open = vec![digest];
        while let Some(top) = open.last().copied() {
            let below: Vec<&Digest> = self.known_children(top).collect();
            let unmeasured: Vec<&Digest> =
                below.iter().copied().filter(|child| !heights.contains_key(*child)).collect();
            if unmeasured.is_empty() {
                let height = below.iter().filter_map(|child| heights.get(*child)).max().map_or(0, |height| height + 1);
                heights.insert(top.clone(), height);
                open.pop();
            } else {
                open.extend(unmeasured);
            }
        }
    }

    fn known_children(&self, digest: &Digest) -> impl Iterator<Item = &Digest> {
        let children = self.nodes.get(digest).into_iter().flat_map(|node| &node.children);
        children.map(|child| &child.digest).filter(|child| self.nodes.contains_key(*child))
    }
}

#[cfg(test)]
mod tests {
    use oci::{ImageIndex, ImageManifest, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

    use super::*;

    fn add(graph: &mut Graph, media_type: &str, bytes: &[u8], role: Role) -> Descriptor {
        let descriptor = Descriptor::of(media_type, bytes);
        let document = Document::parse(media_type, bytes).unwrap();
        let manifest = StoredManifest { descriptor: descriptor.clone(), bytes: bytes.to_vec().into() };
        graph.nodes.insert(descriptor.digest.clone(), Node::new(manifest, role, &document));
        descriptor
    }

    #[test]
    fn what_is_needed_comes_before_what_needs_it_and_images_before_referrers() {
        let mut graph = Graph::default();
        let image = ImageManifest::new(Descriptor::empty(), vec![Descriptor::of("layer", b"layer")]);
        let image = add(&mut graph, MEDIA_TYPE_MANIFEST, &image.to_bytes(), Role::Image);
        let missing = Descriptor::of(MEDIA_TYPE_MANIFEST, b"missing");
        let inner = ImageIndex::new(vec![image.clone(), missing]).to_bytes();
        let inner = add(&mut graph, MEDIA_TYPE_INDEX, &inner, Role::Image);
        let outer = ImageIndex::new(vec![inner.clone(), image.clone()]).to_bytes();
        let outer = add(&mut graph, MEDIA_TYPE_INDEX, &outer, Role::Image);
        let mut about = ImageManifest::new(Descriptor::empty(), Vec::new());
        about.subject = Some(outer.clone());
        let about = add(&mut graph, MEDIA_TYPE_MANIFEST, &about.to_bytes(), Role::Referrer);
        let rounds: Vec<Vec<Digest>> =
            graph.rounds().iter().map(|round| round.iter().map(|node| node.digest().clone()).collect()).collect();
        assert_eq!(
            rounds,
            [image.digest, inner.digest, outer.digest.clone(), about.digest.clone()].map(|one| vec![one])
        );
        let (subject, entry) = graph.nodes[&about.digest].referrer.clone().unwrap();
        assert_eq!((subject, entry.digest), (outer.digest, about.digest));
    }
}
