//! What the tests share: vectors, keys made of fixed seeds, images, a publisher.

use blob::Digest;
use jiff::Timestamp;
use serde_json::Value;
use signing::{
    Artifact, Evidence, FoundBundle, FoundClassic, KeyPair, Password, Policy, PublicKey, Signer, Statement, Subject,
    Verification, sign_classic, sign_image, sign_statement,
};

/// Files that cosign and openssl made; the README beside them says how.
macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../vectors/", $name)).as_slice()
    };
}
pub(crate) use vector;

/// The image that the vectors are about.
pub(crate) const VECTOR_IMAGE: &str = "sha256:cab29314c8ade973f4c7e1c0e6fa3f67399d3c6543975e95fcaf501a53abbb9d";
/// Where it was.
pub(crate) const VECTOR_NAME: &str = "127.0.0.1:5077/python";
/// Where the images of the tests are.
pub(crate) const NAME: &str = "images.example.com/python";

pub(crate) fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed(&[seed; 32]).unwrap()
}

pub(crate) fn cosign_key() -> KeyPair {
    KeyPair::from_pem(vector!("cosign.key"), Some(&Password::new("test"))).unwrap()
}

pub(crate) fn cosign_pub() -> PublicKey {
    PublicKey::from_pem(vector!("cosign.pub")).unwrap()
}

/// An image of the tests, named by some bytes.
pub(crate) fn image(bytes: &str) -> Artifact {
    Artifact { digest: Digest::of(bytes), name: Some(NAME.to_owned()), tag: None }
}

pub(crate) fn vector_image() -> Artifact {
    Artifact { digest: VECTOR_IMAGE.parse().unwrap(), name: Some(VECTOR_NAME.to_owned()), tag: None }
}

/// A bundle as it is found, under a name of its own.
pub(crate) fn found(bytes: impl Into<Vec<u8>>) -> FoundBundle {
    let bytes = bytes.into();
    FoundBundle { referrer: Digest::of(&bytes), bytes }
}

/// The release bundle of an image.
pub(crate) fn bundle(signer: &dyn Signer, image: &Artifact) -> FoundBundle {
    found(sign_image(signer, &image.digest, NAME).unwrap().to_bytes())
}

/// The classic release signature of an image.
pub(crate) fn classic(signer: &dyn Signer, image: &Artifact) -> FoundClassic {
    classic_as(signer, image, NAME)
}

pub(crate) fn classic_as(signer: &dyn Signer, image: &Artifact, reference: &str) -> FoundClassic {
    let (signature, payload) = sign_classic(signer, &image.digest, reference).unwrap();
    FoundClassic { signature, payload }
}

/// A statement about an image, with any predicate.
pub(crate) fn said(signer: &dyn Signer, image: &Artifact, predicate_type: &str, predicate: Value) -> FoundBundle {
    let statement = Statement {
        kind: signing::STATEMENT_TYPE.to_owned(),
        subject: vec![Subject::named(NAME, &image.digest)],
        predicate_type: predicate_type.to_owned(),
        predicate,
    };
    found(sign_statement(signer, statement.to_bytes()).unwrap().to_bytes())
}

/// A policy from JSON, which is YAML too; `KEY1` stands for the public key of seed 1.
pub(crate) fn policy(text: &str) -> Policy {
    let with_keys = (1..=5).fold(text.to_owned(), |text, seed| {
        let pem = key(seed).public().to_pem().replace('\n', "\\n");
        text.replace(&format!("KEY{seed}"), &pem)
    });
    serde_saphyr::from_str(&with_keys).unwrap()
}

/// Judges with bundles and classic signatures and no trusted root.
pub(crate) fn judge(
    image: &Artifact,
    policy: &Policy,
    bundles: Vec<FoundBundle>,
    classic: Vec<FoundClassic>,
) -> Verification {
    signing::verify(image, &Evidence { bundles, classic, ..Evidence::default() }, policy, None, now())
}

/// The codes of a verdict, root first; the text of the whole tree where a test fails.
#[track_caller]
pub(crate) fn expect(verification: &Verification, accepted: bool, codes: &[&str]) {
    assert_eq!(verification.accepted, accepted, "\n{}", verification.finding);
    let found = verification.finding.codes();
    assert_eq!(&found[1..], codes, "\n{}", verification.finding);
}
