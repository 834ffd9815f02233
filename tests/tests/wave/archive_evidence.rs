//! Archive evidence: a provenance held against kept files, down to the archive's own key.

use std::fs;
use std::path::{Path, PathBuf};

use debian::Keyring;
use signing::{Finding, Provenance, Resource};
use worker::{ArchiveEvidence, check_archive};

use crate::provenance::{Made, made};

fn check(made: &Made, provenance: &Provenance) -> Finding {
    check_archive(provenance, &evidence(made, &made.archive.keyring()))
}

fn evidence(made: &Made, keyring: &[u8]) -> ArchiveEvidence {
    ArchiveEvidence::open(&made.folder.path().join("state"), Keyring::parse(keyring).unwrap()).unwrap()
}

fn files(made: &Made, below: &str) -> Vec<PathBuf> {
    let whole = |path: &PathBuf| path.extension().is_none_or(|extension| extension == "txt");
    let folder = made.folder.path().join("state/archive").join(below);
    worker::list(&folder).unwrap().into_iter().filter(whole).collect()
}

fn flip(path: &Path) -> Vec<u8> {
    let good = fs::read(path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(path, bad).unwrap();
    good
}

#[tokio::test(flavor = "multi_thread")]
async fn debians_key_vouches_for_every_package_and_for_nothing_else() {
    let made = made("base", &["amd64", "arm64"]).await;
    let good = check(&made, &made.provenance);
    assert!(!good.is_bad(), "{good}");
    assert!(good.to_string().contains(&made.archive.fingerprints()[0]), "{good}");

    let stranger = tests::FakeArchive::new().keyring();
    let refused = check_archive(&made.provenance, &evidence(&made, &stranger));
    assert!(refused.is_bad() && refused.to_string().contains("its signature does not hold"), "{refused}");

    for (below, word) in [("in-release/trixie", "the kept file has the digest"), ("indexes", "it is no proof")] {
        for path in files(&made, below) {
            let whole = flip(&path);
            let refused = check(&made, &made.provenance);
            assert!(refused.is_bad() && refused.to_string().contains(word), "{}: {refused}", path.display());
            fs::remove_file(&path).unwrap();
            let refused = check(&made, &made.provenance);
            assert!(refused.is_bad() && refused.to_string().contains("it is not in the folder"), "{refused}");
            fs::write(&path, whole).unwrap();
        }
    }
    assert!(!check(&made, &made.provenance).is_bad());
}

/// A provenance of the same image whose lock was changed, and which fits together.
fn with_lock(made: &Made, change: impl FnOnce(&mut assemble::ImageLock)) -> Provenance {
    let recipe = worker::Recipe::read(&made.provenance).unwrap();
    let mut built = made.built.clone();
    change(&mut built.lock);
    worker::provenance(&built, &recipe.catalogue, crate::provenance::times(), &[]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_debian_never_had_is_named() {
    let made = made("static", &["amd64"]).await;
    let first = |lock: &mut assemble::ImageLock, change: &dyn Fn(&mut assemble::LockedPackage)| {
        change(&mut lock.platforms.values_mut().next().unwrap().layers[0].packages[0]);
    };
    let name = made.built.lock.packages().next().unwrap().name.clone();
    let lies: [&dyn Fn(&mut assemble::LockedPackage); 3] = [
        &|package| package.sha256 = blob::Digest::of("evil"),
        &|package| package.version = "99-1".parse().unwrap(),
        &|package| package.path = "pool/main/e/evil.deb".into(),
    ];
    for lie in lies {
        let refused = check(&made, &with_lock(&made, |lock| first(lock, lie)));
        assert!(refused.is_bad() && refused.to_string().contains(&name), "{refused}");
    }
    let refused = check(&made, &with_lock(&made, |lock| lock.snapshot[0].date += jiff::SignedDuration::from_hours(1)));
    assert!(refused.to_string().contains("and the provenance says"), "{refused}");
    let index = |lock: &mut assemble::ImageLock| lock.snapshot[0].indexes[0].sha256 = blob::Digest::of("evil");
    let refused = check(&made, &with_lock(&made, index));
    assert!(refused.to_string().contains("the provenance another"), "{refused}");
    let mut other = made.provenance.clone();
    other.build_definition.resolved_dependencies.push(Resource::archive_file("pool/evil.deb", &blob::Digest::of("x")));
    let refused = check(&made, &other);
    assert!(refused.to_string().contains("it names other files than its lock"), "{refused}");
}
