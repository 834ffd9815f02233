//! `bedplate verify` by the binary, on images that the binary made: down to the archive's own keys, from the state folder and from a layout.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tests::binary;

use crate::binary::Place;

/// The exit code and all that was printed.
fn asked(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

/// The only key of a role.
fn key(place: &Place, role: &str) -> PathBuf {
    let folder = fs::read_dir(place.state().join("keys").join(role)).unwrap();
    let mut keys = folder.map(|entry| entry.unwrap().path());
    keys.find(|path| path.extension().is_some_and(|extension| extension == "pub")).unwrap()
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn an_image_is_verified_down_to_debian_and_what_is_missing_or_changed_is_told() {
    let place = Place::of(&["amd64"]);
    let state = place.state();
    let (code, said) = asked(&mut place.up(&state));
    assert_eq!(code, 0, "{said}");
    let verify = |arguments: &[&str]| asked(place.command("verify", &state).args(arguments));
    let archive = state.join("archive").display().to_string();
    let (code, said) = verify(&["python", "--contents", "--archive", &archive]);
    assert_eq!(code, 0, "{said}");
    for words in
        ["SBOM: it names this manifest", "every package of the SBOM is in the lock", "no others", "vouch for all"]
    {
        assert!(said.contains(words), "no `{words}` in\n{said}");
    }
    let layout = place.folder().join("layout");
    let to = format!("oci:{}:1", layout.display());
    let copy = |to: &str, more: &[&str]| {
        let (code, said) = asked(place.command("copy", &state).args(["python", to]).args(more));
        assert_eq!(code, 0, "{said}");
    };
    copy(&to, &[]);
    let (release, statement) = (key(&place, "release"), key(&place, "statement"));
    let by_keys = |image: &str, more: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["verify", image, "--key"]).arg(&release).arg("--statement-key").arg(&statement);
        asked(command.args(more).current_dir(place.folder()))
    };
    let (code, said) = by_keys(&to, &["--offline", "--name", "127.0.0.1:8080/python", "--contents"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = by_keys(&to, &["--name", "images.example/python"]);
    assert!(code == 1 && said.contains("carried here from another repository"), "{said}");
    let (code, said) = by_keys(&to, &["--format", "json"]);
    assert!(code == 0 && said.contains("\"name-unchecked\"") && said.contains("bedplate.verify/v1"), "{said}");
    let bare = format!("oci:{}:1", place.folder().join("bare").display());
    copy(&bare, &["--no-referrers"]);
    let (code, said) = by_keys(&bare, &["--format", "md"]);
    assert!(code == 1 && said.contains("nobody whom the policy believes has released"), "{said}");
    let (code, said) = by_keys("oci:gone:1", &[]);
    assert!(code == 2 && said.contains("is no image layout"), "{said}");
    damage_a_layer(&layout);
    let (code, said) = by_keys(&to, &[]);
    assert_eq!(code, 0, "nothing of a layer was read: {said}");
    let (code, said) = by_keys(&to, &["--contents"]);
    assert!(code == 1 && said.contains("damaged"), "{said}");
}

/// Changes a byte of the largest blob.
fn damage_a_layer(layout: &std::path::Path) {
    let blobs = fs::read_dir(layout.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
    let largest = blobs.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&largest).unwrap();
    fs::write(&largest, bytes).unwrap();
}
