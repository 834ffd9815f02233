//! What one repository's `index.json` says at one moment; what the manifests say is read when somebody asks for it.
//!
//! In: `index.json`. Out: a [`View`], which never changes; another `index.json` gives another view.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file>.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use blob::Digest;
use oci::{Descriptor, LayoutIndex, Tag};

use super::contents::{Contents, Known};

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

/// What one repository lists.
#[derive(Debug)]
pub(crate) struct View {
    stamp: Stamp,
    settled: bool,
    tags: BTreeMap<Tag, Descriptor>,
    entries: BTreeMap<Digest, Descriptor>,
    former: Mutex<Option<Arc<Contents>>>,
    contents: OnceLock<Arc<Contents>>,
}

impl View {
    /// What `index.json` says; the former view's manifests are not read again.
    pub(crate) fn new(stamp: Stamp, index: &LayoutIndex, former: Option<&Self>) -> Self {
        let plain = |entry: &Descriptor| Descriptor::new(&*entry.media_type, entry.digest.clone(), entry.size);
        Self {
            settled: stamp.is_settled(),
            stamp,
            tags: index.tags().into_iter().map(|(tag, entry)| (tag, plain(&entry))).collect(),
            entries: index.entries().iter().map(|entry| (entry.digest.clone(), plain(entry))).collect(),
            former: Mutex::new(former.and_then(Self::latest_contents)),
            contents: OnceLock::new(),
        }
    }

    fn latest_contents(&self) -> Option<Arc<Contents>> {
        self.loaded().cloned().or_else(|| self.former.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Whether this is still what the disk says.
    pub(crate) fn is_of(&self, stamp: &Stamp) -> bool {
        self.settled && self.stamp == *stamp
    }

    /// What a tag points to, whether that is there or not.
    pub(crate) fn tagged(&self, tag: &Tag) -> Option<&Descriptor> {
        self.tags.get(tag)
    }

    /// The tags in ASCII order.
    pub(crate) fn tags(&self) -> impl DoubleEndedIterator<Item = &Tag> {
        self.tags.keys()
    }

    /// A manifest that `index.json` lists by itself.
    pub(crate) fn entry(&self, digest: &Digest) -> Option<&Descriptor> {
        self.entries.get(digest)
    }

    /// What the manifests say, if they were read already.
    pub(crate) fn loaded(&self) -> Option<&Arc<Contents>> {
        self.contents.get()
    }

    /// What the manifests say; `load` reads one.
    pub(crate) fn contents(&self, load: impl FnMut(&Descriptor) -> Option<Known>) -> &Arc<Contents> {
        self.contents.get_or_init(|| {
            let former = self.former.lock().unwrap_or_else(PoisonError::into_inner).take();
            Arc::new(Contents::read(self.entries.values(), former.as_deref(), load))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(age: Duration) -> Stamp {
        Stamp { inode: 1, size: 1, modified: SystemTime::now().checked_sub(age) }
    }

    #[test]
    fn a_view_of_a_file_that_just_changed_is_not_trusted() {
        let make = |age| View::new(stamp(age), &LayoutIndex::default(), None);
        let old = make(Duration::from_secs(1));
        assert!(old.is_of(&old.stamp));
        let new = make(Duration::ZERO);
        assert!(!new.is_of(&new.stamp));
    }

    #[test]
    fn manifests_are_read_once_even_when_views_between_were_not_asked() {
        let entry = Descriptor::of(oci::MEDIA_TYPE_INDEX, &oci::ImageIndex::new(Vec::new()).to_bytes());
        let mut index = LayoutIndex::default();
        index.add(&entry);
        let document = oci::ImageIndex::new(Vec::new());
        let first = View::new(stamp(Duration::ZERO), &index, None);
        let load = |entry: &Descriptor| Some(Known::of(entry, &document.clone().into()));
        assert!(first.contents(load).manifest(&entry.digest).is_some());
        let second = View::new(stamp(Duration::ZERO), &index, Some(&first));
        let third = View::new(stamp(Duration::ZERO), &index, Some(&second));
        assert!(third.contents(|_| unreachable!("it is known")).manifest(&entry.digest).is_some());
    }
}
