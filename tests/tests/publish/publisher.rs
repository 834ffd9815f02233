//! A state folder with published images, as waves leave it.
//!
//! In: names of images and the texts of their layers. Out: the folder, its store, and what `Targets` wants to know of the images.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use assemble::{ImageLock, LOCK_SCHEMA};
use blob::Digest;
use jiff::Timestamp;
use oci::{
    Descriptor, EMPTY_JSON, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX,
    MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST, Platform, Repository, Tag,
};
use plan::{Attested, Publication, PublishedPlatform};
use registry::{Place, Store};
use signing::{CYCLONEDX, Document, PROVENANCE, SPDX, Statement};
use worker::{
    ImageTags, Publications, Saying, Sending, Sent, Signers, SigningSettings, Subject, TargetSettings, Targets, attach,
    silent,
};

/// A state folder.
pub(crate) struct Publisher {
    folder: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) signers: Arc<Signers>,
}

/// The host in the names that images are signed under.
pub(crate) const HOST: &str = "images.example";

/// A layer that tests may share between images: so long that it is sent in several pieces.
pub(crate) fn layer(text: &str) -> Vec<u8> {
    text.bytes().cycle().take(200_000).collect()
}

/// A target that is this address and nothing else.
pub(crate) fn to(address: &str) -> TargetSettings {
    TargetSettings { plain_http: true, ..TargetSettings::new(address.parse().unwrap()) }
}

impl Publisher {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let store = Arc::new(Store::open(state.join("registry")).unwrap());
        let signers = Arc::new(Signers::open(&SigningSettings::default(), &state).unwrap());
        Self { folder, store, signers }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Publishes an image for two platforms with these layers, under `latest` and a version.
    pub(crate) fn publish(&self, image: &str, version: &str, layers: &[Vec<u8>]) -> ImageTags {
        let repository: Repository = image.parse().unwrap();
        let put = |media_type, bytes: &[u8]| {
            self.store.put_bytes(&repository, bytes).unwrap();
            Descriptor::of(media_type, bytes)
        };
        let layers: Vec<Descriptor> = layers.iter().map(|layer| put(MEDIA_TYPE_LAYER_GZIP, layer)).collect();
        let manifest = |architecture: &str| {
            let platform = Platform::linux(architecture);
            let config = ImageConfig::new(platform.clone(), layers.iter().map(|layer| layer.digest.clone()).collect());
            let config = put(MEDIA_TYPE_CONFIG, &config.to_bytes());
            let manifest = ImageManifest::new(config, layers.clone()).to_bytes();
            self.store.put_manifest(&repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap().with_platform(platform)
        };
        let platforms = ["amd64", "arm64"].map(manifest);
        let index = ImageIndex::new(platforms.to_vec()).to_bytes();
        let index = self.store.put_manifest(&repository, &index, MEDIA_TYPE_INDEX).unwrap();
        let tags = ["latest", version].map(|tag| (tag.parse::<Tag>().unwrap(), index.clone()));
        self.store.tag_all(&repository, &tags).unwrap();
        let mut publication = publication(image, version, &index.digest);
        publication.platforms = platforms.iter().map(published_platform).collect();
        publication.attested = self.sign(&repository, platforms.into_iter().chain([index]));
        Publications::of_state(&self.state()).unwrap().put(&publication).unwrap();
        ImageTags::try_from(&publication).unwrap()
    }

    fn sign(&self, repository: &Repository, manifests: impl Iterator<Item = Descriptor>) -> Attested {
        let name = format!("{HOST}/{repository}");
        let subjects = manifests.map(|manifest| subject(&name, manifest)).collect();
        let place = Place::Store(Arc::clone(&self.store), repository.clone());
        // In a thread of its own, because callers may have a runtime or none.
        let sign = || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(attach(&place, &name, subjects, &self.signers)).unwrap()
        };
        let manifests = std::thread::scope(|scope| scope.spawn(sign).join().unwrap());
        Attested { name, signers: Vec::new(), manifests, scan: None }
    }

    /// Puts something that speaks about an image.
    pub(crate) fn state_about(&self, image: &ImageTags) -> Descriptor {
        self.store.put_bytes(&image.repository, EMPTY_JSON).unwrap();
        let subject = self.store.manifest(&image.repository, &image.index).unwrap().unwrap().descriptor;
        let mut manifest = ImageManifest::new(Descriptor::empty(), Vec::new());
        (manifest.artifact_type, manifest.subject) = (Some("a/b".to_owned()), Some(subject));
        self.store.put_manifest(&image.repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap()
    }

    /// Two images that share a layer.
    pub(crate) fn two(&self) -> [ImageTags; 2] {
        let base = layer("base");
        let layers = [base, layer("python")];
        [self.publish("base", "1", &layers[..1]), self.publish("python", "3.13", &layers)]
    }

    /// One run to one target, in a client of its own.
    pub(crate) async fn send(&self, address: &str, images: &[ImageTags], sending: Sending) -> Vec<Sent> {
        let targets = Targets::new(&[to(address)], silent()).unwrap();
        targets.publish(&self.store, &self.signers, images, sending).await
    }
}

/// A manifest with a statement of each kind that a policy of ours wants.
fn subject(name: &str, descriptor: Descriptor) -> Subject {
    let said = |predicate_type| {
        let document = Document::new("{}").unwrap();
        let about = vec![signing::Subject::named(name, &descriptor.digest)];
        let payload = Statement::of_document(predicate_type, about, document).to_bytes();
        Saying { predicate_type, payload, created: Timestamp::UNIX_EPOCH }
    };
    let statements = [SPDX, CYCLONEDX, PROVENANCE].map(said).into();
    Subject { descriptor, created: Timestamp::UNIX_EPOCH, statements, withdrawn: Vec::new() }
}

fn published_platform(manifest: &Descriptor) -> (String, PublishedPlatform) {
    let platform = manifest.platform.as_ref().unwrap().to_string();
    (platform, PublishedPlatform { manifest: manifest.digest.clone(), size: manifest.size, packages: 0 })
}

fn publication(image: &str, version: &str, index: &Digest) -> Publication {
    let lock = ImageLock {
        schema: LOCK_SCHEMA.to_owned(),
        name: image.to_owned(),
        release: "trixie".to_owned(),
        definition: Digest::of(image),
        snapshot: Vec::new(),
        platforms: BTreeMap::new(),
    };
    Publication {
        image: image.to_owned(),
        repository: image.to_owned(),
        tags: vec!["latest".to_owned()],
        fixed_tag: version.to_owned(),
        version: version.to_owned(),
        index: index.clone(),
        platforms: BTreeMap::new(),
        created: Timestamp::UNIX_EPOCH,
        published: Timestamp::UNIX_EPOCH,
        builder: "bedplate".to_owned(),
        attested: Attested::default(),
        lock,
    }
}
