//! Builds images from locks: every segment once, every layer once, on all cores.
//!
//! In: locks whose .debs are at hand. Out: [`BuiltImage`]s, or for each image why not; one that fails does not stop
//! the others. It runs in threads of its own and is called from a blocking one. Nothing is published here.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use assemble::{Base, Catalogue, Definition, ImageLock, Review, plan_layer};
use blob::Digest;
use oci::Platform;
use rayon::prelude::*;

use crate::chain::{LayerWork, RulesCache, SegmentWork, layer_works};
use crate::image_build::{BuiltImage, finish_image};
use crate::layers::{LayerRecord, Layers};
use crate::segments::Segments;
use crate::wanted::architecture_of;
use crate::{Debs, Event, Failure, Reporter, Whose};

/// What building needs of a state folder.
#[derive(Clone)]
pub struct Builder {
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// Packages.
    pub debs: Debs,
    /// Finished segments.
    pub segments: Segments,
    /// Finished layers.
    pub layers: Layers,
    /// Compiled rules; starts empty.
    pub rules: RulesCache,
    /// Who is told.
    pub reporter: Reporter,
}

/// One platform of an image as work.
pub(crate) struct PlatformWork {
    pub(crate) platform: Platform,
    pub(crate) chain: Vec<Definition>,
    pub(crate) layers: Vec<LayerWork>,
}

/// What went wrong with a piece of work; shared by every image that needs it.
pub(crate) type Shared<T> = Result<Arc<T>, Arc<Failure>>;

impl Builder {
    /// Builds all images; the result has one entry a lock, in their order.
    pub fn build(&self, locks: &[ImageLock]) -> Vec<Result<BuiltImage, Arc<Failure>>> {
        let works: Vec<Result<Vec<PlatformWork>, Arc<Failure>>> =
            locks.iter().map(|lock| self.works(lock).map_err(Arc::new)).collect();
        let layers = unique_layers(works.iter().flatten().flatten());
        let missing: Vec<&LayerWork> =
            layers.values().filter(|work| self.layers.load(&work.key).is_none()).copied().collect();
        let failed = self.make_segments(&missing);
        let records = self.make_layers(&layers, &failed);
        let finish = |(lock, work): (&ImageLock, &Result<Vec<PlatformWork>, Arc<Failure>>)| {
            let work = work.as_ref().map_err(Arc::clone)?;
            finish_image(self, lock, work, &records)
        };
        locks.par_iter().zip(works.par_iter()).map(finish).collect()
    }

    /// What a lock's packages are, each once: what must be fetched before [`Builder::build`], layers at hand excluded.
    pub fn missing_packages(&self, locks: &[ImageLock]) -> Result<Vec<SegmentWork>, Failure> {
        let mut works = Vec::new();
        for lock in locks {
            works.extend(self.works(lock)?);
        }
        let layers = unique_layers(works.iter());
        let missing = layers.values().filter(|work| self.layers.load(&work.key).is_none());
        let segments = missing.flat_map(|work| &work.segments).filter(|work| self.segments.load(&work.key).is_none());
        let unique: BTreeMap<&Digest, &SegmentWork> = segments.map(|work| (&work.package.sha256, work)).collect();
        Ok(unique.into_values().cloned().collect())
    }

    pub(crate) fn works(&self, lock: &ImageLock) -> Result<Vec<PlatformWork>, Failure> {
        let policy = |error: Box<dyn Error + Send + Sync>| Failure::new(Whose::Policy, error);
        let mut works = Vec::new();
        for (name, platform_lock) in &lock.platforms {
            let platform: Platform = name.parse().map_err(|error: oci::PlatformError| policy(error.into()))?;
            let architecture = architecture_of(&lock.name, &platform).map_err(|error| policy(error.into()))?;
            let chain =
                self.catalogue.expanded_chain(&lock.name, architecture).map_err(|error| policy(error.into()))?;
            let layers = layer_works(&self.catalogue, &chain, platform_lock, architecture, &self.rules)
                .map_err(|error| policy(error.into()))?;
            works.push(PlatformWork { platform, chain, layers });
        }
        Ok(works)
    }

