//! npm's libraries of Sigstore verify the bundles that the factory publishes, and refuse those of others.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::factory::Factory;
use super::hand::{Hand, SIGNATURE};
use crate::registry::{brought, text};

/// What the script says of a bundle: whether it verifies, and the words if not.
fn judged(modules: &Path, key: &Path, bundle: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/signed/bundle.cjs");
    let mut command = Command::new("node");
    let output = command.arg(script).arg(key).arg(bundle).env("NODE_PATH", modules).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[ignore = "needs the built binary, node and npm's packages: tests/tools.sh brings them"]
fn npms_libraries_verify_our_bundles_by_our_keys_only() {
    let Some(modules) = brought("npm/sigstore/node_modules") else { return };
    let factory = Factory::start("static", "");
    let (folder, reader) = (tempfile::tempdir().unwrap(), factory.reader());
    let [release, statement] = ["cosign.pub", "statement.pub"].map(|name| factory.key(folder.path(), name));
    let mut judgements = 0;
    for subject in factory.digests("static", "latest") {
        for referrer in reader.referrers("static", &subject) {
            let manifest = reader.json("static", referrer["digest"].as_str().unwrap());
            let bundle = reader.blob("static", manifest["layers"][0]["digest"].as_str().unwrap());
            let file = folder.path().join("bundle.json");
            fs::write(&file, bundle).unwrap();
            let is_release = referrer["annotations"]["dev.sigstore.bundle.predicateType"] == SIGNATURE;
            let (key, other) = if is_release { (&release, &statement) } else { (&statement, &release) };
            let (taken, said) = judged(&modules, Path::new(key), &file);
            assert!(taken, "{referrer}: {said}");
            let (taken, said) = judged(&modules, Path::new(other), &file);
            assert!(!taken && said.contains("key not found"), "{referrer}: {said}");
            judgements += 1;
        }
    }
    assert!(judgements >= 9, "a signature, an SBOM and more for an index and two images: {judgements}");
    eprintln!("signed   npm: {judgements} bundles are verified");
    evil_ones_are_refused(&modules, &factory, folder.path());
}

/// A bundle by another key that names ours, and one whose statement was changed.
fn evil_ones_are_refused(modules: &Path, factory: &Factory, folder: &Path) {
    let hand = Hand::new(factory.address());
    let (digest, file) = (factory.reader().digest("static", "latest"), folder.join("evil.json"));
    let good = hand.bundle_json("good", &digest, SIGNATURE);
    let mut evil = hand.bundle_json("evil", &digest, SIGNATURE);
    evil["verificationMaterial"] = good["verificationMaterial"].clone();
    let mut changed = good.clone();
    let another = hand.bundle_json("good", "sha256:00", SIGNATURE);
    changed["dsseEnvelope"]["payload"] = another["dsseEnvelope"]["payload"].clone();
    for (bundle, expected) in [(&good, true), (&evil, false), (&changed, false)] {
        fs::write(&file, bundle.to_string()).unwrap();
        let (taken, said) = judged(modules, &hand.public("good"), &file);
        assert_eq!(taken, expected, "{}: {said}", text(&file));
        assert!(taken || said.contains("signature verification failed"), "{said}");
    }
}
