//! How an image was built, as a statement from which it can be built again.
//!
//! In: a built image, the catalogue that it was built from, when. Out: the predicate [`signing::Provenance`]: the texts of the definitions
//! and the lock are in it, every file of the archive is named by its digest. All but the times is the same on every machine.

use std::collections::BTreeMap;

use assemble::{BUILDER, COMPRESSOR, Catalogue, ImageLock, LAYER_FORMAT, LockedPackage, SEGMENT_FORMAT, SuiteSnapshot};
use blob::Digest;
use jiff::Timestamp;
use plan::Reason;
use signing::{
    BUILD_TYPE, BUILDER_ID, BuildDefinition, BuildMetadata, ExternalParameters, InternalParameters, Provenance,
    Resource, RunDetails,
};

use crate::image_build::BuiltImage;
use crate::wanted::definition_digest;
use crate::{Failure, Whose};

/// What the texts are: JSON, under the names of the YAML files that say the same.
const TEXT: &str = "application/json";
/// The lock's name among the internal parameters.
const LOCK_NAME: &str = "lock.json";

/// When an image was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildTimes {
    /// When its build began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
}

/// The provenance of an image that was built for `reasons`. `catalogue` must be the one that it was built from.
pub fn provenance(
    built: &BuiltImage,
    catalogue: &Catalogue,
    times: BuildTimes,
    reasons: &[Reason],
) -> Result<Provenance, Failure> {
    let metadata = BuildMetadata {
        invocation_id: None,
        started_on: Some(times.started),
        finished_on: Some(times.finished),
        reasons: reasons.iter().map(ToString::to_string).collect(),
    };
    let run_details = RunDetails { builder: builder(), metadata: Some(metadata), byproducts: Vec::new() };
    Ok(Provenance { build_definition: build_definition(&built.lock, catalogue)?, run_details })
}

/// Everything that decides the digest of what `lock` is built to.
pub(crate) fn build_definition(lock: &ImageLock, catalogue: &Catalogue) -> Result<BuildDefinition, Failure> {
    let external_parameters = external(lock, catalogue)?;
    let internal_parameters = InternalParameters {
        lock: Resource::text(LOCK_NAME, TEXT, &lock.to_json()),
        snapshots: lock.snapshot.iter().map(snapshot).collect(),
        formats: formats(),
        reproducible: true,
    };
    Ok(BuildDefinition {
        build_type: BUILD_TYPE.to_owned(),
        external_parameters,
        internal_parameters,
        resolved_dependencies: dependencies(lock),
    })
}

fn external(lock: &ImageLock, catalogue: &Catalogue) -> Result<ExternalParameters, Failure> {
    let policy = |error| Failure::new(Whose::Policy, error);
    if definition_digest(catalogue, &lock.name).map_err(policy)? != lock.definition {
        let reason = format!("the lock of `{}` was made from other definitions than the catalogue has", lock.name);
        return Err(Failure::new(Whose::Defect, reason));
    }
    let texts = catalogue.texts_for(lock).map_err(policy)?;
    Ok(ExternalParameters {
        image: lock.name.clone(),
        definitions: texts.iter().map(|(path, text)| Resource::text(path, TEXT, text)).collect(),
        platforms: lock.platforms.keys().cloned().collect(),
        labels: catalogue.labels.clone(),
    })
}

/// Who builds: the address of this kind of builder, and its version.
pub(crate) fn builder() -> signing::Builder {
    let version = BUILDER.split_once(' ').map(|(name, version)| (name.to_owned(), version.to_owned()));
    signing::Builder { id: BUILDER_ID.to_owned(), version: version.into_iter().collect() }
}

/// What shapes the bytes of layers: another value of one of these gives another digest.
pub(crate) fn formats() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("compressor".to_owned(), COMPRESSOR.to_owned()),
        ("layer-format".to_owned(), LAYER_FORMAT.to_string()),
        ("segment-format".to_owned(), SEGMENT_FORMAT.to_string()),
    ])
}

pub(crate) fn snapshot(suite: &SuiteSnapshot) -> signing::Snapshot {
    signing::Snapshot {
        suite: suite.suite.to_string(),
        in_release: suite.in_release.clone(),
        date: suite.date,
        signed_by: suite.signers.iter().map(ToString::to_string).collect(),
    }
}

/// Every file of the archive that a lock names, each once: `InRelease` files, package indexes, packages. Paths are below the root of the archive,
/// which for suites that end in `-security` is another one.
pub(crate) fn dependencies(lock: &ImageLock) -> Vec<Resource> {
    let mut found: Vec<Resource> = lock.snapshot.iter().flat_map(suite_files).collect();
    let packages: BTreeMap<(&str, &Digest), &LockedPackage> =
        lock.packages().map(|package| ((package.name.as_str(), &package.sha256), package)).collect();
    found.extend(packages.into_values().map(package));
    found
}

fn suite_files(suite: &SuiteSnapshot) -> Vec<Resource> {
    let path = |file: &str| format!("dists/{}/{file}", suite.suite);
    let release = Resource::archive_file(&path("InRelease"), &suite.in_release);
    let indexes = suite.indexes.iter().map(|index| Resource::archive_file(&path(&index.path), &index.sha256));
    [release].into_iter().chain(indexes).collect()
}

fn package(package: &LockedPackage) -> Resource {
    let (version, architecture) = (package.version.to_string(), package.architecture.name());
    Resource::debian_package(&package.name, &version, architecture, &package.path, &package.sha256)
}
