//! An image layout: a folder that holds images as a registry does, as values.
//!
//! In: the bytes of `index.json`, or descriptors with their tags. Out: a [`LayoutIndex`], its bytes, and the names of files.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::collections::BTreeMap;

use blob::Digest;

use crate::document::{self, DocumentError};
use crate::{Descriptor, ImageIndex, Tag};

/// The file that says that a folder is an image layout.
pub const LAYOUT_FILE: &str = "oci-layout";
/// The file that lists what is in it.
pub const INDEX_FILE: &str = "index.json";
/// The folder with all bytes, by digest.
pub const BLOBS_FOLDER: &str = "blobs";
/// The version of the layout.
pub const LAYOUT_VERSION: &str = "1.0.0";
/// The annotation that gives an entry of `index.json` its tag.
pub const ANNOTATION_REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A layout keeps every manifest of years in one file: that may grow larger than what travels over the network.
const LARGEST_INDEX: usize = 64 * 1024 * 1024;

/// The bytes of the file [`LAYOUT_FILE`].
pub fn layout_file() -> Vec<u8> {
    format!(r#"{{"imageLayoutVersion":"{LAYOUT_VERSION}"}}"#).into_bytes()
}

/// Where a layout keeps a blob, relative to its folder, with `/` between the parts.
pub fn blob_path(digest: &Digest) -> String {
    format!("{BLOBS_FOLDER}/{}/{}", digest.algorithm().name(), digest.hex())
}

/// What `index.json` says: which manifests are there, and under which tags.
///
/// A manifest with several tags has several entries; one without a tag has one entry without the annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutIndex(ImageIndex);

impl Default for LayoutIndex {
    fn default() -> Self {
        Self(ImageIndex::new(Vec::new()))
    }
}

impl LayoutIndex {
    /// Reads `index.json`.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        document::read(INDEX_FILE, bytes, LARGEST_INDEX).map(Self)
    }

    /// `index.json` as compact JSON: entries sorted by tag, then by digest, so that it does not tell who came first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut index = self.0.clone();
        index.manifests.sort_by(|a, b| (tag_text(a), &a.digest).cmp(&(tag_text(b), &b.digest)));
        index.to_bytes()
    }

    /// All entries.
    pub fn entries(&self) -> &[Descriptor] {
        &self.0.manifests
    }

    /// What a tag points to, without the annotation that holds the tag.
    pub fn resolve(&self, tag: &Tag) -> Option<Descriptor> {
        self.0.manifests.iter().find(|entry| tag_text(entry) == Some(tag.as_str())).map(without_tag)
    }

    /// All tags in ASCII order, with what they point to. An annotation that is no tag, as other tools write them, is left out.
    pub fn tags(&self) -> BTreeMap<Tag, Descriptor> {
        let tagged =
            self.0.manifests.iter().filter_map(|entry| Some((tag_text(entry)?.parse().ok()?, without_tag(entry))));
        // Of two entries with one tag the first counts, as in `resolve`: it is put last.
        tagged.rev().collect()
    }

    /// Makes a tag point to a manifest, wherever it pointed before. What it pointed to stays listed, without a tag if it has no other.
    pub fn set(&mut self, tag: &Tag, descriptor: &Descriptor) {
        self.remove(tag);
        self.0.manifests.retain(|entry| tag_text(entry).is_some() || entry.digest != descriptor.digest);
        self.0.manifests.push(without_tag(descriptor).with_annotation(ANNOTATION_REF_NAME, tag.as_str()));
    }

    /// Lists a manifest without giving it a tag; nothing changes where it is listed already.
    pub fn add(&mut self, descriptor: &Descriptor) {
        if !self.contains(&descriptor.digest) {
            self.0.manifests.push(without_tag(descriptor));
        }
    }

    /// Takes a tag away and says what it pointed to. The manifest stays listed.
    pub fn remove(&mut self, tag: &Tag) -> Option<Descriptor> {
        let old = self.resolve(tag)?;
        self.0.manifests.retain(|entry| tag_text(entry) != Some(tag.as_str()));
        self.add(&old);
        Some(old)
    }

    /// Takes a manifest off the list, with all its tags.
    pub fn forget(&mut self, digest: &Digest) {
        self.0.manifests.retain(|entry| entry.digest != *digest);
    }

    /// Whether a manifest with this digest is listed, with or without a tag.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.0.manifests.iter().any(|entry| entry.digest == *digest)
    }
}

fn tag_text(descriptor: &Descriptor) -> Option<&str> {
    descriptor.annotations.get(ANNOTATION_REF_NAME).map(String::as_str)
}

fn without_tag(descriptor: &Descriptor) -> Descriptor {
    let mut plain = descriptor.clone();
    plain.annotations.remove(ANNOTATION_REF_NAME);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MEDIA_TYPE_INDEX;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    fn descriptor(text: &str) -> Descriptor {
        Descriptor::of(MEDIA_TYPE_INDEX, text.as_bytes())
    }

    #[test]
    fn a_forgotten_manifest_loses_all_its_tags() {
        let mut index = LayoutIndex::default();
        let [one, two] = ["one", "two"].map(|text| Descriptor::of(MEDIA_TYPE_INDEX, text.as_bytes()));
        index.set(&tag("1"), &one);
        index.set(&tag("1.0"), &one);
        index.set(&tag("2"), &two);
        index.forget(&one.digest);
        assert_eq!(index.tags().into_keys().collect::<Vec<_>>(), [tag("2")]);
        assert!(!index.contains(&one.digest));
    }

    #[test]
    fn a_tag_moves_and_what_it_left_stays_listed() {
        let mut index = LayoutIndex::default();
        index.set(&tag("latest"), &descriptor("old"));
        index.set(&tag("latest"), &descriptor("new"));
        assert_eq!(index.resolve(&tag("latest")), Some(descriptor("new")));
        assert!(index.contains(&descriptor("old").digest));
        assert_eq!(index.entries().len(), 2);
    }

    #[test]
    fn two_tags_may_point_to_one_manifest() {
        let mut index = LayoutIndex::default();
        index.add(&descriptor("a"));
        index.set(&tag("2"), &descriptor("a"));
        index.set(&tag("1"), &descriptor("a"));
        assert_eq!(index.entries().len(), 2);
        assert_eq!(index.tags().keys().map(Tag::as_str).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(index.remove(&tag("1")), Some(descriptor("a")));
        assert_eq!((index.resolve(&tag("1")), index.entries().len()), (None, 1));
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_order_of_writing() {
        let (mut one, mut two) = (LayoutIndex::default(), LayoutIndex::default());
        for (index, order) in [(&mut one, ["a", "b", "c"]), (&mut two, ["c", "a", "b"])] {
            for name in order {
                index.set(&tag(name), &descriptor(name));
                index.add(&descriptor(&format!("{name}{name}")));
            }
        }
        assert_eq!(one.to_bytes(), two.to_bytes());
        assert_eq!(LayoutIndex::parse(&one.to_bytes()).unwrap().to_bytes(), one.to_bytes());
    }

    #[test]
    fn names_are_those_of_the_specification() {
        assert_eq!(layout_file(), br#"{"imageLayoutVersion":"1.0.0"}"#);
        let path = "blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(blob_path(&Digest::of("")), path);
    }
}
