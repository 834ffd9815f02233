//! From the catalogue and a snapshot to the locks of images.
//!
//! In: names of images, platforms, a snapshot. Out: one [`ImageLock`] an image, or why not, image by image: an image
//! that cannot be resolved does not stop the others.

use std::collections::{BTreeMap, BTreeSet};

use assemble::{
    Catalogue, CatalogueError, Definition, ImageLock, IndexSnapshot, LOCK_SCHEMA, LayerLock, PlatformLock,
    ResolveError, SuiteIndex, SuiteSnapshot, Universe, resolve,
};
use blob::Digest;
use debian::{Architecture, Suite};
use oci::Platform;

use crate::Snapshot;

/// Why an image has no lock.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// The catalogue is wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The archive cannot give what the definition wants.
    #[error("cannot be resolved for {platform}")]
    Resolve {
        /// The platform on which it is so.
        platform: String,
        /// Why.
        source: Box<ResolveError>,
    },
    /// A platform that Debian does not have.
    #[error("definition `{name}` is for `{platform}`: expected `linux/` and one of Debian's architectures")]
    Platform {
        /// The image.
        name: String,
        /// The platform.
        platform: String,
    },
    /// The snapshot was taken without this architecture.
    #[error("the snapshot has no package index for {0}: observe that architecture too")]
    NotObserved(Architecture),
    /// The image is for none of the platforms asked for.
    #[error("image `{0}` is for none of the platforms asked for")]
    NoPlatform(String),
}

/// The architecture of a platform in Debian's words.
pub fn architecture_of(name: &str, platform: &Platform) -> Result<Architecture, WantedError> {
    let known = (platform.os == "linux").then(|| platform.architecture.parse().ok()).flatten();
    known.ok_or_else(|| WantedError::Platform { name: name.to_owned(), platform: platform.to_string() })
}

/// Resolves images against one snapshot; the tables of each architecture are built once.
pub struct Wants<'a> {
    catalogue: &'a Catalogue,
    snapshot: &'a Snapshot,
    universes: BTreeMap<Architecture, Universe<'a>>,
}

impl<'a> Wants<'a> {
    /// Prepares a snapshot.
    pub fn new(catalogue: &'a Catalogue, snapshot: &'a Snapshot) -> Self {
        let universes = snapshot.indexes.iter().map(|(architecture, indexes)| {
            let borrowed = indexes.iter().map(|one| SuiteIndex { suite: &one.suite, index: &one.index });
            (*architecture, Universe::new(borrowed.collect()))
        });
        Self { catalogue, snapshot, universes: universes.collect() }
    }

    /// The lock of one image for those of its platforms that are in `platforms` (all, if that is empty).
    pub fn lock(&self, name: &str, platforms: &[Platform]) -> Result<ImageLock, WantedError> {
        let definition = self.catalogue.get(name)?;
        let (mut locked, mut architectures) = (BTreeMap::new(), BTreeSet::new());
        for platform in chosen_platforms(definition, platforms) {
            let architecture = architecture_of(name, platform)?;
            let layers = self.layers(name, platform, architecture)?;
            locked.insert(platform.to_string(), PlatformLock { layers });
            architectures.insert(architecture);
        }
        if locked.is_empty() {
            return Err(WantedError::NoPlatform(name.to_owned()));
        }
        Ok(ImageLock {
            schema: LOCK_SCHEMA.to_owned(),
            name: name.to_owned(),
            release: definition.release.clone(),
            definition: definition_digest(self.catalogue, name)?,
            snapshot: self.suites(&architectures),
            platforms: locked,
        })
    }

    fn layers(
        &self,
        name: &str,
        platform: &Platform,
        architecture: Architecture,
    ) -> Result<Vec<LayerLock>, WantedError> {
        let universe = self.universes.get(&architecture).ok_or(WantedError::NotObserved(architecture))?;
        let chain = self.catalogue.expanded_chain(name, architecture)?;
        resolve(&chain, &self.catalogue.cuts, universe)
            .map_err(|source| WantedError::Resolve { platform: platform.to_string(), source: Box::new(source) })
    }

    /// Every suite with those of its indexes that these architectures were resolved from.
    fn suites(&self, architectures: &BTreeSet<Architecture>) -> Vec<SuiteSnapshot> {
        let suite = |observed: &crate::ObservedSuite| SuiteSnapshot {
            suite: observed.suite().clone(),
            in_release: observed.in_release.digest.clone(),
            date: observed.in_release.date,
            signers: observed.in_release.signers.clone(),
            indexes: self.indexes(observed.suite(), architectures),
        };
        self.snapshot.suites.iter().map(suite).collect()
    }

    fn indexes(&self, suite: &Suite, architectures: &BTreeSet<Architecture>) -> Vec<IndexSnapshot> {
        let index = |(architecture, read): (&Architecture, &crate::SuiteIndex)| IndexSnapshot {
            component: read.component.clone(),
            architecture: *architecture,
            path: read.file.path.clone(),
            sha256: read.file.digest.clone(),
            size: read.file.size,
        };
        let wanted = self.snapshot.indexes.iter().filter(|(architecture, _)| architectures.contains(architecture));
        let all = wanted.flat_map(|(architecture, indexes)| indexes.iter().map(move |one| (architecture, one)));
        all.filter(|(_, one)| one.suite == *suite).map(index).collect()
    }
}

/// Those platforms of a definition that were asked for.
pub fn chosen_platforms<'d>(definition: &'d Definition, asked: &[Platform]) -> Vec<&'d Platform> {
    definition.platforms.iter().filter(|platform| asked.is_empty() || asked.contains(platform)).collect()
}

/// The digest of everything we wrote that an image depends on: its chain, the cut list, the drop list, the labels.
pub fn definition_digest(catalogue: &Catalogue, name: &str) -> Result<Digest, CatalogueError> {
    let release = &catalogue.get(name)?.release;
    let chain: Vec<Digest> = catalogue.chain(name)?.iter().map(|definition| definition.digest()).collect();
    let lists = (release, chain, &catalogue.cuts, &catalogue.drops, &catalogue.labels);
    Ok(Digest::of(serde_json::to_vec(&lists).unwrap_or_default()))
}
