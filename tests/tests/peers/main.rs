//! Real judges: the real archive, a real Docker, skopeo. `.ci/run` starts these with `--ignored`; they need root,
//! the machine's APT sources, and the packages that `.ci/run` installs.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may stop, and says where it is")]

mod binary;
mod debian;
mod delivery;
mod docker;
mod findings;
mod harness;
mod keyless;
mod registry;
mod reports;
mod sbom;
mod scan;
mod signed;
mod smoke;
mod verify;
mod versions;

use harness::{Factory, run};

/// One wave of the whole catalogue, then everything that must be true of what it published.
#[test]
#[ignore = "needs the Debian archive, dockerd and skopeo: .ci/run has them"]
fn every_image_is_pulled_by_docker_and_passes_its_smoke_tests() {
    let factory = Factory::start();
    let docker = docker::Docker::start();
    let harness = smoke::Harness::start(factory.folder());
    let mut failures = Vec::new();
    for (name, definition) in &factory.catalogue().definitions {
        let reference = factory.reference(name);
        docker.pull(&reference);
        assert_eq!(docker.user(&reference), "65532:65532", "{reference}");
        for test in &definition.smoke {
            eprintln!("smoke    {reference}: {}", test.name);
            failures.extend(smoke::run(&docker, &harness, &reference, test));
        }
    }
    assert!(failures.is_empty(), "{} smoke tests failed:\n{}", failures.len(), failures.join("\n"));
    skopeo_reads_the_registry_and_the_layouts(&factory);
    a_second_wave_changes_nothing(&factory);
    another_state_folder_gives_the_same_digests(&factory);
    debian::the_bundle_is_the_one_of_debians_generator(&factory);
    debian::the_arm64_image_starts_under_qemu(&factory);
    debian::one_word_makes_it_bookworm(&factory);
}

fn skopeo_reads_the_registry_and_the_layouts(factory: &Factory) {
    let reference = format!("docker://{}", factory.reference("python"));
    let text = run("skopeo", &["inspect", "--tls-verify=false", "--raw", &reference]);
    assert!(text.contains("application/vnd.oci.image.index.v1+json"), "{text}");
    let layout = format!("oci:{}:latest", factory.folder().join("state/registry/python").display());
    let text = run("skopeo", &["inspect", &layout]);
    assert!(text.contains("org.opencontainers.image.version"), "{text}");
}

fn a_second_wave_changes_nothing(factory: &Factory) {
    let before = factory.digests();
    let said = factory.stop_and_run_once_more();
    assert!(said.contains(&format!("0 published, {} up to date, 0 failed", before.len())), "{said}");
    assert_eq!(factory.digests(), before);
}

/// Another folder, one thread instead of all, cold caches.
fn another_state_folder_gives_the_same_digests(factory: &Factory) {
    assert_eq!(factory.digests_of_a_fresh_build("python"), factory.digests()["python"]);
}
