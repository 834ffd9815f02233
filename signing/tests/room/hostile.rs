//! Bytes from outside: cut, bent, huge, many. Every answer is a value or an error, within bounds of time and memory.

use proptest::prelude::*;
use signing::{
    Bundle, BundleError, Content, Envelope, Evidence, FoundClassic, KeyPair, Material, Password, Policy, PublicKey,
    SimpleSigning, StatementHead, TrustedRoot, read_classic, read_referrer, verify,
};

use crate::support::{bundle, cosign_pub, found, image, judge, key, now, vector, vector_image};

/// Every reader of the room; none may panic.
fn read_as_everything(bytes: &[u8]) {
    let _ = (Bundle::parse(bytes), Envelope::parse(bytes), StatementHead::parse(bytes), SimpleSigning::parse(bytes));
    let _ = (read_classic(bytes).is_ok(), read_referrer(bytes).is_ok(), PublicKey::all_from_pem(bytes).is_ok());
    let _ = PublicKey::from_der(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = TrustedRoot::parse(text).is_ok();
    }
}

fn vectors() -> Vec<&'static [u8]> {
    vec![
        vector!("signature-bundle.json"),
        vector!("spdx-bundle.json"),
        vector!("certificate-bundle.json"),
        vector!("signature-referrer.json"),
        vector!("classic-manifest.json"),
        vector!("classic-payload.json"),
        vector!("cosign.pub"),
        vector!("trusted-root.json"),
    ]
}

/// A bundle that differs from a good one is refused, or still says the same by the same signature.
fn is_never_taken_for_more(bytes: &[u8]) {
    let policy = Policy::of_keys(&[cosign_pub()], &[]);
    let evidence = Evidence { bundles: vec![found(bytes)], ..Evidence::default() };
    if verify(&vector_image(), &evidence, &policy, None, now()).accepted {
        let Content::Envelope(envelope) = Bundle::parse(bytes).unwrap().content else { panic!("no envelope") };
        let good = Bundle::parse(vector!("signature-bundle.json")).unwrap();
        assert_eq!(Content::Envelope(envelope), good.content);
    }
}

#[test]
fn every_truncation_is_an_answer() {
    for bytes in vectors() {
        for end in 0..bytes.len() {
            read_as_everything(&bytes[..end]);
        }
    }
    let bundle = vector!("signature-bundle.json");
    (0..bundle.len()).for_each(|end| is_never_taken_for_more(&bundle[..end]));
}

#[test]
fn no_flipped_bit_makes_a_signature() {
    let good = vector!("signature-bundle.json");
    for at in 0..good.len() {
        for bit in [1, 32, 128] {
            let mut bent = good.to_vec();
            bent[at] ^= bit;
            is_never_taken_for_more(&bent);
        }
    }
}

