//! What the manifests of one repository say: which blobs they need, how large those are, and who refers to whom.
//!
//! In: the entries of `index.json` and the manifests that they lead to. Out: [`Contents`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use blob::Digest;
use oci::Descriptor;

use super::opaque::Document;

/// What has to be known of a manifest; its bytes are elsewhere.
#[derive(Debug)]
pub(crate) struct Known {
    /// The manifest's media type, digest and size.
    pub(crate) descriptor: Descriptor,
    /// The manifests that it names as its own.
    pub(crate) children: Vec<Descriptor>,
    /// The blobs that it names as its own.
    pub(crate) blobs: Vec<(Digest, u64)>,
    /// The manifest that it speaks about.
    pub(crate) subject: Option<Digest>,
    referrer: Descriptor,
}

impl Known {
    /// Reads out of a manifest what has to be known.
    pub(crate) fn of(descriptor: &Descriptor, document: &Document) -> Self {
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

/// What the manifests of one repository say.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    manifests: BTreeMap<Digest, Arc<Known>>,
    unreadable: BTreeSet<Digest>,
    sizes: BTreeSet<(Digest, u64)>,
    referrers: BTreeMap<Digest, Vec<Descriptor>>,
}

impl Contents {
    /// Follows entries to every manifest; `load` gives those that are whole. An entry that was known before is not loaded again; what
    /// only an index names is, because it may have been deleted meanwhile.
    pub(crate) fn read<'a>(
        entries: impl Iterator<Item = &'a Descriptor>,
        former: Option<&Self>,
        mut load: impl FnMut(&Descriptor) -> Option<Known>,
    ) -> Self {
        let mut contents = Self::default();
        let mut open: VecDeque<(Descriptor, bool)> = entries.map(|entry| (entry.clone(), true)).collect();
        while let Some((descriptor, is_listed)) = open.pop_front() {
            if contents.manifests.contains_key(&descriptor.digest) {
                continue;
            }
            let former = former.filter(|_| is_listed);
            let known = former.and_then(|former| former.manifests.get(&descriptor.digest).cloned());
            if let Some(known) = known.or_else(|| load(&descriptor).map(Arc::new)) {
                open.extend(known.children.iter().map(|child| (child.clone(), false)));
                contents.manifests.insert(descriptor.digest, known);
            } else if is_listed {
                contents.unreadable.insert(descriptor.digest);
            }
        }
        contents.count_referrers_and_sizes();
        contents
    }

    fn count_referrers_and_sizes(&mut self) {
        for known in self.manifests.values() {
            self.sizes.extend(known.blobs.iter().cloned());
            if let Some(subject) = &known.subject {
                self.referrers.entry(subject.clone()).or_default().push(known.referrer.clone());
            }
        }
    }

    /// A manifest of this repository.
    pub(crate) fn manifest(&self, digest: &Digest) -> Option<&Arc<Known>> {
        self.manifests.get(digest)
    }

    /// All manifests, by digest.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.manifests.values()
    }

    /// What `index.json` lists and nobody can read: what it needs is not known.
    pub(crate) fn unreadable(&self) -> &BTreeSet<Digest> {
        &self.unreadable
    }

    /// What speaks about this digest, ordered by digest.
    pub(crate) fn referrers(&self, subject: &Digest) -> &[Descriptor] {
        self.referrers.get(subject).map_or(&[], Vec::as_slice)
    }

    /// An index that names this manifest as its own.
    pub(crate) fn parent(&self, child: &Digest) -> Option<&Arc<Known>> {
        self.manifests.values().find(|known| known.children.iter().any(|one| one.digest == *child))
    }

    /// A manifest that names this blob as its own.
    pub(crate) fn owner(&self, blob: &Digest) -> Option<&Arc<Known>> {
        self.manifests.values().find(|known| known.blobs.iter().any(|(one, _)| one == blob))
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
    use std::cell::RefCell;

    use oci::{ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

    use super::*;

    #[test]
    fn children_are_found_missing_ones_skipped_and_known_ones_not_loaded_again() {
        let image = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, b"config"), Vec::new());
        let child = Descriptor::of(MEDIA_TYPE_MANIFEST, &image.to_bytes());
        let missing = Descriptor::of(MEDIA_TYPE_MANIFEST, b"missing");
        let top = ImageIndex::new(vec![missing.clone(), child.clone()]);
        let entry = Descriptor::of(MEDIA_TYPE_INDEX, &top.to_bytes());
        let load = |descriptor: &Descriptor| {
            let document: Document = match () {
                () if descriptor.digest == child.digest => image.clone().into(),
                () if descriptor.digest == entry.digest => top.clone().into(),
                () => return None,
            };
            Some(Known::of(descriptor, &document))
        };
        let contents = Contents::read([&entry].into_iter(), None, load);
        assert!(contents.manifest(&child.digest).is_some() && contents.manifest(&missing.digest).is_none());
        assert!(contents.unreadable().is_empty(), "an index may be sparse");
        assert_eq!(contents.parent(&child.digest).unwrap().descriptor, entry);
        assert_eq!(contents.owner(&Digest::of("config")).unwrap().descriptor, child);
        assert_eq!(contents.judge(&Digest::of("config"), 6), Size::Right);
        assert_eq!(contents.judge(&Digest::of("config"), 5), Size::Expected(6));
        assert_eq!(contents.judge(&Digest::of("other"), 5), Size::Unknown);
        let asked = RefCell::new(Vec::new());
        let again = Contents::read([&entry, &child, &missing].into_iter(), Some(&contents), |descriptor| {
            asked.borrow_mut().push(descriptor.digest.clone());
            None
        });
        assert!(again.manifest(&child.digest).is_some() && again.unreadable().contains(&missing.digest));
        assert_eq!(asked.borrow()[0], missing.digest, "only what was missing is tried again");
        let again = Contents::read([&entry].into_iter(), Some(&contents), |_| None);
        assert!(again.manifest(&child.digest).is_none(), "it is not listed and was deleted");
    }
}
