//! What registries, and those who can write to them, may try against a verifier: it stays bounded, says so, and never believes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blob::Digest;
use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Tag};
use signing::{MEDIA_TYPE_BUNDLE, sign_image};
use worker::Verdict::{Accepted, Refused, Undecided};

use crate::bench::{Bench, NAME, expect, key, release_only};
use crate::image::Image;
use crate::liar::Lie;

/// Writes the list of referrers that clients keep where the registry does not.
fn list(bench: &Bench, image: &Image, subject: &Digest, entries: Vec<Descriptor>) {
    let put =
        bench.store.put_manifest(&image.repository, &ImageIndex::new(entries).to_bytes(), MEDIA_TYPE_INDEX).unwrap();
    bench.store.tag(&image.repository, &Tag::of_referrers(subject), &put).unwrap();
}

/// A referrer's entry without type and annotations, as cosign writes it.
fn bare(bench: &Bench, image: &Image, referrer: &Digest) -> Descriptor {
    bench.store.manifest(&image.repository, referrer).unwrap().unwrap().descriptor
}

#[tokio::test]
async fn a_list_without_types_that_clients_kept_is_read_and_a_referrer_of_another_is_not_believed() {
    let bench = Bench::start().await;
    let (image, other) = (bench.image("a"), Image::put(&bench.store, "python", "b", "other"));
    bench.lie(Lie::NoReferrers);
    for subject in image.all() {
        let bundle = sign_image(&key(1), &subject.digest, NAME).unwrap().to_bytes();
        let (own, _) = bench.attach(&image, subject, &bundle);
        let (foreign, _) = bench.attach(&image, &other.index, &bundle);
        let entries = vec![bare(&bench, &image, &foreign), bare(&bench, &image, &own)];
        list(&bench, &image, &subject.digest, entries);
    }
    expect(&bench.examine(release_only()).await, Accepted, &["signature", "referrer-other-subject"]);
    for subject in image.all() {
        let bundle = sign_image(&key(1), &subject.digest, NAME).unwrap().to_bytes();
        let (foreign, _) = bench.attach(&image, &other.index, &bundle);
        list(&bench, &image, &subject.digest, vec![bare(&bench, &image, &foreign)]);
    }
    expect(&bench.examine(release_only()).await, Refused, &["referrer-other-subject", "signature-missing"]);
}

#[tokio::test]
async fn ten_thousand_referrers_are_not_read_and_the_tree_says_so() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    bench.lie(Lie::NoReferrers);
    for subject in image.all() {
        let bundle = sign_image(&key(1), &subject.digest, NAME).unwrap().to_bytes();
        let (referrer, _) = bench.attach(&image, subject, &bundle);
        let many =
            (0..10_000_u32).map(|number| Descriptor::new(MEDIA_TYPE_MANIFEST, Digest::of(number.to_le_bytes()), 700));
        let mut own = bare(&bench, &image, &referrer);
        own.artifact_type = Some(MEDIA_TYPE_BUNDLE.to_owned());
        list(&bench, &image, &subject.digest, many.chain([own]).collect());
    }
    expect(&bench.examine(release_only()).await, Accepted, &["too-many-referrers", "referrer-missing"]);
    let read = bench.heard().iter().filter(|line| line.contains("/manifests/sha256:")).count();
    assert!(read <= 4 * 101, "{read}");
}

#[tokio::test]
async fn a_bundle_that_never_ends_or_has_other_bytes_proves_nothing() {
    for lie in [Lie::Endless as fn(String) -> Lie, Lie::Changed] {
        let bench = Bench::start().await;
        let image = bench.good("a");
        let (_, bundle) =
            bench.attach(&image, &image.index, &sign_image(&key(1), &image.index.digest, NAME).unwrap().to_bytes());
        bench.lie(lie(bundle.to_string()));
        let examination = bench.examine(release_only()).await;
        expect(&examination, Refused, &["bundle-unread", "signature-downgraded"]);
        assert!(examination.finding.to_string().contains("not those that were promised"), "\n{}", examination.finding);
    }
}

