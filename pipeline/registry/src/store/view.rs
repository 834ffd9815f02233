//! What one repository holds: its tags, its manifests, the sizes of its blobs, and who refers to whom.
//!
//! In: `index.json` and the manifests that it leads to. Out: a [`View`], which never changes; another `index.json` gives another view.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blob::Digest;
use oci::{Descriptor, LayoutIndex, ManifestDocument, Tag};

/// Clocks of file systems tick this slowly, or faster: two changes inside one tick look the same.
const TICK: Duration = Duration::from_millis(50);

/// What tells one `index.json` from the next without reading it: every change is a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { inode: metadata.ino(), size: metadata.len(), modified: metadata.modified().ok() }
    }

    /// Whether a later change is sure to give another stamp.
    fn is_settled(&self) -> bool {
        self.modified.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > TICK)
    }
}

/// What a view has to know of a manifest; its bytes are elsewhere.
#[derive(Debug)]
pub(crate) struct Known {
    /// The manifest's media type, digest and size.
    pub(crate) descriptor: Descriptor,
    children: Vec<Descriptor>,
    blobs: Vec<(Digest, u64)>,
    subject: Option<Digest>,
    referrer: Descriptor,
}

impl Known {
    /// Reads out of a manifest what the view needs.
    pub(crate) fn of(descriptor: &Descriptor, document: &ManifestDocument) -> Self {
        let plain = Descriptor::new(descriptor.media_type.clone(), descriptor.digest.clone(), descriptor.size);
        let referrer = Descriptor {
            artifact_type: document.referrer_type().filter(|text| !text.is_empty()).map(str::to_owned),
            annotations: document.annotations().clone(),
            ..plain.clone()
        };
        Self {
            descriptor: plain,
            children: document.manifests().to_vec(),
            blobs: document.blobs().map(|blob| (blob.digest.clone(), blob.size)).collect(),
            subject: document.subject().map(|subject| subject.digest.clone()),
            referrer,
        }
    }
}

/// Whether a blob's size is the one that the manifests of its repository give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// No manifest names the blob.
    Unknown,
    /// A manifest names it with this size.
    Right,
    /// Manifests name it with this other size.
    Expected(u64),
}

/// What one repository holds.
#[derive(Debug)]
pub(crate) struct View {
    stamp: Stamp,
    settled: bool,
    tags: BTreeMap<Tag, Descriptor>,
    manifests: BTreeMap<Digest, Arc<Known>>,
    sizes: BTreeSet<(Digest, u64)>,
    referrers: BTreeMap<Digest, Vec<Descriptor>>,
}

impl View {
    /// Follows `index.json` to every manifest; `load` gives those that are whole. A manifest that the former view knew is not loaded again.
    pub(crate) fn new(
        stamp: Stamp,
        index: &LayoutIndex,
        former: Option<&Self>,
        mut load: impl FnMut(&Descriptor) -> Option<Known>,
    ) -> Self {
        let mut view = Self {
            settled: stamp.is_settled(),
            stamp,
            tags: index.tags(),
            manifests: BTreeMap::new(),
            sizes: BTreeSet::new(),
            referrers: BTreeMap::new(),
        };
        let mut open: Vec<Descriptor> = index.entries().to_vec();
        while let Some(descriptor) = open.pop() {
            if view.manifests.contains_key(&descriptor.digest) {
                continue;
            }
            let known = former.and_then(|former| former.manifests.get(&descriptor.digest).cloned());
            if let Some(known) = known.or_else(|| load(&descriptor).map(Arc::new)) {
                open.extend(known.children.iter().cloned());
                view.manifests.insert(descriptor.digest, known);
            }
        }
        view.count_referrers_and_sizes();
        view
    }

    fn count_referrers_and_sizes(&mut self) {
        for known in self.manifests.values() {
            self.sizes.extend(known.blobs.iter().cloned());
            if let Some(subject) = &known.subject {
                self.referrers.entry(subject.clone()).or_default().push(known.referrer.clone());
            }
        }
    }

    /// Whether this is still what the disk says.
    pub(crate) fn is_of(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }

    /// What a tag points to, if it is there and whole.
    pub(crate) fn tagged(&self, tag: &Tag) -> Option<&Arc<Known>> {
        self.manifest(&self.tags.get(tag)?.digest)
    }

    /// A manifest of this repository.
    pub(crate) fn manifest(&self, digest: &Digest) -> Option<&Arc<Known>> {
        self.manifests.get(digest)
    }

    /// The tags in ASCII order.
    pub(crate) fn tags(&self) -> impl DoubleEndedIterator<Item = &Tag> {
        self.tags.keys()
    }

    /// What speaks about this digest, ordered by digest.
    pub(crate) fn referrers(&self, subject: &Digest) -> &[Descriptor] {
        self.referrers.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Compares a blob's size with what the manifests say.
    pub(crate) fn judge(&self, digest: &Digest, size: u64) -> Size {
        if self.sizes.contains(&(digest.clone(), size)) {
            return Size::Right;
        }
        let (first, last) = ((digest.clone(), 0), (digest.clone(), u64::MAX));
        self.sizes.range(first..=last).next().map_or(Size::Unknown, |(_, expected)| Size::Expected(*expected))
    }
}

#[cfg(test)]
mod tests {
    use oci::{ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

    use super::*;

    fn stamp(age: Duration) -> Stamp {
        Stamp { inode: 1, size: 1, modified: SystemTime::now().checked_sub(age) }
    }

    #[test]
    fn a_view_of_a_file_that_just_changed_is_not_trusted() {
        let make = |age| View::new(stamp(age), &LayoutIndex::default(), None, |_| None);
        let old = make(Duration::from_secs(1));
        assert!(old.is_of(&old.stamp));
        let new = make(Duration::ZERO);
        assert!(!new.is_of(&new.stamp));
    }

    #[test]
    fn children_are_found_missing_ones_skipped_and_known_ones_not_loaded_again() {
        let image = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), Vec::new());
        let child = Descriptor::of(MEDIA_TYPE_MANIFEST, &image.to_bytes());
        let missing = Descriptor::of(MEDIA_TYPE_MANIFEST, b"missing");
        let top = ImageIndex::new(vec![missing.clone(), child.clone()]);
        let top_descriptor = Descriptor::of(MEDIA_TYPE_INDEX, &top.to_bytes());
        let mut index = LayoutIndex::default();
        index.add(&top_descriptor);
        let load = |descriptor: &Descriptor| {
            let document = match () {
                () if descriptor.digest == child.digest => ManifestDocument::Image(Box::new(image.clone())),
                () if descriptor.digest == top_descriptor.digest => ManifestDocument::Index(Box::new(top.clone())),
                () => return None,
            };
            Some(Known::of(descriptor, &document))
        };
        let view = View::new(stamp(Duration::ZERO), &index, None, load);
        assert!(view.manifest(&child.digest).is_some() && view.manifest(&missing.digest).is_none());
        assert_eq!(view.judge(&Digest::of("config"), 6), Size::Right);
        assert_eq!(view.judge(&Digest::of("config"), 5), Size::Expected(6));
        assert_eq!(view.judge(&Digest::of("other"), 5), Size::Unknown);
        let asked = std::cell::RefCell::new(Vec::new());
        let again = View::new(stamp(Duration::ZERO), &index, Some(&view), |descriptor| {
            asked.borrow_mut().push(descriptor.digest.clone());
            None
        });
        assert!(again.manifest(&child.digest).is_some());
        assert_eq!(*asked.borrow(), [missing.digest], "only what was missing is tried again");
    }
}
