//! Nine ways in which an image may be signed or not, and what each verifier says of it.
//!
//! In: images and signatures made by hand, on our registry. Out: a table of verdicts. Where verifiers differ, ours must be right: a
//! statement is no release, evidence of strangers takes nothing away, and what the publisher makes in two forms and is there in one was
//! taken away by somebody, unless the policy says otherwise.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::hand::{Hand, SIGNATURE};
use super::{COSIGN_2, COSIGN_3, SKOPEO, takes};
use tests::binary;

use crate::registry::{Registry, Tool, text};

const SPDX: &str = "https://spdx.dev/Document";

/// What a verifier says.
const YES: bool = true;
const NO: bool = false;

/// A repository with one image, and who takes it: cosign 2, cosign 3, skopeo, `bedplate verify --key`, and the same where the policy lets the
/// classic form count alone.
const CASES: [(&str, [bool; 5]); 9] = [
    ("good-classic", [YES, YES, YES, NO, YES]),
    ("good-bundle", [NO, YES, NO, YES, YES]),
    ("both", [YES, YES, YES, YES, YES]),
    ("evil-classic", [NO, NO, NO, NO, NO]),
    ("evil-bundle-good-classic", [YES, NO, YES, NO, YES]),
    ("only-sbom", [NO, YES, NO, NO, NO]),
    ("classic-of-another", [NO, NO, NO, NO, NO]),
    ("bundle-of-another", [NO, NO, NO, NO, NO]),
    ("unsigned", [NO, NO, NO, NO, NO]),
];

/// Makes the image of a case, with what is said about it.
fn make(hand: &Hand, case: &str) {
    let (image, other) = (hand.image(case, "1", case), hand.image("other", "1", "another"));
    let classic = |key, digest: &str| hand.classic(case, key, &image, digest);
    let bundle = |key, digest: &str, kind| hand.bundle(case, key, &image, digest, kind);
    match case {
        "good-classic" => classic("good", &image.digest),
        "good-bundle" => bundle("good", &image.digest, SIGNATURE),
        "both" => {
            classic("good", &image.digest);
            bundle("good", &image.digest, SIGNATURE);
        }
        "evil-classic" => classic("evil", &image.digest),
        "evil-bundle-good-classic" => {
            bundle("evil", &image.digest, SIGNATURE);
            classic("good", &image.digest);
        }
        "only-sbom" => bundle("good", &image.digest, SPDX),
        "classic-of-another" => classic("good", &other.digest),
        "bundle-of-another" => bundle("good", &other.digest, SIGNATURE),
        "unsigned" => {}
        unknown => panic!("no such case: {unknown}"),
    }
}

/// The verifiers, in the order of the table's columns; nothing where one could not be had.
struct Judges {
    cosign: [Option<Tool>; 2],
    skopeo: Option<Tool>,
    key: String,
    classic_counts: String,
}

impl Judges {
    fn new(hand: &Hand, address: &str) -> Self {
        let [key, folder] = [hand.public("good"), hand.public("good").with_file_name("")];
        let skopeo = Tool::newer(SKOPEO);
        if let Some(skopeo) = &skopeo {
            let rule =
                json!([{"type": "sigstoreSigned", "keyPath": key, "signedIdentity": {"type": "matchRepository"}}]);
            let policy = json!({"default": [{"type": "reject"}], "transports": {"docker": {address: rule}}});
            fs::write(skopeo.path("policy.json"), policy.to_string()).unwrap();
            let lookaside = format!("docker:\n  \"{address}\":\n    use-sigstore-attachments: true\n");
            fs::create_dir(skopeo.path("registries.d")).unwrap();
            fs::write(skopeo.path("registries.d/here.yaml"), lookaside).unwrap();
        }
        let policy = json!({
            "keys": {"good": {"key": fs::read_to_string(&key).unwrap(), "roles": ["release"]}},
            "images": [{"repositories": ["**"], "classic": "allowed"}],
        });
        let classic_counts = folder.join("policy.yaml");
        fs::write(&classic_counts, policy.to_string()).unwrap();
        Self {
            cosign: [COSIGN_2, COSIGN_3].map(Tool::newer),
            skopeo,
            key: text(&key),
            classic_counts: text(&classic_counts),
        }
    }

    fn verdicts(&self, image: &str) -> [Option<bool>; 5] {
        let [second, third] =
            self.cosign.each_ref().map(|tool| tool.as_ref().map(|tool| takes(tool, &self.key, image)));
        let skopeo = self.skopeo.as_ref().map(|skopeo| {
            let (policy, place) =
                (["--policy", "policy.json", "--registries.d", "registries.d"], format!("docker://{image}"));
            let copy = ["copy", "--quiet", "--src-tls-verify=false", &place, "dir:copied"];
            skopeo.command(&[&policy[..], &copy].concat()).output().unwrap().status.success()
        });
        let strict = ours(&["--key", &self.key, image]);
        [second, third, skopeo, Some(strict), Some(ours(&["--policy", &self.classic_counts, image]))]
    }
}

/// Ours says yes, or says no: an error is neither.
fn ours(arguments: &[&str]) -> bool {
    let output = Command::new(binary()).args(["--progress", "none", "verify"]).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        _ => panic!("{arguments:?}: {}: {said}", output.status),
    }
}

#[test]
#[ignore = "needs the built binary, openssl, cosign and skopeo: tests/tools.sh brings them"]
fn verifiers_agree_where_they_should_and_ours_is_right_where_others_are_lenient() {
    let registry = Registry::start();
    let hand = Hand::new(registry.address());
    let judges = Judges::new(&hand, registry.address());
    let mut wrong = Vec::new();
    eprintln!("signed   {:26} cosign-2 cosign-3 skopeo   --key    classic", "");
    for (case, expected) in CASES {
        make(&hand, case);
        let found = judges.verdicts(&registry.name(&format!("{case}:1")));
        let word = |verdict: &Option<bool>| match verdict {
            Some(true) => "pass     ",
            Some(false) => "fail     ",
            None => "not run  ",
        };
        let line: String = found.iter().map(word).collect();
        eprintln!("signed   {case:26} {line}");
        let agrees = found.iter().zip(expected).all(|(found, expected)| found.is_none_or(|found| found == expected));
        if !agrees {
            wrong.push(format!("{case}: {line}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
