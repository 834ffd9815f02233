//! The layers of an image as work: each with the key of everything that it is made from.
//!
//! In: a lock and the catalogue. Out: [`LayerWork`], the lowest layer first. Two images that share a layer get equal
//! keys for it, so it is made once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use assemble::{
    COMPRESSOR, Catalogue, Definition, Effect, GlobError, LAYER_FORMAT, LayerRules, LockedPackage, PackageRules,
    PlatformLock,
};
use blob::Digest;
use debian::Architecture;

use crate::segments::Segments;

/// One package of a layer as work.
#[derive(Debug, Clone)]
pub struct SegmentWork {
    /// Names the segment.
    pub key: Digest,
    /// The package.
    pub package: LockedPackage,
    /// What is taken of it.
    pub rules: Arc<PackageRules>,
}

/// One layer as work.
#[derive(Debug, Clone)]
pub struct LayerWork {
    /// Names the layer.
    pub key: Digest,
    /// The key of the layer below.
    pub parent: Option<Digest>,
    /// The expanded chain up to and including this layer's definition.
    pub chain: Arc<[Definition]>,
    /// Its packages, by name.
    pub segments: Vec<SegmentWork>,
    /// The processor architecture.
    pub architecture: Architecture,
}

impl LayerWork {
    /// The definition that adds this layer.
    pub fn definition(&self) -> &str {
        self.chain.last().map_or("", |definition| &definition.name)
    }
}

/// Compiled rules by the digest of the expanded definition: compiling globs is dear, and images share their parents.
#[derive(Debug, Clone, Default)]
pub struct RulesCache(Arc<Mutex<BTreeMap<Digest, Arc<LayerRules>>>>);

impl RulesCache {
    fn get(&self, catalogue: &Catalogue, definition: &Definition) -> Result<Arc<LayerRules>, GlobError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = definition.digest();
        if let Some(rules) = known.get(&key) {
            return Ok(Arc::clone(rules));
        }
        let rules = Arc::new(LayerRules::new(definition, &catalogue.drops)?);
        known.insert(key, Arc::clone(&rules));
        Ok(rules)
    }
}

/// The work of one platform of a lock.
pub(crate) fn layer_works(
    catalogue: &Catalogue,
    chain: &[Definition],
    lock: &PlatformLock,
    architecture: Architecture,
    cache: &RulesCache,
) -> Result<Vec<LayerWork>, GlobError> {
    let mut works: Vec<LayerWork> = Vec::new();
    for (depth, (definition, layer)) in chain.iter().zip(&lock.layers).enumerate() {
        let rules = cache.get(catalogue, definition)?;
        let segments = layer.packages.iter().map(|package| segment_work(&rules, package));
        let segments = segments.collect::<Result<Vec<_>, _>>()?;
        let parent = works.last().map(|work| work.key.clone());
        let chain: Arc<[Definition]> = chain[..=depth].into();
        let key = key(parent.as_ref(), &chain, &segments, architecture);
        works.push(LayerWork { key, parent, chain, segments, architecture });
    }
    Ok(works)
}

fn segment_work(rules: &Arc<LayerRules>, package: &LockedPackage) -> Result<SegmentWork, GlobError> {
    let rules = PackageRules::new(&package.name, rules)?;
    Ok(SegmentWork { key: Segments::key(package, &rules), package: package.clone(), rules: Arc::new(rules) })
}

fn key(parent: Option<&Digest>, chain: &[Definition], segments: &[SegmentWork], architecture: Architecture) -> Digest {
    let effects: Vec<&[Effect]> = chain.iter().map(|definition| definition.effects.as_slice()).collect();
    let names = chain.last().map(|definition| &definition.name);
    let keys: Vec<&Digest> = segments.iter().map(|segment| &segment.key).collect();
    let inputs = (LAYER_FORMAT, COMPRESSOR, parent, effects, names, keys, architecture.name());
    Digest::of(serde_json::to_vec(&inputs).unwrap_or_default())
}
