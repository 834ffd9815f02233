//! An image with all that can belong to one, and ways to look whether all of it arrived.

use std::collections::BTreeSet;
use std::sync::Mutex;

use blob::Digest;
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP,
    MEDIA_TYPE_MANIFEST, Platform, Repository, Tag,
};
use registry::{
    Client, CopyError, CopyEvent, CopyOptions, CopyReporter, CopySummary, Named, Place, Remote, Store, copy,
};

use crate::fixture::{Registry, noise, settings, tag};

/// The image `1`, also `latest`: two platforms, a statement about the index, one about a platform, one about that statement, and
/// signatures by tag of the index and of a platform.
pub(crate) struct Gallery {
    pub(crate) index: Descriptor,
    pub(crate) platforms: Vec<Descriptor>,
    pub(crate) referrers: Vec<Descriptor>,
    pub(crate) signatures: Vec<(Tag, Descriptor)>,
}

/// Larger than what is kept in memory on its way.
pub(crate) const LARGE: usize = 1_200_000;

impl Gallery {
    pub(crate) fn put(store: &Store, repository: &Repository) -> Self {
        let platforms = vec![platform(store, repository, "amd64"), platform(store, repository, "arm64")];
        let index = ImageIndex::new(platforms.clone()).to_bytes();
        let index = store.put_manifest(repository, &index, MEDIA_TYPE_INDEX).unwrap();
        let one = artifact(store, repository, Some(&index), "one");
        let two = artifact(store, repository, Some(&platforms[0]), "two");
        let three = artifact(store, repository, Some(&two), "three");
        let signatures = vec![
            (signature_tag(&index, "sig"), artifact(store, repository, None, "sig")),
            (signature_tag(&platforms[1], "att"), artifact(store, repository, None, "att")),
        ];
        let tags = ["1", "latest"].map(|text| (tag(text), index.clone()));
        store.tag_all(repository, &[signatures.as_slice(), &tags].concat()).unwrap();
        // Not asked for.
        let other = artifact(store, repository, None, "other");
        store.tag(repository, &tag("other"), &other).unwrap();
        Self { index, platforms, referrers: vec![one, two, three], signatures }
    }

    /// How many manifests there are.
    pub(crate) fn manifests(&self) -> usize {
        1 + self.platforms.len() + self.referrers.len() + self.signatures.len()
    }

    /// Whether a repository has all of it, byte for byte, and nothing else.
    pub(crate) async fn assert_in(&self, remote: &Remote) {
        for what in self.digests().into_iter().map(Named::Digest) {
            assert!(remote.manifest(&what).await.unwrap().is_some(), "{what}");
        }
        for text in ["1", "latest"] {
            assert_eq!(remote.head(&Named::Tag(tag(text))).await.unwrap(), Some(self.index.clone()));
        }
        for (tag, descriptor) in &self.signatures {
            assert_eq!(remote.head(&Named::Tag(tag.clone())).await.unwrap().as_ref(), Some(descriptor));
        }
        let subjects = [&self.index, &self.platforms[0], &self.referrers[1]];
        for (subject, referrer) in subjects.into_iter().zip(&self.referrers) {
            let found = remote.referrers(&subject.digest).await.unwrap();
            assert_eq!(found.iter().map(|found| &found.digest).collect::<Vec<_>>(), [&referrer.digest]);
            assert_eq!(found[0].artifact_type.as_deref(), Some("application/x-test"));
        }
        let tags = remote.tags().await.unwrap();
        assert!(!tags.contains(&tag("other")), "{tags:?}");
    }

    fn digests(&self) -> BTreeSet<Digest> {
        let all = [&self.index].into_iter().chain(&self.platforms).chain(&self.referrers);
        all.chain(self.signatures.iter().map(|(_, one)| one)).map(|one| one.digest.clone()).collect()
    }
}

fn platform(store: &Store, repository: &Repository, architecture: &str) -> Descriptor {
    let platform = Platform::linux(architecture);
    let shared = put(store, repository, MEDIA_TYPE_LAYER_GZIP, &noise(LARGE));
    let own = put(store, repository, MEDIA_TYPE_LAYER_GZIP, architecture.as_bytes());
    let config = ImageConfig::new(platform.clone(), vec![shared.digest.clone(), own.digest.clone()]).to_bytes();
    let config = put(store, repository, MEDIA_TYPE_CONFIG, &config);
    let manifest = ImageManifest::new(config, vec![shared, own]).to_bytes();
    store.put_manifest(repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap().with_platform(platform)
}

fn put(store: &Store, repository: &Repository, media_type: &str, bytes: &[u8]) -> Descriptor {
    store.put_bytes(repository, bytes).unwrap();
    Descriptor::of(media_type, bytes)
}

/// An artifact, that speaks about `subject`.
pub(crate) fn artifact(store: &Store, repository: &Repository, subject: Option<&Descriptor>, text: &str) -> Descriptor {
    let layer = put(store, repository, "text/plain", text.as_bytes());
    store.put_bytes(repository, oci::EMPTY_JSON).unwrap();
    let mut manifest = ImageManifest::new(Descriptor::empty(), vec![layer]);
    manifest.artifact_type = Some("application/x-test".to_owned());
    manifest.subject = subject.map(|one| Descriptor::new(one.media_type.clone(), one.digest.clone(), one.size));
    store.put_manifest(repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap()
}

fn signature_tag(of: &Descriptor, ending: &str) -> Tag {
    tag(&format!("sha256-{}.{ending}", of.digest.hex()))
}

/// A client that knows both registries, or one for each of them.
pub(crate) fn client(registry: &Registry) -> Client {
    Client::new(settings(registry.folder.path())).unwrap()
}

/// The tag `1` becomes the tags `1` and `latest`.
pub(crate) fn wanted() -> Vec<(Named, Vec<Tag>)> {
    vec![(Named::Tag(tag("1")), vec![tag("1"), tag("latest")])]
}

/// Copies the image and says what was told.
pub(crate) async fn copy_all(source: &Place, target: &Place) -> (Result<CopySummary, CopyError>, Vec<CopyEvent>) {
    let heard = Heard::default();
    let summary = copy(source, target, &wanted(), &CopyOptions::default(), &heard).await;
    (summary, heard.0.into_inner().unwrap())
}

/// Writes down what it is told.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<CopyEvent>>);

impl CopyReporter for Heard {
    fn event(&self, event: CopyEvent) {
        self.0.lock().unwrap().push(event);
    }
}
