//! What repositories should hold after any requests, in a few lines: sets of digests and a map of tags.
//!
//! In: what can be pushed. Out: a [`Model`] that is told what happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{Content, Hash};

use crate::content_sets::{CONFIG, IMAGE, INDEX};

/// A manifest, and what it names.
pub(crate) struct Document {
    pub(crate) content: Content,
    pub(crate) blobs: Vec<String>,
    pub(crate) children: Vec<String>,
    pub(crate) subject: Option<String>,
}

/// All that can be pushed.
pub(crate) struct World {
    pub(crate) blobs: Vec<Content>,
    pub(crate) documents: Vec<Document>,
}

impl World {
    pub(crate) fn new() -> Self {
        let blobs = (0..5).map(|_| Content::new(CONFIG, tests::noise(40), Hash::Sha256)).collect();
        let mut world = Self { blobs, documents: Vec::new() };
        let images: Vec<Value> = (0..4).map(|number| world.add_image(number, None)).collect();
        let indexes = [&images[..2], &images[1..3], &[]].map(|children| world.add_index(children));
        world.add_index(&indexes[..2]);
        for (number, subject) in [&images[0], &images[3], &indexes[0]].into_iter().enumerate() {
            world.add_image(number, Some(subject));
        }
        world
    }

    fn add_image(&mut self, number: usize, subject: Option<&Value>) -> Value {
        let used = [&self.blobs[number % 5], &self.blobs[(number + 1) % 5]];
        let digests = used.map(|blob| blob.digest.clone()).to_vec();
        let mut value = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": used[0].descriptor(), "layers": [used[1].descriptor()] });
        if let Some(subject) = subject {
            value["subject"] = subject.clone();
        }
        self.add(&Content::json(IMAGE, &value, Hash::Sha256), digests, &[], subject)
    }

    fn add_index(&mut self, children: &[Value]) -> Value {
        let value = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
        self.add(&Content::json(INDEX, &value, Hash::Sha256), Vec::new(), children, None)
    }

    fn add(&mut self, content: &Content, blobs: Vec<String>, children: &[Value], subject: Option<&Value>) -> Value {
        let digest = |value: &Value| value["digest"].as_str().unwrap().to_owned();
        let (children, subject) = (children.iter().map(digest).collect(), subject.map(digest));
        self.documents.push(Document { content: content.clone(), blobs, children, subject });
        content.descriptor()
    }
}

/// What one repository should hold.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) is_there: bool,
    pub(crate) blobs: BTreeSet<String>,
    pub(crate) manifests: BTreeSet<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Model {
    pub(crate) fn documents<'w>(&self, world: &'w World) -> Vec<&'w Document> {
        world.documents.iter().filter(|document| self.manifests.contains(&document.content.digest)).collect()
    }

    /// Takes what no tag leads to, and what nothing needs.
    pub(crate) fn collect(&mut self, world: &World) {
        let documents = self.documents(world);
        let mut kept: BTreeSet<String> = self.tags.values().cloned().collect();
        loop {
            let is_kept = |document: &&&Document| {
                let named = documents.iter().any(|parent| {
                    kept.contains(&parent.content.digest) && parent.children.contains(&document.content.digest)
                });
                named
                    || document
                        .subject
                        .as_ref()
                        .is_some_and(|subject| kept.contains(subject) && self.manifests.contains(subject))
            };
            let more: Vec<_> =
                documents.iter().filter(is_kept).map(|document| document.content.digest.clone()).collect();
            let before = kept.len();
            kept.extend(more);
            if kept.len() == before {
                break;
            }
        }
        let kept_documents = documents.iter().filter(|document| kept.contains(&document.content.digest));
        let needed: BTreeSet<_> = kept_documents.flat_map(|document| document.blobs.clone()).collect();
        self.manifests.retain(|digest| kept.contains(digest));
        self.blobs.retain(|digest| needed.contains(digest));
    }
}
