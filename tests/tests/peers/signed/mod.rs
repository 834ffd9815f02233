//! What the factory signs, judged by the programs that people verify with; and our own verifier, judged by what it says where those differ.
//!
//! In: a running `bedplate up` on a fake archive, or images that the tests sign themselves with openssl. Out: verdicts.

mod containers;
mod cosign;
mod factory;
mod hand;
mod javascript;
mod matrix;
mod readme;

use crate::registry::Tool;

/// Every program that judges, where it is.
const COSIGN_2: &str = "trixie/usr/bin/cosign";
const COSIGN_3: &str = "forky/usr/bin/cosign";
const SKOPEO: &str = "forky/usr/bin/skopeo";

/// `cosign verify` or `verify-attestation` with a key, and without a log or anything else that lies outside of the registry.
const WITHOUT_LOG: [&str; 2] = ["--insecure-ignore-tlog=true", "--allow-http-registry"];

/// Whether `cosign verify` takes an image.
fn takes(cosign: &Tool, key: &str, image: &str) -> bool {
    let command = [&["verify", "--key", key], &WITHOUT_LOG[..], &[image]].concat();
    cosign.command(&command).output().unwrap().status.success()
}
