//! The chain beyond signatures: an SBOM that holds for its manifest, and packages that the provenance's lock has.

use serde_json::{Value, json};
use signing::{BUILD_TYPE, PROVENANCE, Resource, SPDX};
use worker::Verdict::{Accepted, Refused};

use crate::bench::{Bench, expect, policy};
use crate::image::Image;

const DEB: &str = "6cd50a1c1a9b7f0e6cd50a1c1a9b7f0e6cd50a1c1a9b7f0e6cd50a1c1a9b7f0e";

/// The SBOM of one platform.
fn sbom(image: &Image, at: usize) -> Value {
    let (manifest, layer) = (&image.children[at].digest, &image.manifests[at].layers[0].digest);
    let part = |id: &str, digest: &blob::Digest| json!({"SPDXID": id, "name": id, "checksums": [{"algorithm": "SHA256", "checksumValue": digest.hex()}]});
    let purl = json!([{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/libc6@2.41-12?arch=amd64"}]);
    let source = json!([{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/glibc@2.41-12?arch=source"}]);
    json!({
        "packages": [
            part("SPDXRef-image", manifest), part("SPDXRef-layer", layer),
            {"SPDXID": "SPDXRef-libc6", "name": "libc6", "versionInfo": "2.41-12", "externalRefs": purl,
             "checksums": [{"algorithm": "SHA256", "checksumValue": DEB}]},
            {"SPDXID": "SPDXRef-glibc", "name": "glibc", "versionInfo": "2.41-12", "externalRefs": source},
        ],
        "files": [{"SPDXID": "SPDXRef-file", "fileName": "./usr/lib/libc.so.6",
                   "checksums": [{"algorithm": "SHA256", "checksumValue": DEB}]}],
        "relationships": [{"spdxElementId": "SPDXRef-libc6", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-file"}],
    })
}

/// The provenance of an image with one package.
fn provenance(version: &str) -> Value {
    let package = json!({
        "name": "libc6", "version": version, "architecture": "amd64", "source": "glibc", "source-version": version,
        "sha256": format!("sha256:{DEB}"), "size": 1, "path": "pool/libc6.deb", "suite": "trixie",
    });
    let platform = json!({"layers": [{"definition": "python", "packages": [package]}]});
    let lock = json!({
        "schema": assemble::LOCK_SCHEMA, "name": "python", "release": "trixie", "definition": format!("sha256:{DEB}"),
        "snapshot": [], "platforms": {"linux/amd64": platform, "linux/arm64": platform},
    });
    json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"image": "python", "definitions": [], "platforms": ["linux/amd64"]},
            "internalParameters": {
                "lock": Resource::text("lock", "application/json", &lock.to_string()),
                "snapshots": [], "formats": {}, "reproducible": true,
            },
        },
        "runDetails": {"builder": {"id": "https://builder.example"}},
    })
}

/// A signed image with an SBOM for each platform, changed, and the provenance of a version.
async fn bench(change: impl Fn(&mut Value), version: &str) -> (Bench, Image) {
    let bench = Bench::start().await;
    let image = bench.good("a");
    for at in 0..2 {
        let mut document = sbom(&image, at);
        change(&mut document);
        bench.say(&image, &image.children[at], 2, SPDX, &document);
    }
    bench.say(&image, &image.index, 2, PROVENANCE, &provenance(version));
    (bench, image)
}

#[tokio::test]
async fn an_sbom_that_holds_and_packages_of_the_lock_are_told() {
    let (bench, _) = bench(|_| (), "2.41-12").await;
    let examination = bench.examine(policy(&json!({}))).await;
    expect(&examination, Accepted, &["sbom-holds", "lock"]);
    let files: Vec<_> = examination.images.iter().map(|image| image.files.as_ref().unwrap()[0].path.clone()).collect();
    assert_eq!(files, ["/usr/lib/libc.so.6"; 2]);
}

#[tokio::test]
async fn an_sbom_of_another_image_or_with_a_file_of_nobody_is_refused() {
    type Change = fn(&mut Value);
    let changes: [Change; 4] = [
        |document| document["packages"][0]["checksums"][0]["checksumValue"] = json!(DEB),
        |document| document["packages"][1]["checksums"][0]["checksumValue"] = json!(DEB),
        |document| document["relationships"] = json!([]),
        |document| document["files"][0]["checksums"] = json!([]),
    ];
    for change in changes {
        let (bench, _) = bench(change, "2.41-12").await;
        expect(&bench.examine(policy(&json!({}))).await, Refused, &["sbom-none-holds", "sbom-differs"]);
    }
}

#[tokio::test]
async fn a_package_that_the_lock_does_not_have_is_refused() {
    let (bench, _) = bench(|_| (), "2.41-11").await;
    expect(&bench.examine(policy(&json!({}))).await, Refused, &["lock-differs", "package"]);
    let other_digest: fn(&mut Value) = |document| {
        document["packages"][2]["checksums"][0]["checksumValue"] = json!(DEB.replace('6', "7"));
    };
    let (bench, _) = self::bench(other_digest, "2.41-12").await;
    expect(&bench.examine(policy(&json!({}))).await, Refused, &["lock-differs"]);
}

#[tokio::test]
async fn an_sbom_by_a_stranger_changes_nothing() {
    let bench = Bench::start().await;
    let image = bench.good("a");
    bench.say(&image, &image.children[0], 3, SPDX, &json!({"packages": []}));
    expect(&bench.examine(policy(&json!({}))).await, Accepted, &["unknown-key", "sbom-absent"]);
    let wanted = json!({"statements": [{"type": "spdx"}]});
    expect(&bench.examine(policy(&wanted)).await, Refused, &["statement-missing"]);
}