#[test]
fn no_flipped_bit_makes_a_classic_signature() {
    let signature = read_classic(vector!("classic-manifest.json")).unwrap().remove(0);
    let policy: Policy = {
        let pem = cosign_pub().to_pem().replace('\n', "\\n");
        let text =
            format!(r#"{{"keys":{{"k":{{"key":"{pem}"}}}},"images":[{{"repositories":["**"],"classic":"allowed"}}]}}"#);
        serde_json::from_str(&text).unwrap()
    };
    let payload = vector!("classic-payload.json");
    let accepted = |payload: Vec<u8>, bytes: Vec<u8>| {
        let mut signature = signature.clone();
        signature.layer.digest = blob::Digest::of(&payload);
        signature.signature = bytes;
        judge(&vector_image(), &policy, vec![], vec![FoundClassic { signature, payload }]).accepted
    };
    assert!(accepted(payload.to_vec(), signature.signature.clone()));
    for at in 0..payload.len() {
        let mut bent = payload.to_vec();
        bent[at] ^= 1;
        assert!(!accepted(bent, signature.signature.clone()), "byte {at} of the payload");
    }
    for at in 0..signature.signature.len() {
        let mut bent = signature.signature.clone();
        bent[at] ^= 1;
        assert!(!accepted(payload.to_vec(), bent), "byte {at} of the signature");
    }
}

#[test]
fn a_damaged_encrypted_key_is_an_error_and_never_asks_for_much_memory() {
    let text = std::str::from_utf8(vector!("cosign.key")).unwrap();
    let container = pem::parse(text).unwrap();
    let json = String::from_utf8(container.contents().to_vec()).unwrap();
    let with = |old: &str, new: &str| {
        assert!(json.contains(old), "{json}");
        let bytes = pem::encode(&pem::Pem::new(container.tag(), json.replacen(old, new, 1)));
        KeyPair::from_pem(bytes.as_bytes(), Some(&Password::new("test"))).unwrap_err().to_string()
    };
    for (old, new) in [
        ("65536", "1099511627776"),
        ("65536", "65537"),
        ("65536", "0"),
        ("\"r\":8", "\"r\":4294967295"),
        ("\"p\":1", "\"p\":1000"),
    ] {
        assert!(with(old, new).contains("scrypt parameters"), "{new}");
    }
    assert!(with("scrypt", "argon2").contains("key derivation is `argon2`"));
    assert!(with("nacl/secretbox", "none").contains("cipher is `none`"));
    assert!(with("\"nonce\":\"", "\"nonce\":\"AAAA").contains("24 bytes"));
}

#[test]
fn a_hundred_megabytes_are_refused_before_they_are_read() {
    let large = vec![b'['; 100 * 1024 * 1024];
    assert!(matches!(Bundle::parse(&large), Err(BundleError::Malformed(text)) if text.contains("expected at most")));
    assert!(Envelope::parse(&large).is_err() && SimpleSigning::parse(&large).is_err());
    assert!(StatementHead::parse(&large).is_err() && read_classic(&large).is_err() && read_referrer(&large).is_err());
    assert!(PublicKey::from_pem(&large).is_err() && KeyPair::from_pem(&large, None).is_err());
}

#[test]
fn deep_nesting_is_refused() {
    let deep = "[".repeat(1_000_000);
    let bundle = format!(r#"{{"mediaType":"x","verificationMaterial":{{"tlogEntries":[{deep}"#);
    assert!(Bundle::parse(bundle.as_bytes()).is_err());
    let statement = format!(r#"{{"_type":"https://in-toto.io/Statement/v1","predicate":{deep}"#);
    assert!(StatementHead::parse(statement.as_bytes()).is_err());
}

#[test]
fn ten_thousand_foreign_bundles_do_not_hide_the_good_one() {
    let it = image("a");
    let foreign = bundle(&key(9), &it);
    let mut bundles = vec![foreign; 10_000];
    bundles.push(bundle(&key(1), &it));
    let verification = judge(&it, &Policy::of_keys(&[key(1).public().clone()], &[]), bundles, vec![]);
    assert!(verification.accepted);
    assert_eq!(verification.finding.because.len(), 10_001);
}

#[test]
fn a_bundle_of_the_wrong_shape_says_what_is_wrong() {
    let good = std::str::from_utf8(vector!("signature-bundle.json")).unwrap();
    let content = &good[good.find(r#""dsseEnvelope""#).unwrap()..good.len() - 1];
    for (old, new, words) in [
        ("bundle.v0.3+json", "bundle.v0.4+json", "expected `application/vnd.dev.sigstore.bundle.v0.3+json`"),
        ("bundle.v0.3+json", "bundle+json;version=0.1", "bundle+json;version=0.1"),
        (content, r#""messageSignature":null"#, "none of them: expected exactly one of `dsseEnvelope`"),
        (content, &format!(r#"{content},"messageSignature":{{"signature":"AA=="}}"#), "both: expected exactly one"),
        (r#"{"publicKey":{"hint":"lUqrXoiOFu/ZjiQuZvatk7tsw+9eMtyxXFVjdK0Ho2M="}}"#, "{}", "one of `publicKey`"),
        (
            r#"{"publicKey":"#,
            r#"{"certificate":{"rawBytes":"AA=="},"publicKey":"#,
            "both: expected exactly one of `publicKey`",
        ),
        (r#"{"publicKey":"#, r#"{"x509CertificateChain":{"certificates":[]},"publicKey":"#, "x509CertificateChain"),
        (r#""signatures":["#, r#""signatures":[{"sig":"AA=="},"#, "2 signatures: expected exactly one"),
        (r#""payload":""#, r#""payload":"-"#, "no standard base64"),
    ] {
        assert!(good.contains(old), "{old}");
        let error = Bundle::parse(good.replacen(old, new, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_bare_signature_and_another_payload_prove_nothing() {
    let policy = Policy::of_keys(&[cosign_pub()], &[]);
    let bare = r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":""}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="},"signature":"AA=="}}"#;
    assert_eq!(Bundle::parse(bare.as_bytes()).unwrap().to_bytes(), bare.as_bytes());
    let other = String::from_utf8(vector!("signature-bundle.json").to_vec()).unwrap().replace("in-toto", "xx-toto");
    let verification = judge(&vector_image(), &policy, vec![found(bare), found(other)], vec![]);
    assert_eq!(verification.finding.codes()[1..], ["signature-missing", "bare-signature", "payload-type"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes_are_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn any_splice_of_good_documents_is_an_answer(one in 0..8_usize, other in 0..8_usize, at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>()) {
        let (one, other) = (vectors()[one], vectors()[other]);
        let spliced = [&one[..at.index(one.len())], &other[from.index(other.len())..]].concat();
        read_as_everything(&spliced);
        is_never_taken_for_more(&spliced);
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written(payload in proptest::collection::vec(any::<u8>(), 0..200), signature in proptest::collection::vec(any::<u8>(), 1..80), timestamp in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut material = Material::of_certificate(signature.clone());
        material.timestamps.push(timestamp.clone());
        let bytes = Bundle::of_statement(payload.clone(), signature, material).to_bytes();
        let again = Bundle::parse(&bytes).unwrap();
        prop_assert_eq!(again.to_bytes(), bytes);
        prop_assert_eq!(again.material.timestamps, vec![timestamp]);
        let Content::Envelope(envelope) = again.content else { panic!("no envelope") };
        prop_assert_eq!(envelope.payload, payload);
    }

    #[test]
    fn any_seed_makes_a_key_that_signs_what_its_public_half_checks(seed in any::<[u8; 32]>(), text in ".{0,40}") {
        let pair = KeyPair::from_seed(&seed).unwrap();
        let it = image(&text);
        let verification = judge(&it, &Policy::of_keys(&[pair.public().clone()], &[]), vec![bundle(&pair, &it)], vec![]);
        prop_assert!(verification.accepted);
    }
}
