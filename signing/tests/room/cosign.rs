//! What cosign 2.5 and 3.1 wrote is read, and what we write is theirs byte for byte.

use signing::{
    Bundle, COSIGN_SIGNATURE, ClassicSignature, Content, Evidence, FoundClassic, Holder, KeyError, KeyPair, Password,
    Policy, PublicKey, SPDX, Signer, SimpleSigning, StatementHead, read_classic, read_referrer, sign_classic,
    sign_image, verify, write_classic, write_referrer,
};

use crate::support::{VECTOR_NAME, cosign_key, cosign_pub, expect, found, judge, key, now, vector, vector_image};

fn classic_of_cosign() -> FoundClassic {
    let signature = read_classic(vector!("classic-manifest.json")).unwrap().remove(0);
    FoundClassic { signature, payload: vector!("classic-payload.json").to_vec() }
}

#[test]
fn its_encrypted_key_opens_with_the_password_and_only_with_it() {
    assert_eq!(cosign_key().public(), &cosign_pub());
    let open = |password: Option<&str>| {
        KeyPair::from_pem(vector!("cosign.key"), password.map(Password::new).as_ref()).unwrap_err()
    };
    assert_eq!(open(Some("wrong")), KeyError::WrongPassword);
    assert_eq!(open(None), KeyError::PasswordMissing);
}

#[test]
fn a_key_that_we_encrypted_opens_again_and_never_shows_itself() {
    let pair = key(7);
    let password = Password::new("secret");
    let pem = pair.to_encrypted_pem(&password, &[5; 56]).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), "{pem}");
    let again = KeyPair::from_pem(pem.as_bytes(), Some(&password)).unwrap();
    assert_eq!(again.public(), pair.public());
    let plain = KeyPair::from_pem(pair.to_pem().unwrap().as_bytes(), None).unwrap();
    assert_eq!(plain.public(), pair.public());
    assert_eq!(format!("{pair:?} {password:?}"), format!("KeyPair({}) Password(hidden)", pair.public().id()));
}

#[test]
fn its_public_key_is_written_as_it_was() {
    assert_eq!(cosign_pub().to_pem().as_bytes(), vector!("cosign.pub"));
    assert_eq!(cosign_pub().hint(), "lUqrXoiOFu/ZjiQuZvatk7tsw+9eMtyxXFVjdK0Ho2M=");
}

#[test]
fn its_signature_bundle_is_read_and_written_again_byte_for_byte() {
    for bytes in [vector!("signature-bundle.json"), vector!("spdx-bundle.json"), vector!("certificate-bundle.json")] {
        assert_eq!(Bundle::parse(bytes).unwrap().to_bytes(), bytes);
    }
    let bundle = Bundle::parse(vector!("signature-bundle.json")).unwrap();
    assert_eq!(bundle.material.holder, Holder::Key { hint: cosign_pub().hint() });
    let Content::Envelope(envelope) = bundle.content else { panic!("no envelope") };
    assert_eq!(StatementHead::parse(&envelope.payload).unwrap().predicate_type, COSIGN_SIGNATURE);
    assert!(cosign_pub().verifies(&envelope.to_sign(), &envelope.signatures[0].sig));
}

#[test]
fn its_referrer_leads_to_its_bundle_and_ours_is_the_same_with_one_annotation_more() {
    let layer = read_referrer(vector!("signature-referrer.json")).unwrap();
    let bundle = vector!("signature-bundle.json");
    assert_eq!(layer.digest, blob::Digest::of(bundle));
    let mut theirs = oci::ImageManifest::parse(vector!("signature-referrer.json")).unwrap();
    // Debian's cosign says the type twice, once where no specification has it.
    assert!(theirs.config.artifact_type.take().is_some());
    let created = theirs.annotations["org.opencontainers.image.created"].parse().unwrap();
    let mut ours = write_referrer(bundle, COSIGN_SIGNATURE, theirs.subject.clone().unwrap(), created);
    assert_eq!(ours.annotations.remove("in-toto.io/predicate-type").as_deref(), Some(COSIGN_SIGNATURE));
    assert_eq!(ours, theirs);
}

