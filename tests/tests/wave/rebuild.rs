//! Rebuilding from a provenance: the same digest, or a clear word about what does not fit.

use signing::{Provenance, Resource};
use tests::Generation;
use worker::{PublishedImage, Recipe, compare_rebuild};

use crate::factory::factory;
use crate::provenance::{Made, made};

/// The documents of what was built, as a registry would give them.
fn published(made: &Made) -> PublishedImage {
    let manifest = |built: &worker::BuiltPlatform| {
        let parsed = oci::ImageManifest::parse(&built.image.manifest).unwrap();
        (built.image.descriptor.digest.clone(), parsed)
    };
    PublishedImage {
        digest: made.built.descriptor.digest.clone(),
        index: oci::ImageIndex::parse(&made.built.index).unwrap(),
        manifests: made.built.platforms.iter().map(manifest).collect(),
    }
}

fn refused(provenance: &Provenance) -> String {
    let error = Recipe::read(provenance).unwrap_err();
    worker::Failure::from(error).chain()
}

/// The text of a file of the provenance, changed and named by its new digest.
fn change(resource: &mut Resource, from: &str, to: &str) {
    let text = String::from_utf8(resource.held().unwrap()).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    let name = resource.name.clone().unwrap();
    *resource = Resource::text(&name, "application/json", &text.replacen(from, to, 1));
}

/// Builds once more elsewhere; where the packages are is the caller's.
async fn rebuild(made: &Made, provenance: &Provenance, snapshots: Option<&str>) -> Result<worker::Rebuilt, String> {
    let folder = tempfile::tempdir().unwrap();
    let (locked, wave) = factory(&made.archive, &made.server, folder.path());
    let recipe = Recipe::read(provenance).map_err(|error| error.to_string())?;
    let rebuilt = wave.rebuild(&recipe, snapshots, locked.root()).await.map_err(|failure| failure.chain());
    let left: Vec<_> = worker::list(locked.root()).unwrap();
    let stays = |path: &std::path::PathBuf| !path.file_name().unwrap().to_string_lossy().starts_with(".rebuild");
    assert!(left.iter().all(stays), "{left:?}");
    rebuilt
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_again_agrees_down_to_the_layer() {
    let made = made("base", &["amd64", "arm64"]).await;
    let rebuilt = rebuild(&made, &made.provenance, None).await.unwrap();
    let comparison = compare_rebuild(&published(&made), &rebuilt.image);
    assert!(comparison.same, "{comparison:?}");
    assert!(comparison.platforms.iter().all(|one| one.manifest.same() && one.parts.is_empty()));
    assert_eq!(comparison.platforms.len(), 2);
    assert_eq!(rebuilt.sources, ["archive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_made_before_is_taken_for_what_is_made_now() {
    let made = made("static", &["amd64"]).await;
    let (_locked, wave) = factory(&made.archive, &made.server, made.folder.path());
    let state = made.folder.path().join("state");
    for path in worker::list(&state.join("layers")).unwrap() {
        std::fs::write(path, "a layer that somebody changed").unwrap();
    }
    let recipe = Recipe::read(&made.provenance).unwrap();
    let rebuilt = wave.rebuild(&recipe, None, &state).await.unwrap();
    assert_eq!(rebuilt.image.index, made.built.index);
    assert_eq!(rebuilt.sources, ["content store"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provenance_that_was_changed_is_refused_and_says_where() {
    let made = made("base", &["amd64"]).await;
    let changed = |change: &dyn Fn(&mut Provenance)| {
        let mut provenance = made.provenance.clone();
        change(&mut provenance);
        refused(&provenance)
    };
    let message = changed(&|it| {
        change(&mut it.build_definition.external_parameters.definitions[0], "\"summary\":\"", "\"summary\":\"Evil ");
    });
    assert!(message.contains("a text or a label was changed"), "{message}");
    let message = changed(&|it| drop(it.build_definition.external_parameters.labels.insert("a".into(), "b".into())));
    assert!(message.contains("a text or a label was changed"), "{message}");
    let message = changed(&|it| it.build_definition.external_parameters.definitions[1].content = Some("e30=".into()));
    assert!(message.contains("does not hold it whole"), "{message}");
    let message = changed(&|it| {
        let last = it.build_definition.resolved_dependencies.last_mut().unwrap();
        last.digest.insert("sha256".into(), blob::Digest::of("other").hex().to_owned());
    });
    assert!(message.contains("its resolved dependencies are not those of its lock"), "{message}");
    let message = changed(&|it| {
        let lock = &mut it.build_definition.internal_parameters.lock;
        change(lock, made.built.lock.packages().next().unwrap().sha256.hex(), blob::Digest::of("other").hex());
    });
    assert!(message.contains("are not those of its lock"), "{message}");
    let message = changed(&|it| drop(it.run_details.builder.version.insert("bedplate".into(), "99.0".into())));
    assert!(message.contains("built by bedplate 99.0"), "{message}");
    let message = changed(&|it| {
        drop(it.build_definition.internal_parameters.formats.insert("compressor".into(), "other".into()));
    });
    assert!(message.contains("`compressor` = `other`"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_that_fits_together_comes_to_another_digest() {
    let made = made("base", &["amd64"]).await;
    let recipe = Recipe::read(&made.provenance).unwrap();
    let labels = [("a".to_owned(), "b".to_owned())].into();
    let catalogue = assemble::Catalogue { labels, ..recipe.catalogue };
    let mut built = made.built.clone();
    built.lock.definition = worker::definition_digest(&catalogue, "base").unwrap();
    let lie = worker::provenance(&built, &catalogue, crate::provenance::times(), &[]).unwrap();
    let rebuilt = rebuild(&made, &lie, None).await.unwrap();
    let comparison = compare_rebuild(&published(&made), &rebuilt.image);
    assert!(!comparison.same);
    let parts = &comparison.platforms[0].parts;
    let differing: Vec<&str> =
        parts.iter().filter(|part| !part.compared.same()).map(|part| part.part.as_str()).collect();
    assert_eq!(differing, ["configuration"]);
    assert!(parts.iter().any(|part| part.part == "layer `static`"), "{parts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_that_the_archive_dropped_come_from_a_snapshot_service_or_are_named() {
    let made = made("static", &["amd64"]).await;
    let mut kept = Generation::default();
    let mut poor = made.archive.compose();
    let time = made.built.lock.snapshot_time().unwrap().strftime("%Y%m%dT%H%M%SZ").to_string();
    let package = made.built.lock.packages().find(|package| package.name == "tzdata").unwrap();
    kept.put(&format!("{time}/{}", package.path), poor.get(&package.path).unwrap());
    poor.remove(&package.path);
    made.server.swap(poor);
    let message = rebuild(&made, &made.provenance, None).await.unwrap_err();
    assert!(message.contains("tzdata") && message.contains("set `snapshots:`"), "{message}");
    let service = kept.serve();
    let address = service.url();
    let rebuilt = rebuild(&made, &made.provenance, address.strip_suffix("/debian")).await.unwrap();
    assert_eq!(rebuilt.image.index, made.built.index);
    assert_eq!(rebuilt.sources, ["archive", "snapshot service"]);
}
