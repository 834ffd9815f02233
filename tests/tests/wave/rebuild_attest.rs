//! "I built this and got the same digest": signed by two different keys, it meets a policy that wants two.

use std::sync::Arc;

use oci::{Descriptor, MEDIA_TYPE_INDEX, Repository};
use registry::{Place, Store};
use signing::{
    Artifact, Evidence, FoundBundle, KeyPair, PROVENANCE, Policy, RebuildReport, Signer, Statement, Subject,
    sign_image, sign_statement, verify,
};
use worker::{Announced, attest_rebuild, believed_provenance};

use crate::provenance::{Made, made};

const NAME: &str = "images.example/static";

struct Shelf {
    made: Made,
    place: Place,
    subject: Descriptor,
    artifact: Artifact,
    key: KeyPair,
    folder: tempfile::TempDir,
}

fn key(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32]).unwrap()
}

/// An image index in a store, and who built it.
async fn shelf() -> Shelf {
    let made = made("static", &["amd64"]).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
    let repository: Repository = "static".parse().unwrap();
    for platform in &made.built.platforms {
        for (layer, path) in &platform.layers {
            store.put_blob_from_path(&repository, &layer.digest, path).unwrap();
        }
        store.put_bytes(&repository, &platform.image.config).unwrap();
        store.put_manifest(&repository, &platform.image.manifest, oci::MEDIA_TYPE_MANIFEST).unwrap();
    }
    let subject = store.put_manifest(&repository, &made.built.index, MEDIA_TYPE_INDEX).unwrap();
    let artifact = Artifact { digest: subject.digest.clone(), name: Some(NAME.to_owned()), tag: None };
    Shelf { made, place: Place::Store(store, repository), subject, artifact, key: key(1), folder }
}

impl Shelf {
    /// Everything beside the image, with its release and provenance signed by its builder.
    fn evidence(&self) -> Evidence {
        let Place::Store(store, repository) = &self.place else { unreachable!() };
        let found = store.referrers(repository, &self.subject.digest).unwrap();
        let bundle = |referrer: &Descriptor| {
            let manifest = store.manifest(repository, &referrer.digest).unwrap().unwrap();
            let layer = signing::read_referrer(&manifest.bytes).unwrap();
            let bytes = std::fs::read(store.blob_path(repository, &layer.digest)).unwrap();
            FoundBundle { referrer: referrer.digest.clone(), bytes }
        };
        let mut bundles: Vec<FoundBundle> = found.iter().map(bundle).collect();
        let subject = vec![Subject::named(NAME, &self.subject.digest)];
        let statement = Statement::new(subject, self.made.provenance.clone()).to_bytes();
        for own in [sign_image(&self.key, &self.subject.digest, NAME), sign_statement(&self.key, statement)] {
            let bytes = own.unwrap().to_bytes();
            bundles.push(FoundBundle { referrer: blob::Digest::of(&bytes), bytes });
        }
        Evidence { bundles, ..Evidence::default() }
    }

    /// Reads the provenance, reports the digest that came out, signs.
    async fn attest(&self, signer: KeyPair, report: &RebuildReport) -> Vec<Announced> {
        let signers: [Arc<dyn Signer>; 1] = [Arc::new(signer)];
        let evidence = self.evidence();
        attest_rebuild(&self.place, &self.subject, &self.artifact, &evidence, report, &signers, None).await.unwrap()
    }

    async fn report(&self) -> RebuildReport {
        let now = "2026-08-04T00:00:00Z".parse().unwrap();
        let found = believed_provenance(&self.artifact, &self.evidence(), &policy(0), None, now).unwrap();
        let recipe = worker::Recipe::read(&found.provenance).unwrap();
        let (locked, wave) = crate::factory::factory(&self.made.archive, &self.made.server, self.folder.path());
        let rebuilt = wave.rebuild(&recipe, None, locked.root()).await.unwrap();
        rebuilt.report(&found.payload)
    }

    fn accepted(&self, rebuilds: usize) -> bool {
        let now = "2026-08-04T00:00:00Z".parse().unwrap();
        verify(&self.artifact, &self.evidence(), &policy(rebuilds), None, now).accepted
    }
}

/// Believes the builder about all, and two others about rebuilds.
fn policy(rebuilds: usize) -> Policy {
    let trusted =
        |number: u8, roles: &[&str]| serde_json::json!({ "key": key(number).public().to_pem(), "roles": roles });
    let policy = serde_json::json!({
        "keys": {
            "builder": trusted(1, &["release", "statement"]),
            "one": trusted(2, &["rebuild"]),
            "two": trusted(3, &["rebuild"]),
        },
        "images": [{ "repositories": ["images.example/**"], "statements": [{ "type": PROVENANCE }], "rebuilds": rebuilds }],
    });
    serde_json::from_value(policy).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rebuilds_by_different_keys_meet_a_policy_that_wants_two() {
    let shelf = shelf().await;
    assert!(shelf.accepted(0) && !shelf.accepted(1));
    let report = shelf.report().await;
    assert_eq!(shelf.attest(key(2), &report).await, [Announced::Attached]);
    assert!(shelf.accepted(1) && !shelf.accepted(2));
    assert_eq!(shelf.attest(key(2), &report).await, [Announced::Known], "the same by the same key is not said twice");
    assert!(!shelf.accepted(2), "one key counts once");
    assert_eq!(shelf.attest(key(3), &report).await, [Announced::Attached]);
    assert!(shelf.accepted(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_said_otherwise_is_replaced() {
    let shelf = shelf().await;
    let report = shelf.report().await;
    let other = RebuildReport { rebuilt: [("sha256".to_owned(), "0".repeat(64))].into(), ..report.clone() };
    shelf.attest(key(2), &other).await;
    assert!(!shelf.accepted(1), "a rebuild that differs does not count");
    let before = shelf.evidence().bundles.len();
    shelf.attest(key(2), &report).await;
    assert_eq!(shelf.evidence().bundles.len(), before);
    assert!(shelf.accepted(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provenance_by_a_key_that_nobody_believes_is_not_followed() {
    let mut shelf = shelf().await;
    shelf.key = key(9);
    let now = "2026-08-04T00:00:00Z".parse().unwrap();
    let error = believed_provenance(&shelf.artifact, &shelf.evidence(), &policy(0), None, now).unwrap_err();
    assert!(error.to_string().contains("nobody whom the policy believes has said how"), "{error}");
}
