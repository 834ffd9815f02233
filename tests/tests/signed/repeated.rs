//! Signing again: what is there stays as it is, what changed is replaced, what others said is left alone.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Repository, Tag};
use registry::{Place, Reader, Store};
use signing::{
    CYCLONEDX, ClassicSignature, Document, KeyPair, PROVENANCE, SPDX, Statement, read_classic, sign_classic,
    sign_image, write_classic, write_referrer,
};
use worker::{KeyFolder, KeyRole, Saying, Signers, SigningSettings, Subject, attach, gather_evidence};

const NAME: &str = "images.example/a";

struct Images {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    image: Descriptor,
}

impl Images {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let image =
            store.put_manifest(&repository(), &ImageIndex::new(Vec::new()).to_bytes(), MEDIA_TYPE_INDEX).unwrap();
        Self { folder, store, image }
    }

    fn signers(&self) -> Arc<Signers> {
        Arc::new(Signers::open(&SigningSettings::default(), self.folder.path()).unwrap())
    }

    fn place(&self) -> Place {
        Place::Store(Arc::clone(&self.store), repository())
    }

    /// Attaches under a name, with an inventory of this text; gives what holds it, in order.
    async fn sign(&self, name: &str, text: &str) -> Vec<Digest> {
        let said = |predicate_type, text: &str| {
            let about = vec![signing::Subject::named(name, &self.image.digest)];
            let document = Document::new(&format!(r#"{{"text":"{text}"}}"#)).unwrap();
            let payload = Statement::of_document(predicate_type, about, document).to_bytes();
            Saying { predicate_type, payload, created: Timestamp::UNIX_EPOCH }
        };
        let statements = vec![said(SPDX, text), said(CYCLONEDX, "same"), said(PROVENANCE, text)];
        let (descriptor, created) = (self.image.clone(), Timestamp::UNIX_EPOCH);
        let subject = Subject { descriptor, created, statements, withdrawn: Vec::new() };
        let mut made = attach(&self.place(), name, vec![subject], &self.signers()).await.unwrap();
        made.sort();
        made
    }

    fn referrers(&self) -> Vec<Digest> {
        self.store.referrers(&repository(), &self.image.digest).unwrap().into_iter().map(|it| it.digest).collect()
    }

    fn classic(&self) -> Vec<ClassicSignature> {
        let tag = Tag::attached(&self.image.digest, "sig").unwrap();
        let found = self.store.resolve(&repository(), &tag).unwrap().unwrap();
        read_classic(&self.store.manifest(&repository(), &found.digest).unwrap().unwrap().bytes).unwrap()
    }
}

fn repository() -> Repository {
    "a".parse().unwrap()
}

#[tokio::test]
async fn said_again_nothing_changes() {
    let images = Images::new();
    let first = images.sign(NAME, "x").await;
    let listed = std::fs::read(images.store.layout_path(&repository()).join("index.json")).unwrap();
    assert_eq!((first.len(), images.referrers().len(), images.classic().len()), (5, 4, 1));
    assert_eq!(images.sign(NAME, "x").await, first);
    assert_eq!(std::fs::read(images.store.layout_path(&repository()).join("index.json")).unwrap(), listed);
}

#[tokio::test]
async fn what_is_said_anew_takes_the_place_of_what_was_said_but_how_it_was_built_is_said_once() {
    let images = Images::new();
    let first = images.sign(NAME, "x").await;
    let second = images.sign(NAME, "y").await;
    assert_eq!(second.iter().filter(|digest| !first.contains(digest)).count(), 1, "the inventory alone");
    assert_eq!(images.referrers().len(), 4);
}

#[tokio::test]
async fn another_name_takes_the_place_of_the_former_one_in_both_forms() {
    let images = Images::new();
    images.sign("127.0.0.1:8080/a", "x").await;
    images.sign(NAME, "x").await;
    assert_eq!((images.referrers().len(), images.classic().len()), (4, 1));
    let evidence = gather_evidence(&Reader::open(&images.place()).await.unwrap(), &images.image.digest).await.unwrap();
    assert!(String::from_utf8(evidence.classic[0].payload.clone()).unwrap().contains(NAME));
}

#[tokio::test]
async fn while_a_key_is_replaced_both_sign_and_neither_twice() {
    let images = Images::new();
    images.sign(NAME, "x").await;
    let keys = KeyFolder::of_state(images.folder.path());
    keys.add(KeyRole::Release).unwrap();
    keys.add(KeyRole::Statement).unwrap();
    let both = images.sign(NAME, "x").await;
    assert_eq!((images.referrers().len(), images.classic().len()), (8, 2));
    assert_eq!(images.sign(NAME, "x").await, both);
    assert_eq!((images.referrers().len(), images.classic().len()), (8, 2));
}

#[tokio::test]
async fn what_others_said_stays() {
    let images = Images::new();
    let other = KeyPair::from_seed(&[9; 32]).unwrap();
    let bundle = sign_image(&other, &images.image.digest, NAME).unwrap().to_bytes();
    images.store.put_bytes(&repository(), &bundle).unwrap();
    images.store.put_bytes(&repository(), oci::EMPTY_JSON).unwrap();
    let referrer = write_referrer(&bundle, signing::COSIGN_SIGNATURE, images.image.clone(), Timestamp::UNIX_EPOCH);
    images.store.put_manifest(&repository(), &referrer.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
    let (theirs, payload) = sign_classic(&other, &images.image.digest, NAME).unwrap();
    let artifact = write_classic(std::slice::from_ref(&theirs));
    images.store.put_bytes(&repository(), &payload).unwrap();
    images.store.put_bytes(&repository(), &artifact.config).unwrap();
    let manifest =
        images.store.put_manifest(&repository(), &artifact.manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
    let tag = Tag::attached(&images.image.digest, "sig").unwrap();
    images.store.tag(&repository(), &tag, &manifest).unwrap();
    images.sign(NAME, "x").await;
    images.sign(NAME, "y").await;
    assert_eq!((images.referrers().len(), images.classic().len()), (5, 2));
    assert_eq!(images.classic()[0], theirs, "theirs was first and is whole");
    assert!(images.referrers().contains(&Digest::of(referrer.to_bytes())));
}
