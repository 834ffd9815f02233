//! Golden digests: the bytes of whole images on the fake archive, whose packages never vanish.
//!
//! A change here means that every image in the world gets new digests: say why in the commit, and raise
//! `SEGMENT_FORMAT` or `LAYER_FORMAT`.

use std::collections::BTreeMap;

use tests::mini_trixie;

use crate::factory::{IMAGES, factory, failures, request};

async fn digests(threads: usize) -> BTreeMap<String, String> {
    let (archive, folder) = (mini_trixie(&["amd64", "arm64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let locks: Vec<_> = wave.locks(&request(&IMAGES)).await.unwrap().into_iter().map(|it| it.1.unwrap()).collect();
    wave.fetch(&locks).await.unwrap();
    let built = tokio::task::block_in_place(|| pool.install(|| wave.builder.build(&locks)));
    let name = |image: worker::BuiltImage| (image.lock.name.clone(), image.descriptor.digest.to_string());
    built.into_iter().map(|image| name(image.unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_the_same_in_another_folder_and_with_another_number_of_threads() {
    let one = digests(1).await;
    assert_eq!(one, digests(4).await);
    let lines: String = one.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/images.txt");
    if std::env::var_os("BEDPLATE_RENEW_GOLDEN").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &lines).unwrap();
    }
    assert_eq!(lines, std::fs::read_to_string(&golden).unwrap(), "the bytes of images changed: see golden.rs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_cache_gives_what_a_cold_one_gave() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["python"]) };
    assert_eq!(failures(&wave.run(&images).await.unwrap()), [""; 0]);
    let cold = wave.publications.get("python").unwrap();
    std::fs::remove_dir_all(locked.root().join("layers")).unwrap();
    std::fs::remove_file(locked.root().join("publications/python.json")).unwrap();
    wave.run(&images).await.unwrap();
    let warm = wave.publications.get("python").unwrap();
    assert_eq!((warm.index, warm.platforms), (cold.index, cold.platforms));
}
