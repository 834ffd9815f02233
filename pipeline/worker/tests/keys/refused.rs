//! Keys that cannot be used: each says why, and nothing is made in its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use signing::{KeyPair, Password};
use worker::{KeyFolder, SigningSettings};

use crate::support::{file, made, mode, named, refusal, release, state};

const P384: &str = include_str!("p384.pem");

fn own(state: &Path) -> String {
    refusal(&SigningSettings::default(), state)
}

#[test]
fn a_private_key_that_others_can_read_is_refused_with_what_to_do() {
    for open in [0o640, 0o604, 0o660, 0o644] {
        let (state, keys) = made();
        let key = release(&keys);
        fs::set_permissions(&key, Permissions::from_mode(open)).unwrap();
        let error = own(state.path());
        let expected = format!("the secret file `{}` has mode {open:o}: expected 600", key.display());
        assert!(
            error.starts_with(&expected) && error.contains(&format!("run `chmod 600 {}`", key.display())),
            "{error}"
        );
        assert_eq!((mode(&key), release(&keys)), (open, key), "it is left as it is");
    }
}

#[test]
fn a_folder_into_which_others_can_put_keys_is_refused() {
    let (state, keys) = made();
    let folder = keys.path().join("release");
    fs::set_permissions(&folder, Permissions::from_mode(0o770)).unwrap();
    let error = own(state.path());
    let expected = format!(
        "the folder of keys `{0}` has mode 770: expected that only its owner writes in it; run `chmod 700 {0}`",
        folder.display()
    );
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn bytes_that_are_no_key_of_ours_are_named() {
    let pem = KeyPair::from_seed(&[9; 32]).unwrap().to_pem().unwrap().to_string();
    let sealed = KeyPair::from_seed(&[9; 32]).unwrap().to_encrypted_pem(&Password::new("x"), &[1; 56]).unwrap();
    for (bytes, expected) in [
        ("", "is empty: nothing was made in its place; put it back, as by `bedplate keys restore`"),
        ("\0\u{1}", "cannot be used: the key cannot be read: expected PEM"),
        (&pem[..80], "cannot be used: the key cannot be read: expected PEM"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "cannot be used: the private key is no P-256 key",
        ),
        (P384, "cannot be used: the private key is no P-256 key"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "the key is a `CERTIFICATE`: expected a `PRIVATE KEY`",
        ),
        (
            &sealed,
            "is encrypted: expected its password in the file that the settings name as `password-file`, or in the environment as BEDPLATE_KEY_PASSWORD or COSIGN_PASSWORD",
        ),
        (&pem, "expected the key that its name or its `.pub` says; put the right file there"),
    ] {
        let (state, keys) = made();
        let key = release(&keys);
        fs::write(&key, bytes).unwrap();
        let error = own(state.path());
        assert!(error.contains(&format!("`{}`", key.display())) && error.contains(expected), "{error}");
        assert_eq!((fs::read(&key).unwrap(), release(&keys)), (bytes.as_bytes().to_vec(), key));
    }
}

#[test]
fn files_that_are_no_keys_are_named_and_hidden_ones_are_nobodys() {
    for name in ["cosign.key", "release.pem", "0123456789abcdef.pem.old", "0123456789ABCDEF.pem"] {
        let (state, keys) = made();
        let path = file(&keys.path().join("release").join(name), "x", 0o600);
        let error = own(state.path());
        assert!(
            error.starts_with(&format!("`{}` is no key that bedplate made: expected names of 16", path.display())),
            "{error}"
        );
    }
    let (state, keys) = made();
    file(&keys.path().join("release/.nfs01"), "x", 0o600);
    worker::Signers::open(&SigningSettings::default(), state.path()).unwrap();
}

#[test]
fn what_is_no_file_is_not_read_and_a_large_one_not_whole() {
    let (state, keys) = made();
    let key = release(&keys);
    fs::remove_file(&key).unwrap();
    assert!(Command::new("mkfifo").arg("-m").arg("600").arg(&key).status().unwrap().success());
    let error = own(state.path());
    assert!(error.contains("is no file: expected a key or password in a file"), "{error}");
    fs::remove_file(&key).unwrap();
    file(&key, vec![b'x'; 1 << 20], 0o600);
    assert!(own(state.path()).contains("bytes: expected at most 65536; is it another file?"));
    let error = refusal(&named(Path::new("/dev/null")), state.path());
    assert!(error.contains("`/dev/null` is no file"), "{error}");
}

#[test]
fn a_key_of_the_settings_that_is_missing_or_open_is_named() {
    let (state, keys) = state();
    let path = state.path().join("release.key");
    let error = refusal(&named(&path), state.path());
    assert!(
        error.starts_with(&format!("cannot read `{}`: a part of this path does not exist", path.display())),
        "{error}"
    );
    file(&path, KeyPair::from_seed(&[9; 32]).unwrap().to_pem().unwrap().as_bytes(), 0o644);
    let error = refusal(&named(&path), state.path());
    assert!(error.contains("release.key` has mode 644: expected 600"), "{error}");
    assert!(!keys.path().join("release").exists(), "nothing is made in its place");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let error = own(Path::new("/proc/none"));
    assert!(error.starts_with("cannot make the folder `/proc/none/keys`: "), "{error}");
    assert!(KeyFolder::of_state(Path::new("/proc/none")).list().unwrap().is_empty());
}
