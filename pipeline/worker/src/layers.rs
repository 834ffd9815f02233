//! Layers on disk: made once per input, shared by every image above.
//!
//! In: a plan and the segments that it is made of. Out: `STATE/layers/<hex of its digest>.tar.gz`, and beside it
//! `<key>.json` with what the audits and the layers above need. The key is a digest of all that the bytes depend on.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use assemble::{About, Base, Layer, LayerError, LayerPlan, Node, RootPath, write_layer};
use blob::Digest;
use serde::{Deserialize, Serialize};

use crate::segments::Segments;
use crate::{DiskError, NewFile, sweep_abandoned, write_atomically};

/// A finished layer and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The layer.
    pub layer: Layer,
    /// Paths that the layer added or changed.
    pub nodes: Vec<Node>,
    /// Contents that its packages captured for effects.
    pub captured: BTreeMap<RootPath, String>,
    /// What its packages say about themselves, by name.
    pub about: BTreeMap<String, About>,
}

impl LayerRecord {
    /// The image with this layer on top of `base`.
    pub fn on_top_of(&self, base: &Base) -> Base {
        let mut result = base.clone();
        result.tree.extend(self.nodes.iter().cloned());
        result.captured.extend(self.captured.clone());
        result.about.extend(self.about.clone());
        result.timestamp = result.timestamp.max(self.layer.timestamp);
        result
    }
}

/// Why a layer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeLayerError {
    /// Its parts do not fit together.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A file of the state folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl MakeLayerError {
    /// Whether a segment on disk was not what it was when it was made.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Layer(LayerError::Io(error)) if error.kind() == io::ErrorKind::InvalidData)
    }
}

/// All layers of a state folder.
#[derive(Debug, Clone)]
pub struct Layers {
    folder: PathBuf,
}

impl Layers {
    /// Those of the state folder `state`.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("layers");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// The layer of this key, if it is there and whole.
    pub fn load(&self, key: &Digest) -> Option<LayerRecord> {
        let record: LayerRecord = serde_json::from_slice(&fs::read(self.record_path(key)).ok()?).ok()?;
        let metadata = self.path(&record.layer.digest).metadata();
        metadata.is_ok_and(|metadata| metadata.len() == record.layer.size).then_some(record)
    }

    /// Where a layer's bytes lie.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.tar.gz", digest.hex()))
    }

    /// Writes the layer of `plan` out of the segments with these keys, in their order.
    pub fn make(
        &self,
        key: &Digest,
        base: &Base,
        plan: &LayerPlan,
        parts: &[(Digest, assemble::Segment)],
        segments: &Segments,
    ) -> Result<LayerRecord, MakeLayerError> {
        let mut file = NewFile::create(&self.folder.join(format!("{}.new", key.hex())))?;
        let mut output = BufWriter::with_capacity(1 << 20, file.as_file());
        let opened = parts.iter().map(|(key, segment)| {
            let reader = segments.open(key).map_err(io::Error::other)?;
            Ok((segment, reader))
        });
        let layer = write_layer(plan, opened, &mut output)?;
        output.flush().map_err(|error| DiskError::new("write", &self.folder, error))?;
        drop(output);
        file.commit_as(&self.path(&layer.digest))?;
        let captured = parts.iter().flat_map(|(_, segment)| segment.captured.clone()).collect();
        let about = parts.iter().map(|(_, segment)| (segment.package.clone(), segment.about.clone())).collect();
        let record = LayerRecord { layer, nodes: plan.result.tree.differing(&base.tree), captured, about };
        write_atomically(&self.record_path(key), &serde_json::to_vec(&record).unwrap_or_default())?;
        Ok(record)
    }

    /// Where all layers are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of one layer, as far as they are there.
    pub(crate) fn files(&self, key: &Digest) -> Vec<PathBuf> {
        let layer = self.load(key).map(|record| self.path(&record.layer.digest));
        layer.into_iter().chain([self.record_path(key)]).collect()
    }

    fn record_path(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{}.json", key.hex()))
    }
}
