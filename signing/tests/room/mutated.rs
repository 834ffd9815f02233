//! Real vectors and a small corpus, bent: parts repeated, swapped, left out, other bytes put in. No reader stops, and nothing is believed.

use proptest::prelude::*;
use signing::{
    Bundle, Evidence, FoundClassic, Policy, SimpleSigning, StatementHead, read_classic, read_referrer, verify,
};

use crate::support::{cosign_pub, found, now, vector, vector_image};

macro_rules! corpus {
    ($($name:literal),+ $(,)?) => {
        [$(include_bytes!(concat!("../corpus/", $name)).as_slice()),+]
    };
}

/// What the readers get as it is, and what is bent.
fn seeds() -> Vec<&'static [u8]> {
    let vectors = [
        vector!("signature-bundle.json"),
        vector!("spdx-bundle.json"),
        vector!("certificate-bundle.json"),
        vector!("signature-referrer.json"),
        vector!("classic-manifest.json"),
        vector!("classic-payload.json"),
    ];
    let corpus = corpus![
        "bundle-two-signatures.json",
        "bundle-both-contents.json",
        "bundle-double-key.json",
        "bundle-other-payload-type.json",
        "bundle-loose-base64.json",
        "bundle-hostile-certificate.json",
        "deep.json",
        "deep-object.json",
        "policy-many-patterns.yaml",
        "policy-aliases.yaml",
        "payload-other-type.json",
        "classic-odd-layers.json",
        "not-utf8.bin",
    ];
    [vectors.as_slice(), &corpus].concat()
}

/// Every reader sees the bytes; none of what they say about the image of the vectors is believed.
fn read_by_all(bytes: &[u8]) {
    let _ = (StatementHead::parse(bytes).is_ok(), SimpleSigning::parse(bytes).is_ok(), read_referrer(bytes).is_ok());
    let _ = serde_saphyr::from_slice::<Policy>(bytes).is_ok();
    let classic = read_classic(bytes).unwrap_or_default();
    let classic = classic.into_iter().map(|signature| FoundClassic { signature, payload: bytes.to_vec() }).collect();
    let evidence = Evidence { bundles: vec![found(bytes)], classic, ..Evidence::default() };
    let policy = Policy::of_keys(&[cosign_pub()], &[]);
    let accepted = verify(&vector_image(), &evidence, &policy, None, now()).accepted;
    let is_the_good_one = || {
        let good = Bundle::parse(vector!("signature-bundle.json")).unwrap();
        Bundle::parse(bytes).is_ok_and(|bundle| bundle.content == good.content)
    };
    assert!(!accepted || is_the_good_one());
}

#[test]
fn the_corpus_is_answered() {
    seeds().into_iter().for_each(read_by_all);
}

/// One way to bend bytes.
#[derive(Debug, Clone)]
enum Bend {
    Cut(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn bend() -> impl Strategy<Value = Bend> {
    let at = any::<prop::sample::Index>;
    let words = prop::sample::select(vec![
        "\"", "{", "}", "[", "]", ":", ",", "null", "-1", "1e999", "\\u0000", "=", "\u{feff}",
    ]);
    let inserted =
        prop_oneof![words.prop_map(|word: &str| word.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 1..8),];
    prop_oneof![
        (at(), at()).prop_map(|(one, other)| Bend::Cut(one, other)),
        (at(), at()).prop_map(|(one, other)| Bend::Repeat(one, other)),
        (at(), inserted).prop_map(|(one, bytes)| Bend::Insert(one, bytes)),
        (at(), at()).prop_map(|(one, other)| Bend::Swap(one, other)),
    ]
}

fn bent(mut bytes: Vec<u8>, bends: &[Bend]) -> Vec<u8> {
    for bend in bends {
        if bytes.is_empty() {
            return bytes;
        }
        let place = |index: &prop::sample::Index| index.index(bytes.len());
        let range = |one, other| (place(one).min(place(other)), place(one).max(place(other)));
        match bend {
            Bend::Cut(one, other) => {
                let (from, to) = range(one, other);
                bytes.drain(from..to);
            }
            Bend::Repeat(one, other) => {
                let (from, to) = range(one, other);
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
            Bend::Insert(one, inserted) => {
                let from = place(one);
                bytes.splice(from..from, inserted.iter().copied());
            }
            Bend::Swap(one, other) => {
                let (one, other) = (place(one), place(other));
                bytes.swap(one, other);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn bent_vectors_are_answered_and_not_believed(seed in prop::sample::select(seeds()), bends in prop::collection::vec(bend(), 1..5)) {
        read_by_all(&bent(seed.to_vec(), &bends));
    }
}
