//! Waves that follow each other: nothing changed, one fix, a mirror that moves on, a process that died.

use plan::Outcome;
use tests::{FakePackage, Fault, When, mini_trixie};

use crate::factory::{IMAGES, factory, failures, request};

const BOTH: [&str; 2] = ["amd64", "arm64"];

#[tokio::test(flavor = "multi_thread")]
async fn images_are_published_once_and_then_left_alone() {
    let (archive, folder) = (mini_trixie(&BOTH), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let first = wave.run(&request(&IMAGES)).await.unwrap();
    assert_eq!(failures(&first), [""; 0]);
    assert_eq!(first.counts(), (IMAGES.len(), 0, 0));
    server.forget_requests();
    let second = wave.run(&request(&IMAGES)).await.unwrap();
    assert_eq!(second.counts(), (0, IMAGES.len(), 0));
    assert!(server.requests().iter().all(|path| path.ends_with("/InRelease")), "{:?}", server.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_in_security_rebuilds_what_has_the_package_and_says_why() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let images = request(&["static", "base"]);
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..images };
    wave.run(&images).await.unwrap();
    let fix = FakePackage::new("zlib1g", "1:9.0-1").architecture("amd64").file("/usr/lib/zlib-fixed", "fixed");
    let fixed = archive.change("trixie-security", |suite| suite.date("2026-08-02T00:00:00Z").package(fix));
    server.swap(fixed.compose());
    let summary = wave.run(&images).await.unwrap();
    assert_eq!(failures(&summary).len(), 1, "{summary:?}");
    assert!(failures(&summary)[0].contains("libz"), "the audits miss the library: {summary:?}");
    let untouched = summary.images.iter().find(|one| one.image == "static").unwrap();
    assert!(matches!(untouched.outcome, Outcome::UpToDate { .. }), "{untouched:?}");
    let decided = wave.locks(&images).await.unwrap();
    let lock = decided.into_iter().find(|(name, _)| name == "base").unwrap().1.unwrap();
    let (decision, _) = wave.decide(&lock).await;
    assert!(format!("{decision:?}").contains("1:9.0-1"), "{decision:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_vanishes_in_mid_wave_restarts_it_and_a_bad_mirror_is_named() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    server.fail("*netbase_*", When::Always, Fault::Status(404));
    let failure = wave.run(&images).await.unwrap_err();
    assert_eq!(failure.whose(), worker::Whose::Upstream);
    assert!(failure.chain().contains("netbase"), "{}", failure.chain());
    server.heal();
    assert_eq!(wave.run(&images).await.unwrap().counts(), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_left_harms_nothing() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["base"]) };
    wave.run(&images).await.unwrap();
    let before = wave.publications.get("base").unwrap().index;
    let state = locked.root().to_owned();
    for part in ["segments", "layers"] {
        for path in worker::list(&state.join(part)).unwrap() {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    std::fs::write(state.join("publications/base.json"), "{ half").unwrap();
    drop((locked, wave));
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let summary = wave.run(&images).await.unwrap();
    assert_eq!(failures(&summary), [""; 0]);
    assert_eq!(wave.publications.get("base").unwrap().index, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_asked_for_later_is_built_and_the_fixed_tag_of_before_stays() {
    let (archive, folder) = (mini_trixie(&BOTH), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let narrow = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    wave.run(&narrow).await.unwrap();
    let before = wave.publications.get("static").unwrap();
    assert_eq!(wave.run(&request(&["static"])).await.unwrap().counts(), (1, 0, 0));
    let after = wave.publications.get("static").unwrap();
    assert_eq!(after.platforms.keys().collect::<Vec<_>>(), ["linux/amd64", "linux/arm64"]);
    assert_eq!(after.fixed_tag, format!("{}-2", before.fixed_tag));
    let tag = before.fixed_tag.parse().unwrap();
    let kept = wave.store.resolve(&"static".parse().unwrap(), &tag).unwrap().unwrap();
    assert_eq!(kept.digest, before.index);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_the_settings_are_a_reason_to_rebuild() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, mut wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    wave.run(&images).await.unwrap();
    let labels = [("org.opencontainers.image.vendor".to_owned(), "Example".to_owned())].into();
    let catalogue = assemble::Catalogue { labels, ..(*wave.builder.catalogue).clone() };
    wave.builder.catalogue = std::sync::Arc::new(catalogue);
    wave.publisher.scanner.catalogue = std::sync::Arc::clone(&wave.builder.catalogue);
    assert_eq!(wave.run(&images).await.unwrap().counts(), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_damaged_is_thrown_away_and_made_again() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    wave.run(&images).await.unwrap();
    let before = wave.publications.get("static").unwrap().index;
    for (folder, gone) in [("debs/sha256", &["segments", "layers"][..]), ("segments", &["layers"][..])] {
        for gone in gone {
            std::fs::remove_dir_all(locked.root().join(gone)).unwrap();
        }
        std::fs::remove_file(locked.root().join("publications/static.json")).unwrap();
        for path in worker::list(&locked.root().join(folder)).unwrap() {
            if path.extension().is_none_or(|extension| extension == "gz") {
                let mut bytes = std::fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0xff;
                std::fs::write(&path, bytes).unwrap();
            }
        }
        assert_eq!(wave.run(&images).await.unwrap().counts(), (0, 0, 1), "damage in {folder} was not seen");
        let again = wave.run(&images).await.unwrap();
        assert_eq!(failures(&again), [""; 0]);
        assert_eq!(wave.publications.get("static").unwrap().index, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_layer_is_published_whole_again_once_it_was_deleted() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    wave.run(&images).await.unwrap();
    let published = wave.publications.get("static").unwrap();
    let repository = "static".parse().unwrap();
    let blobs = wave.store.layout_path(&repository).join("blobs/sha256");
    let is_layer = |path: &std::path::PathBuf| std::fs::read(path).unwrap().starts_with(&[0x1f, 0x8b]);
    let layer = worker::list(&blobs).unwrap().into_iter().find(is_layer).unwrap();
    let whole = std::fs::read(&layer).unwrap();
    // The registry and the cache have the same file: both are damaged.
    std::fs::write(&layer, vec![0; whole.len()]).unwrap();
    std::fs::remove_file(&layer).unwrap();
    assert_eq!(wave.run(&images).await.unwrap().counts(), (0, 0, 1), "the cache is found to be damaged");
    let again = wave.run(&images).await.unwrap();
    assert_eq!(failures(&again), [""; 0]);
    assert_eq!(std::fs::read(&layer).unwrap(), whole);
    assert_eq!(wave.publications.get("static").unwrap().index, published.index);
}