#[test]
fn its_classic_artifact_is_read_and_written_again_with_the_same_values_and_its_blobs_byte_for_byte() {
    let signatures = read_classic(vector!("classic-manifest.json")).unwrap();
    let artifact = write_classic(&signatures);
    assert_eq!(artifact.config, vector!("classic-config.json"));
    let theirs = oci::ImageManifest::parse(vector!("classic-manifest.json")).unwrap();
    assert_eq!(artifact.manifest, theirs);
    let payload = SimpleSigning::parse(vector!("classic-payload.json")).unwrap();
    assert_eq!((payload.reference.as_str(), payload.digest), (VECTOR_NAME, vector_image().digest));
    assert_eq!(
        SimpleSigning::parse(vector!("classic-payload.json")).unwrap().to_bytes(),
        vector!("classic-payload.json")
    );
}

#[test]
fn our_classic_artifact_has_its_payload_and_its_configuration() {
    let (signature, payload) = sign_classic(&cosign_key(), &vector_image().digest, VECTOR_NAME).unwrap();
    assert_eq!(payload, vector!("classic-payload.json"));
    assert_eq!(write_classic(&[signature]).config, vector!("classic-config.json"));
}

#[test]
fn what_it_signed_is_accepted() {
    let policy = Policy::of_keys(&[cosign_pub()], &[]);
    let bundles = vec![found(vector!("signature-bundle.json"))];
    let verification = judge(&vector_image(), &policy, bundles, vec![classic_of_cosign()]);
    expect(&verification, true, &["signature", "counts", "counts"]);
}

#[test]
fn its_sbom_alone_is_no_signature_although_cosign_takes_it_for_one() {
    let policy = Policy::of_keys(&[cosign_pub()], &[]);
    let evidence = Evidence { bundles: vec![found(vector!("spdx-bundle.json"))], ..Evidence::default() };
    let verification = verify(&vector_image(), &evidence, &policy, None, now());
    expect(&verification, false, &["signature-missing", "not-asked-for"]);
    assert_eq!(verification.proofs[0].predicate_type, SPDX);
}

#[test]
fn an_equal_statement_gives_an_equal_bundle() {
    let sign = || sign_image(&key(1), &vector_image().digest, VECTOR_NAME).unwrap().to_bytes();
    assert_eq!(sign(), sign());
    assert!(Bundle::parse(&sign()).unwrap().material.timestamps.is_empty());
}

#[test]
fn keys_of_other_kinds_check_signatures_too_and_odd_ones_are_refused() {
    let rsa = PublicKey::from_pem(vector!("rsa.pub")).unwrap();
    assert!(rsa.verifies(b"bedplate\n", vector!("rsa.sig")) && !rsa.verifies(b"bedplate", vector!("rsa.sig")));
    let ed25519 = PublicKey::from_pem(vector!("ed25519.pub")).unwrap();
    assert!(ed25519.verifies(b"bedplate\n", vector!("ed25519.sig")));
    let p384 = PublicKey::from_pem(vector!("p384.pub")).unwrap();
    assert!(p384.verifies(b"bedplate\n", vector!("p384-sha384.sig")));
    assert!(p384.verifies(b"bedplate\n", vector!("p384-sha256.sig")));
    assert!(PublicKey::from_pem(vector!("rsa1024.pub")).unwrap_err().to_string().contains("2048"));
    assert!(matches!(PublicKey::from_pem(vector!("secp256k1.pub")), Err(KeyError::Algorithm(_))));
    assert!(matches!(PublicKey::from_pem(vector!("cosign.key")), Err(KeyError::NotPublic(_))));
    assert!(matches!(KeyPair::from_pem(vector!("cosign.pub"), None), Err(KeyError::NotPrivate(_))));
    assert!(matches!(KeyPair::from_pem(vector!("p384.key"), None), Err(KeyError::NotP256(_))));
    assert!(matches!(KeyPair::from_pem(vector!("openssl-encrypted.key"), None), Err(KeyError::OtherEncryption)));
    assert!(KeyPair::from_pem(vector!("sec1.key"), None).unwrap().public_key().is_some());
}

#[test]
fn two_keys_in_one_file_are_two_keys() {
    let both = [vector!("cosign.pub"), vector!("ed25519.pub")].concat();
    assert_eq!(PublicKey::all_from_pem(&both).unwrap().len(), 2);
    assert_eq!(PublicKey::from_pem(&both).unwrap_err(), KeyError::Several(2));
    assert!(PublicKey::all_from_pem(b"no key").is_err());
    let signature = ClassicSignature::new(b"x", vec![1]);
    assert_eq!(signature.certificate(), None);
}
