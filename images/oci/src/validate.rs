//! Says whether an image is whole: everything that it names is there, with the right size, digest and number of layers.
//!
//! In: the descriptor of an index or manifest, and a closure that gives a document's bytes and one that gives a blob's size.
//! Out: every descriptor that the image needs, or the first thing that is wrong.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md>.

use std::collections::{BTreeMap, BTreeSet};

use blob::{Digest, Verdict, VerifyError};

use crate::{Descriptor, DocumentError, ImageConfig, ImageManifest, ManifestDocument, is_config};

/// Indexes that nest deeper are refused: nobody has any.
const DEEPEST: usize = 8;

/// What an image consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validated {
    /// Indexes and manifests, children before those that name them: the order in which they are pushed.
    pub manifests: Vec<Descriptor>,
    /// Configurations and layers by digest.
    pub blobs: BTreeMap<Digest, Descriptor>,
}

/// What is wrong with an image.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError<E> {
    /// The bytes cannot be had.
    #[error("`{digest}` cannot be read: {reason}")]
    Unreadable {
        /// The blob asked for.
        digest: Digest,
        /// What the closure said.
        reason: E,
    },
    /// Bytes are there, but other ones.
    #[error("`{digest}` is not what its descriptor says: {reason}; fetch or build it again")]
    Wrong {
        /// The blob asked for.
        digest: Digest,
        /// Which size or digest was seen.
        reason: VerifyError,
    },
    /// A manifest, index or configuration that is none.
    #[error("`{digest}`: {reason}")]
    Document {
        /// The document's digest.
        digest: Digest,
        /// What is wrong with it.
        reason: DocumentError,
    },
    /// Configuration and manifest disagree about the layers.
    #[error("`{digest}` has {layers} layers: its configuration has {diff_ids} diff_ids, expected as many")]
    LayerCount {
        /// The manifest's digest.
        digest: Digest,
        /// Layers in the manifest.
        layers: usize,
        /// Entries in the configuration.
        diff_ids: usize,
    },
    /// The index gives a manifest another platform than its configuration has.
    #[error("`{digest}` is for `{found}`: its index says `{expected}`")]
    Platform {
        /// The manifest's digest.
        digest: Digest,
        /// The platform of the configuration.
        found: String,
        /// The platform of the index.
        expected: String,
    },
    /// Indexes inside indexes inside indexes.
    #[error("`{0}` is nested too deeply: expected at most {DEEPEST} indexes inside each other")]
    TooDeep(Digest),
}

/// Walks an image from its index down to its configurations. `read` gives the bytes of manifests and configurations;
/// `size` gives the size of a layer, whose bytes are not looked at: they were checked when they came in.
pub fn validate<E>(
    root: &Descriptor,
    read: impl FnMut(&Descriptor) -> Result<Vec<u8>, E>,
    size: impl FnMut(&Descriptor) -> Result<u64, E>,
) -> Result<Validated, ValidateError<E>> {
    let mut walk = Walk { read, size, seen: BTreeSet::new(), found: Validated::default() };
    walk.manifest(root, 0)?;
    Ok(walk.found)
}

struct Walk<R, S> {
    read: R,
    size: S,
    seen: BTreeSet<Digest>,
    found: Validated,
}

