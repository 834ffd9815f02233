//! notation, whose signatures are referrers that are told by the type of their config alone.

use std::fs;

use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

const POLICY: &str = r#"{"version": "1.0", "trustPolicies": [{"name": "x", "registryScopes": ["*"],
    "signatureVerification": {"level": "strict"}, "trustStores": ["ca:peers"], "trustedIdentities": ["*"]}]}"#;

#[test]
#[ignore = "needs notation: tests/tools.sh brings it"]
fn notation_signs_lists_and_verifies() {
    let Some(notation) = Tool::newer("forky/usr/bin/notation") else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    sample.push(&registry, "python", "3");
    let image = registry.name(&format!("python@{}", sample.index()));
    notation.run(&["cert", "generate-test", "--default", "peers"]);
    notation.run(&["sign", "--insecure-registry", &image]);
    let listed = registry.reader().referrers("python", sample.index());
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["artifactType"], "application/vnd.cncf.notary.signature");
    assert!(notation.run(&["list", "--insecure-registry", &image]).contains(listed[0]["digest"].as_str().unwrap()));
    fs::write(notation.home().join("policy.json"), POLICY).unwrap();
    notation.run(&["policy", "import", "policy.json"]);
    notation.run(&["verify", "--insecure-registry", &image]);
}
