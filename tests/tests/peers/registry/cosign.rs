//! cosign as an uploader: signatures and attestations as tags (version 2) and as referrers (version 3), made with a key, without a log.

use std::fs;

use super::sample::Sample;
use super::server::Registry;
use super::tools::Tool;

const COSIGN_2: &str = "trixie/usr/bin/cosign";
const COSIGN_3: &str = "forky/usr/bin/cosign";
const PLAIN: &str = "--allow-http-registry";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A registry with an image, a cosign with a key, and the image's name by digest.
struct Bench {
    registry: Registry,
    sample: Sample,
    cosign: Tool,
    image: String,
}

impl Bench {
    fn new(cosign: Tool) -> Self {
        let (registry, sample) = (Registry::start(), Sample::build());
        sample.push(&registry, "python", "3");
        let image = registry.name(&format!("python@{}", sample.index()));
        let bench = Self { registry, sample, cosign, image };
        bench.run(&["generate-key-pair"]);
        fs::write(bench.cosign.home().join("sbom.json"), r#"{"spdxVersion":"SPDX-2.3"}"#).unwrap();
        bench
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = self.cosign.command(arguments);
        super::tools::must(command.env("COSIGN_PASSWORD", "x").env("COSIGN_YES", "true"))
    }

    /// The tag of version 2 for what is said about the image.
    fn tag(&self, ending: &str) -> String {
        format!("{}.{ending}", self.sample.index().replace(':', "-"))
    }
}

#[test]
#[ignore = "needs cosign 2: tests/tools.sh brings it"]
fn cosign_2_signs_attests_and_attaches_and_verifies_what_it_stored() {
    let Some(cosign) = Tool::newer(COSIGN_2) else { return };
    let bench = Bench::new(cosign);
    let reader = bench.registry.reader();
    bench.run(&["sign", "--key", "cosign.key", "--tlog-upload=false", PLAIN, "--recursive", &bench.image]);
    bench.run(&["sign", "--key", "cosign.key", "--tlog-upload=false", PLAIN, "-a", "again=yes", &bench.image]);
    let signatures = reader.json("python", &bench.tag("sig"));
    assert_eq!(signatures["layers"].as_array().unwrap().len(), 2, "{signatures}");
    let attest = ["attest", "--key", "cosign.key", "--tlog-upload=false", PLAIN, "--type", "spdxjson"];
    bench.run(&[&attest[..], &["--predicate", "sbom.json", &bench.image]].concat());
    bench.run(&[
        "attach",
        "sbom",
        PLAIN,
        "--sbom",
        "sbom.json",
        "--type",
        "spdx",
        "--input-format",
        "json",
        &bench.image,
    ]);
    for ending in ["sig", "att", "sbom"] {
        assert!(reader.contents("python", &bench.tag(ending)).len() > 2, "{ending}");
    }
    let verify = ["--key", "cosign.pub", "--insecure-ignore-tlog", PLAIN];
    bench.run(&[&["verify"], &verify[..], &[&bench.image]].concat());
    bench.run(&[&["verify-attestation", "--type", "spdxjson"], &verify[..], &[&bench.image]].concat());
    bench.run(&["copy", PLAIN, &bench.image, &bench.registry.name("copy:3")]);
    assert_eq!(reader.contents("copy", &bench.tag("sig")), reader.contents("python", &bench.tag("sig")));
    bench.run(&["clean", "--force", PLAIN, &bench.image]);
    let tags = reader.tags("python");
    assert!(tags.len() == 3 && !tags.contains(&bench.tag("sig")), "only signatures of the two images stay: {tags:?}");
}

#[test]
#[ignore = "needs cosign 3: tests/tools.sh brings it"]
fn cosign_3_signs_and_attests_as_referrers_and_verifies_what_it_stored() {
    let Some(cosign) = Tool::newer(COSIGN_3) else { return };
    let bench = Bench::new(cosign);
    let offline = ["--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", PLAIN];
    bench.run(&[&["sign"], &offline[..], &[&bench.image]].concat());
    bench.run(&[&["attest"], &offline[..], &["--type", "spdxjson", "--predicate", "sbom.json", &bench.image]].concat());
    let reader = bench.registry.reader();
    let listed = reader.referrers("python", bench.sample.index());
    assert!(listed.len() == 2 && listed.iter().all(|one| one["artifactType"] == BUNDLE), "{listed:?}");
    for referrer in &listed {
        let digest = referrer["digest"].as_str().unwrap();
        assert!(reader.contents("python", digest).len() > 2);
        assert_eq!(reader.json("python", digest)["subject"]["digest"], bench.sample.index());
    }
    assert_eq!(reader.tags("python"), ["3"], "no tag is needed");
    let verify = ["--key", "cosign.pub", "--insecure-ignore-tlog", PLAIN];
    bench.run(&[&["verify"], &verify[..], &[&bench.image]].concat());
    bench.run(&[&["verify-attestation", "--type", "spdxjson"], &verify[..], &[&bench.image]].concat());
}