#[tokio::test]
async fn a_bundle_that_says_it_has_100_megabytes_is_not_asked_for() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    bench.store.put_bytes(&image.repository, b"small").unwrap();
    let mut manifest = signing::write_referrer(b"small", "x", image.index.clone(), jiff::Timestamp::UNIX_EPOCH);
    manifest.layers[0].size = 100_000_000;
    manifest.layers[0].digest = Digest::of("large");
    std::fs::create_dir_all(bench.store.layout_path(&image.repository).join("blobs/sha256")).unwrap();
    let large =
        std::fs::File::create(bench.store.layout_path(&image.repository).join(oci::blob_path(&Digest::of("large"))))
            .unwrap();
    large.set_len(100_000_000).unwrap();
    bench.store.put_manifest(&image.repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
    expect(&bench.examine(release_only()).await, Accepted, &["referrer-foreign", "signature"]);
    assert!(!bench.heard().iter().any(|line| line.contains(Digest::of("large").hex())));
}

#[tokio::test]
async fn what_cannot_be_read_just_now_leaves_the_question_open() {
    let bench = Bench::start().await;
    let image = bench.image("a");
    bench.release(&image, image.all());
    bench.lie(Lie::Broken("/blobs/".to_owned()));
    let examination = bench.examine(release_only()).await;
    expect(&examination, Undecided, &["bundle-unread", "undecided"]);
    bench.lies.lock().unwrap().clear();
    expect(&bench.examine(release_only()).await, Accepted, &[]);
}

#[tokio::test]
async fn a_tag_that_moves_between_two_reads_changes_nothing() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    let evil = Image::put(&bench.store, "python", "evil", "evil");
    let (store, moved) = (Arc::clone(&bench.store), AtomicBool::new(false));
    let (repository, tag): (_, Tag) = (image.repository.clone(), "3.13".parse().unwrap());
    *bench.on_request.lock().unwrap() = Some(Arc::new(move |line: &str| {
        if !line.ends_with("/manifests/3.13") && line.contains("/manifests/") && !moved.swap(true, Ordering::SeqCst) {
            store.tag(&repository, &tag, &evil.index).unwrap();
        }
    }));
    let examination = bench.examine(release_only()).await;
    expect(&examination, Accepted, &["tag"]);
    assert_eq!(examination.digest, image.index.digest, "the answer names what it is about");
    expect(&bench.examine(release_only()).await, Refused, &["signature-missing"]);
}

#[tokio::test]
async fn keys_of_other_kinds_make_no_signature_of_ours() {
    let bench = Bench::start().await;
    let image = bench.image("a");
    let text = String::from_utf8(sign_image(&key(1), &image.index.digest, NAME).unwrap().to_bytes()).unwrap();
    let hint = key(1).public().hint();
    for (number, changed) in
        [text.replace(&hint, ""), text.replace(&hint, "ed25519"), text.replace("publicKey", "x509CertificateChain")]
            .into_iter()
            .enumerate()
    {
        assert_ne!(changed, text, "{number}");
        bench.attach(&image, &image.index, changed.replace("\"sig\":\"", "\"sig\":\"AAAA").as_bytes());
    }
    expect(&bench.examine(release_only()).await, Refused, &["unknown-key", "bundle-unreadable", "signature-missing"]);
}

#[tokio::test]
async fn an_index_of_ten_thousand_manifests_and_one_in_another_are_refused_unread() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    let nested = ImageIndex::new(vec![Descriptor::new(MEDIA_TYPE_INDEX, image.index.digest.clone(), image.index.size)]);
    let put = bench.store.put_manifest(&image.repository, &nested.to_bytes(), MEDIA_TYPE_INDEX).unwrap();
    bench.store.tag(&image.repository, &"3.13".parse().unwrap(), &put).unwrap();
    expect(&bench.examine(release_only()).await, Refused, &["nested-index"]);
    let many = (0..10_000).map(|number| Descriptor { urls: vec![number.to_string()], ..image.children[0].clone() });
    let many = ImageIndex::new(many.collect());
    let put = bench.store.put_manifest(&image.repository, &many.to_bytes(), MEDIA_TYPE_INDEX).unwrap();
    bench.store.tag(&image.repository, &"3.13".parse().unwrap(), &put).unwrap();
    expect(&bench.examine(release_only()).await, Refused, &["too-many-manifests"]);
}
