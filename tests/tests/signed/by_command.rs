//! `bedplate sign`: an image that nobody signed is signed where it lies; what is signed already is not signed again.

use crate::machine::Machine;

const STATIC: [&str; 3] = ["--name", "images.example/static", "oci:out:static"];

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn an_image_in_a_layout_is_signed_once_and_verified_by_the_key() {
    let machine = Machine::new();
    machine.run();
    machine.say(&["build", "static", "--output", "out", "--progress", "none"]);
    machine.say(&["keys", "export", "--for", "cosign", "--output", "release.pub"]);
    let sign = || machine.say(&[&["sign", "--format", "json"], &STATIC[..]].concat());
    let first = sign();
    assert_eq!(sign(), first, "the same signatures hold");
    machine.say(&[&["verify", "--key", "release.pub"], &STATIC[..]].concat());
    let own = machine.say(&["sign", "static", "--format", "json"]);
    machine.say(&["verify", "static"]);
    assert_eq!(machine.say(&["sign", "static", "--format", "json"]), own);
}