impl<E, R, S> Walk<R, S>
where
    R: FnMut(&Descriptor) -> Result<Vec<u8>, E>,
    S: FnMut(&Descriptor) -> Result<u64, E>,
{
    fn manifest(&mut self, descriptor: &Descriptor, depth: usize) -> Result<(), ValidateError<E>> {
        let digest = descriptor.digest.clone();
        if depth > DEEPEST {
            return Err(ValidateError::TooDeep(digest));
        }
        if !self.seen.insert(digest.clone()) {
            return Ok(());
        }
        let bytes = self.bytes(descriptor)?;
        let document = ManifestDocument::parse(&descriptor.media_type, &bytes)
            .map_err(|reason| ValidateError::Document { digest, reason })?;
        match &document {
            ManifestDocument::Image(manifest) => self.image(descriptor, manifest)?,
            ManifestDocument::Index(index) => {
                index.manifests.iter().try_for_each(|child| self.manifest(child, depth + 1))?;
            }
        }
        self.found.manifests.push(descriptor.clone());
        Ok(())
    }

    fn image(&mut self, descriptor: &Descriptor, manifest: &ImageManifest) -> Result<(), ValidateError<E>> {
        if is_config(&manifest.config.media_type) {
            let bytes = self.bytes(&manifest.config)?;
            let config = ImageConfig::parse(&bytes)
                .map_err(|reason| ValidateError::Document { digest: manifest.config.digest.clone(), reason })?;
            agree(descriptor, manifest, &config)?;
            self.found.blobs.insert(manifest.config.digest.clone(), manifest.config.clone());
        } else {
            self.blob(&manifest.config)?;
        }
        manifest.layers.iter().try_for_each(|layer| self.blob(layer))
    }

    fn blob(&mut self, descriptor: &Descriptor) -> Result<(), ValidateError<E>> {
        let digest = descriptor.digest.clone();
        let got =
            (self.size)(descriptor).map_err(|reason| ValidateError::Unreadable { digest: digest.clone(), reason })?;
        if got != descriptor.size {
            let reason = VerifyError::WrongSize { expected: descriptor.size, got };
            return Err(ValidateError::Wrong { digest, reason });
        }
        self.found.blobs.insert(digest, descriptor.clone());
        Ok(())
    }

    fn bytes(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, ValidateError<E>> {
        let digest = descriptor.digest.clone();
        let bytes =
            (self.read)(descriptor).map_err(|reason| ValidateError::Unreadable { digest: digest.clone(), reason })?;
        let mut verdict = Verdict::new(digest.clone(), descriptor.size);
        let checked = verdict.update(&bytes).and_then(|()| verdict.finish());
        checked.map_err(|reason| ValidateError::Wrong { digest, reason })?;
        Ok(bytes)
    }
}

fn agree<E>(descriptor: &Descriptor, manifest: &ImageManifest, config: &ImageConfig) -> Result<(), ValidateError<E>> {
    let digest = descriptor.digest.clone();
    let (layers, diff_ids) = (manifest.layers.len(), config.rootfs.diff_ids.len());
    if layers != diff_ids {
        return Err(ValidateError::LayerCount { digest, layers, diff_ids });
    }
    match &descriptor.platform {
        Some(platform)
            if (&platform.os, &platform.architecture) != (&config.platform.os, &config.platform.architecture) =>
        {
            Err(ValidateError::Platform { digest, found: config.platform.to_string(), expected: platform.to_string() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ImageIndex, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST, Platform,
    };

    /// Blobs by digest; a stand-in for a layout.
    #[derive(Default)]
    struct Blobs(BTreeMap<Digest, Vec<u8>>);

    impl Blobs {
        fn put(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
            let descriptor = Descriptor::of(media_type, bytes);
            self.0.insert(descriptor.digest.clone(), bytes.to_vec());
            descriptor
        }

        fn image(&mut self, architecture: &str, diff_ids: usize) -> Descriptor {
            let config = ImageConfig::new(Platform::linux(architecture), vec![Digest::of("tar"); diff_ids]);
            let config = self.put(MEDIA_TYPE_CONFIG, &config.to_bytes());
            let layer = self.put(MEDIA_TYPE_LAYER_GZIP, b"layer");
            self.put(MEDIA_TYPE_MANIFEST, &ImageManifest::new(config, vec![layer]).to_bytes())
        }

        fn index(&mut self, children: Vec<Descriptor>) -> Descriptor {
            self.put(MEDIA_TYPE_INDEX, &ImageIndex::new(children).to_bytes())
        }

        fn validate(&self, root: &Descriptor) -> Result<Validated, String> {
            let read = |descriptor: &Descriptor| self.0.get(&descriptor.digest).cloned().ok_or("not there");
            let size = |descriptor: &Descriptor| read(descriptor).map(|bytes| bytes.len() as u64);
            validate(root, read, size).map_err(|error| error.to_string())
        }
    }

    #[test]
    fn a_whole_image_gives_its_parts_children_first() {
        let mut blobs = Blobs::default();
        let children = vec![blobs.image("amd64", 1), blobs.image("arm64", 1)];
        let root = blobs.index(children.clone());
        let found = blobs.validate(&root).unwrap();
        assert_eq!(found.manifests, [children, vec![root]].concat());
        assert_eq!(found.blobs.len(), 3, "two configurations and one layer");
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut blobs = Blobs::default();
        let child = blobs.image("amd64", 1);
        let root = blobs.index(vec![child.clone()]);
        blobs.0.remove(&child.digest);
        assert_eq!(blobs.validate(&root).unwrap_err(), format!("`{}` cannot be read: not there", child.digest));
    }

    #[test]
    fn a_layer_of_another_size_and_a_manifest_of_other_bytes_are_named() {
        let mut blobs = Blobs::default();
        let root = blobs.image("amd64", 1);
        blobs.0.insert(Digest::of("layer"), b"lay".to_vec());
        assert!(blobs.validate(&root).unwrap_err().contains("expected 5 bytes, got 3"));
        blobs.0.get_mut(&root.digest).unwrap()[0] = b' ';
        assert!(blobs.validate(&root).unwrap_err().contains(&format!("expected {}, got sha256", root.digest)));
    }

    #[test]
    fn configuration_and_manifest_must_have_as_many_layers() {
        let mut blobs = Blobs::default();
        let root = blobs.image("amd64", 2);
        assert!(blobs.validate(&root).unwrap_err().contains("has 1 layers: its configuration has 2 diff_ids"));
    }

    #[test]
    fn the_platform_in_the_index_must_be_that_of_the_configuration() {
        let mut blobs = Blobs::default();
        let child = blobs.image("amd64", 1).with_platform(Platform::linux("arm64"));
        let root = blobs.index(vec![child]);
        assert!(blobs.validate(&root).unwrap_err().ends_with("is for `linux/amd64`: its index says `linux/arm64`"));
    }

    #[test]
    fn endless_nesting_is_refused() {
        let mut blobs = Blobs::default();
        let mut root = blobs.image("amd64", 1);
        for _ in 0..=DEEPEST {
            root = blobs.index(vec![root]);
        }
        assert!(blobs.validate(&root).unwrap_err().contains("nested too deeply"));
    }
}
