//! A factory whose images and statements are signed by certificates of two identities: the real binary, a fake archive, the real servers.
//!
//! In: a private Sigstore. Out: images that `bedplate verify` accepts when nobody answers any longer, signed once however often a wave runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::sigstore::Sigstore;
use super::{COSIGN_3, SUBJECT};
use crate::binary::{Place, error_of};
use crate::registry::Tool;

const STATEMENTS: &str = "statements@images.example";

/// The settings for one role.
fn keyless(sigstore: &Sigstore, subject: &str, token: &str) -> Value {
    let file = sigstore.path(token);
    fs::write(&file, sigstore.issuer.token(subject)).unwrap();
    json!({ "keyless": {
        "fulcio": sigstore.fulcio, "rekor": sigstore.rekor, "timestamp": sigstore.timestamp,
        "trusted-root": sigstore.path("trusted_root.json"), "token": { "file": file },
        "identity": { "issuer": sigstore.issuer.url(), "subject": subject },
    }})
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), error_of(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Every file of the registry, by its path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
#[ignore = "needs a private Sigstore, cosign 3 and the built binary: tests/tools.sh sigstore brings them"]
fn a_factory_without_keys_signs_once_and_is_verified_offline() {
    let Some(cosign) = Tool::newer(COSIGN_3) else { return };
    let Some(mut sigstore) = Sigstore::start(&cosign) else { return };
    let place = Place::of(&["amd64"]);
    let signing = json!({
        "name": "images.example", "release": keyless(&sigstore, SUBJECT, "release"),
        "statement": keyless(&sigstore, STATEMENTS, "statements"),
    });
    let settings = place.folder().join("settings.yaml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}signing: {signing}\n")).unwrap();
    let state = place.state();
    let up = || said(&mut place.up(&state));
    up();
    let first = files(&state.join("registry"));
    up();
    // What was published is forgotten, and what is beside the images is not: the wave looks for its own signatures.
    fs::remove_dir_all(state.join("publications")).unwrap();
    up();
    assert_eq!(files(&state.join("registry")), first, "nothing is said twice");
    assert!(!state.join("keys").exists(), "no key is made that nobody uses");
    let export = |reader: &str| {
        let path = place.folder().join(reader);
        said(place.command("keys", &state).args(["export", "--for", reader, "--output"]).arg(&path));
        path
    };
    let (policy, root) = (export("bedplate").join("policy.yaml"), export("trusted-root"));
    assert_eq!(fs::read(&root).unwrap(), fs::read(sigstore.path("trusted_root.json")).unwrap());
    let listed = said(place.command("keys", &state).arg("list"));
    assert!(listed.contains(SUBJECT) && listed.contains(STATEMENTS), "{listed}");
    sigstore.stop();
    let verify = |subject: &str| {
        let believed = fs::read_to_string(&policy).unwrap().replace(SUBJECT, subject);
        let path = policy.with_file_name("believed.yaml");
        fs::write(&path, believed).unwrap();
        let mut command = place.command("verify", &state);
        command.args(["python", "--offline", "--trusted-root"]).arg(&root).arg("--policy").arg(path);
        command.output().unwrap()
    };
    let accepted = verify(SUBJECT);
    let words = String::from_utf8_lossy(&accepted.stdout).into_owned();
    assert!(accepted.status.success() && words.contains(STATEMENTS), "{words}{}", error_of(&accepted));
    let refused = verify("eve@images.example");
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stdout));
}
