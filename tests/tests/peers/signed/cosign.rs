//! cosign of two generations verifies what the factory published, with nothing but the keys that it hands out and an empty home.

use super::factory::Factory;
use super::{COSIGN_2, COSIGN_3, WITHOUT_LOG, takes};
use crate::registry::Tool;

#[test]
#[ignore = "needs the built binary and cosign: tests/tools.sh brings it"]
fn cosign_verifies_the_tag_the_index_and_each_image_of_it() {
    let factory = Factory::start("static", "");
    let digests = factory.digests("static", "latest");
    assert_eq!(digests.len(), 3, "an index and two images: {digests:?}");
    // The third generation takes a statement for a release: the reason why statements have a key of their own.
    for (path, statements_count) in [(COSIGN_2, false), (COSIGN_3, true)] {
        let Some(cosign) = Tool::newer(path) else { continue };
        let (release, statement) =
            (factory.key(cosign.home(), "cosign.pub"), factory.key(cosign.home(), "statement.pub"));
        let latest = factory.name("static:latest");
        let names = digests.iter().map(|digest| factory.name(&format!("static@{digest}")));
        for name in names.chain([latest.clone()]) {
            assert!(takes(&cosign, &release, &name), "{path}: {name}");
        }
        assert_eq!(takes(&cosign, &statement, &latest), statements_count, "{path}, by the statement key");
        eprintln!("signed   {path}: the tag, the index and its images are verified");
    }
}

/// Only the third generation finds statements that are referrers by itself.
#[test]
#[ignore = "needs the built binary and cosign 3: tests/tools.sh brings it"]
fn cosign_3_verifies_sboms_and_provenance_by_the_statement_key_and_by_no_other() {
    let Some(cosign) = Tool::newer(COSIGN_3) else { return };
    let factory = Factory::start("static", "");
    let (release, statement) = (factory.key(cosign.home(), "cosign.pub"), factory.key(cosign.home(), "statement.pub"));
    for digest in factory.digests("static", "latest") {
        let name = factory.name(&format!("static@{digest}"));
        for kind in ["spdxjson", "cyclonedx", "slsaprovenance1"] {
            let verify =
                |key| [&["verify-attestation", "--type", kind, "--key", key], &WITHOUT_LOG[..], &[&name]].concat();
            let said = cosign.run(&verify(&statement));
            assert!(said.contains("application/vnd.in-toto+json"), "{kind} {name}: {said}");
            let said = cosign.fail(&verify(&release));
            assert!(said.contains("none of the attestations matched"), "{kind} {name}: {said}");
        }
    }
}
