//! Caches are cleared of what nothing published needs, and of nothing else.

use std::time::Duration;

use tests::mini_trixie;
use worker::{CacheSweep, WaveRequest};

use crate::factory::{factory, failures, request};

#[tokio::test(flavor = "multi_thread")]
async fn what_published_images_are_made_of_stays_and_all_else_goes() {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let images = WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static", "base"]) };
    assert_eq!(failures(&wave.run(&images).await.unwrap()), [""; 0]);
    let sweep = CacheSweep { older_than: Duration::ZERO, dry_run: false };
    let all = wave.publications.all().unwrap();
    // Changelogs are looked into where something is found, and nothing is known here.
    let sweep_caches = |images: &[plan::Publication]| {
        let used = wave.builder.sweep_caches(images, sweep).unwrap();
        used.into_iter().filter(|cache| cache.cache != "changelogs").collect::<Vec<_>>()
    };
    let used = sweep_caches(&all);
    assert!(used.iter().all(|cache| cache.removed == 0 && cache.kept > 0), "{used:?}");
    let small = wave.publications.get("static").unwrap();
    let used = sweep_caches(std::slice::from_ref(&small));
    assert!(used.iter().all(|cache| cache.removed > 0 && cache.kept > 0), "{used:?}");
    server.forget_requests();
    wave.fetch(std::slice::from_ref(&small.lock)).await.unwrap();
    assert_eq!(server.requests(), [""; 0], "everything of `static` is still at hand");
    let base = wave.publications.get("base").unwrap();
    wave.fetch(std::slice::from_ref(&base.lock)).await.unwrap();
    let built = wave.builder.build(std::slice::from_ref(&base.lock));
    let again = built.into_iter().next().unwrap().unwrap();
    assert_eq!(again.descriptor.digest, base.index, "what was thrown away is made again");
}
