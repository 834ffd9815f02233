//! A registry with signed images, and an examiner that asks it over the wire.
//!
//! In: keys of fixed seeds. Out: signatures and statements beside images, and verdicts.

use std::sync::{Arc, Mutex, PoisonError};

use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, MEDIA_TYPE_MANIFEST, Tag};
use registry::{Client, ClientSettings, ListenSettings, Named, Place, Reader, Service, Store};
use serde_json::Value;
use signing::{
    COSIGN_SIGNATURE, KeyPair, Policy, PublicKey, Statement, Subject, sign_classic, sign_image, sign_statement,
    write_classic, write_referrer,
};
use tokio::net::TcpListener;
use worker::{Examination, Examiner, Verdict};

use crate::image::Image;
use crate::liar::{Ear, Lie, Lies, lying};

/// The public name of the repository of the tests.
pub(crate) const NAME: &str = "images.example/python";

/// A running registry.
pub(crate) struct Bench {
    _folder: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
    address: String,
    pub(crate) lies: Lies,
    heard: Arc<Mutex<Vec<String>>>,
    /// Called with each request.
    pub(crate) on_request: Arc<Mutex<Option<Ear>>>,
}

/// The key of a seed: 1 releases, 2 says what is in it, others are strangers.
pub(crate) fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> PublicKey {
    key(seed).public().clone()
}

/// Believes key 1 about releases.
pub(crate) fn release_only() -> Policy {
    Policy::of_keys(&[public(1)], &[])
}

/// Believes keys 1 and 2, and wants what these rules say, in JSON.
pub(crate) fn policy(rule: &Value) -> Policy {
    let key = |seed: u8, role: &str| serde_json::json!({"key": public(seed).to_pem(), "roles": [role]});
    let mut image = serde_json::json!({"repositories": ["**"]});
    image.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let keys = serde_json::json!({"release": key(1, "release"), "statement": key(2, "statement")});
    serde_json::from_value(serde_json::json!({"keys": keys, "images": [image]})).unwrap()
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (lies, heard, on_request) =
            (Lies::default(), Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Option<Ear>>>::default());
        let (list, hook) = (Arc::clone(&heard), Arc::clone(&on_request));
        let ear: Ear = Arc::new(move |line: &str| {
            list.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
            let hook = hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(hook) = hook {
                hook(line);
            }
        });
        let router = lying(Service::new(Arc::clone(&store)).router(), Arc::clone(&lies), ear);
        let listen = registry::Listen::new(&ListenSettings::default()).unwrap();
        tokio::spawn(registry::serve(listener, router, listen, std::future::pending()));
        Self { _folder: folder, store, address, lies, heard, on_request }
    }

    pub(crate) fn lie(&self, lie: Lie) {
        self.lies.lock().unwrap().push(lie);
    }

    /// An image in the repository of the tests.
    pub(crate) fn image(&self, seed: &str) -> Image {
        Image::put(&self.store, "python", seed, "3.13")
    }

    /// A referrer with a bundle. Gives the digest of the referrer and of the bundle.
    pub(crate) fn attach(&self, image: &Image, subject: &Descriptor, bundle: &[u8]) -> (Digest, Digest) {
        for bytes in [bundle, oci::EMPTY_JSON] {
            self.store.put_bytes(&image.repository, bytes).unwrap();
        }
        let manifest = write_referrer(bundle, COSIGN_SIGNATURE, subject.clone(), Timestamp::UNIX_EPOCH).to_bytes();
        let put = self.store.put_manifest(&image.repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
        (put.digest, Digest::of(bundle))
    }

    /// A statement about one manifest.
    pub(crate) fn say(
        &self,
        image: &Image,
        subject: &Descriptor,
        seed: u8,
        kind: &str,
        predicate: &Value,
    ) -> (Digest, Digest) {
        let statement = Statement {
            kind: signing::STATEMENT_TYPE.to_owned(),
            subject: vec![Subject::named(NAME, &subject.digest)],
            predicate_type: kind.to_owned(),
            predicate: predicate.clone(),
        };
        self.attach(image, subject, &sign_statement(&key(seed), statement.to_bytes()).unwrap().to_bytes())
    }

    /// A release bundle at each of these.
    pub(crate) fn release<'a>(&self, image: &Image, subjects: impl Iterator<Item = &'a Descriptor>) {
        for subject in subjects {
            self.attach(image, subject, &sign_image(&key(1), &subject.digest, NAME).unwrap().to_bytes());
        }
    }

    /// A classic signature at each of these.
    pub(crate) fn release_classic<'a>(&self, image: &Image, subjects: impl Iterator<Item = &'a Descriptor>) {
        for subject in subjects {
            let (signature, payload) = sign_classic(&key(1), &subject.digest, NAME).unwrap();
            let artifact = write_classic(&[signature]);
            for bytes in [&payload, &artifact.config] {
                self.store.put_bytes(&image.repository, bytes).unwrap();
            }
            let put =
                self.store.put_manifest(&image.repository, &artifact.manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
            self.store.tag(&image.repository, &Tag::attached(&subject.digest, "sig").unwrap(), &put).unwrap();
        }
    }

    /// An image that a publisher of ours would make.
    pub(crate) fn good(&self, seed: &str) -> Image {
        let image = self.image(seed);
        self.release(&image, image.all());
        self.release_classic(&image, image.all());
        image
    }

    pub(crate) async fn examine(&self, policy: Policy) -> Examination {
        self.examine_as(policy, &[]).await
    }

    pub(crate) async fn examine_as(&self, policy: Policy, platforms: &[&str]) -> Examination {
        let settings = ClientSettings { attempts: 1, parallel: 16, ..ClientSettings::default() };
        let remote = Client::new(settings).unwrap().repository(&self.address, "python".parse().unwrap());
        let reader = Reader::open(&Place::Remote(remote)).await.unwrap();
        let platforms = platforms.iter().map(|text| text.parse().unwrap()).collect();
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        let named = Named::Tag("3.13".parse().unwrap());
        Examiner::new(policy, None, platforms, now).examine(&reader, &named, Some(NAME)).await.unwrap()
    }

    /// What was asked since the beginning.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// The verdict, and that the tree names the codes.
#[track_caller]
pub(crate) fn expect(examination: &Examination, verdict: Verdict, codes: &[&str]) {
    assert_eq!(examination.verdict, verdict, "\n{}", examination.finding);
    let found = examination.finding.codes();
    for code in codes {
        assert!(found.contains(code), "no `{code}` in\n{}", examination.finding);
    }
}