    /// Makes the segments that are missing, the largest package first; returns what failed, by key.
    fn make_segments(&self, layers: &[&LayerWork]) -> BTreeMap<Digest, Arc<Failure>> {
        let all: BTreeMap<&Digest, &SegmentWork> =
            layers.iter().flat_map(|work| &work.segments).map(|work| (&work.key, work)).collect();
        let mut missing: Vec<&SegmentWork> =
            all.into_values().filter(|work| self.segments.load(&work.key).is_none()).collect();
        missing.sort_by_key(|work| std::cmp::Reverse(work.package.size));
        let bytes = missing.iter().map(|work| work.package.size).sum();
        (self.reporter)(Event::BuildStarted { packages: missing.len(), bytes });
        let make = |work: &SegmentWork| {
            let made = self.segments.make(&work.key, &work.package, &work.rules, &self.debs);
            (self.reporter)(Event::PackageDone { package: work.package.name.clone(), bytes: work.package.size });
            Some((work.key.clone(), Arc::new(Failure::from(made.err()?))))
        };
        side_by_side(&missing, make)
    }

    /// Makes the layers that are missing, level by level, so that each finds the one below.
    fn make_layers(
        &self,
        layers: &BTreeMap<Digest, &LayerWork>,
        failed: &BTreeMap<Digest, Arc<Failure>>,
    ) -> BTreeMap<Digest, Shared<MadeLayer>> {
        let made: Mutex<BTreeMap<Digest, Shared<MadeLayer>>> = Mutex::new(BTreeMap::new());
        let depths: BTreeSet<usize> = layers.values().map(|work| work.chain.len()).collect();
        for depth in depths {
            let level: Vec<&LayerWork> = layers.values().filter(|work| work.chain.len() == depth).copied().collect();
            level.par_iter().with_max_len(1).for_each(|work| {
                let below = work.parent.as_ref().map(|parent| lock(&made).get(parent).cloned());
                let result: Shared<MadeLayer> = match below.flatten() {
                    Some(Err(failure)) => Err(failure),
                    Some(Ok(below)) => self.make_layer(work, &below.image, failed),
                    None => self.make_layer(work, &Base::default(), failed),
                };
                lock(&made).insert(work.key.clone(), result);
            });
        }
        made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_layer(&self, work: &LayerWork, base: &Base, failed: &BTreeMap<Digest, Arc<Failure>>) -> Shared<MadeLayer> {
        if let Some(failure) = work.segments.iter().find_map(|segment| failed.get(&segment.key)) {
            return Err(Arc::clone(failure));
        }
        let record = self.layer_record(work, base).map_err(Arc::new)?;
        (self.reporter)(Event::LayerDone {
            definition: work.definition().to_owned(),
            architecture: work.architecture,
            bytes: record.layer.size,
        });
        Ok(Arc::new(MadeLayer { image: record.on_top_of(base), record }))
    }

    fn layer_record(&self, work: &LayerWork, base: &Base) -> Result<LayerRecord, Failure> {
        if let Some(record) = self.layers.load(&work.key) {
            return Ok(record);
        }
        let mut parts = Vec::new();
        for one in &work.segments {
            let lost =
                || Failure::new(Whose::Defect, format!("segment of {} vanished while it was needed", one.package.name));
            let segment = self.segments.load(&one.key).ok_or_else(lost)?;
            let before = |reviews: &[Review]| self.segments.reviewed_scripts(&segment.package, reviews);
            let review = self.catalogue.reviewed.check(&segment.package, &segment.version, &segment.scripts, before);
            review.map_err(|error| Failure::new(Whose::Policy, error))?;
            parts.push((one.key.clone(), segment));
        }
        let segments: Vec<&assemble::Segment> = parts.iter().map(|(_, segment)| segment).collect();
        let plan = plan_layer(&work.chain, base, &segments, work.architecture)
            .map_err(|error| Failure::new(Whose::Policy, error))?;
        let made = self.layers.make(&work.key, base, &plan, &parts, &self.segments);
        made.map_err(|error| {
            if error.is_damage() {
                for (key, _) in &parts {
                    self.segments.discard(key);
                }
            }
            Failure::from(error)
        })
    }
}

/// A layer that is there, and the image up to it.
pub(crate) struct MadeLayer {
    pub(crate) record: LayerRecord,
    pub(crate) image: Base,
}

/// One package a core at a time, each on a thread of its own: a thread of the pool that waits for its members would
/// begin another package meanwhile, and hold both in memory.
fn side_by_side<T: Send, C: FromIterator<T>>(
    works: &[&SegmentWork],
    make: impl Fn(&SegmentWork) -> Option<T> + Sync,
) -> C {
    let next = AtomicUsize::new(0);
    let worker = || {
        let take = || works.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).filter_map(|work| make(work)).collect::<Vec<T>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..rayon::current_num_threads()).map(|_| scope.spawn(worker)).collect();
        let results =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results.flatten().collect()
    })
}

fn unique_layers<'w>(works: impl Iterator<Item = &'w PlatformWork>) -> BTreeMap<Digest, &'w LayerWork> {
    works.flat_map(|work| &work.layers).map(|layer| (layer.key.clone(), layer)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
