//! Where the blobs of an image that is scanned come from: a registry, a layout, the state folder, or one tar file.
//!
//! In: a place or an archive. Out: manifests and small documents, checked, and layers to be read once.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use blob::{Digest, Verdict};
use oci::{Descriptor, ImageIndex, LARGEST_DOCUMENT, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, blob_path};
use registry::{Named, Reader};

use crate::tar_files::TarFiles;

/// One place with blobs.
#[derive(Debug, Clone)]
pub(crate) enum Blobs {
    /// A registry, a layout, or the state folder.
    Place(Reader),
    /// An image layout in a tar file.
    Archive(Arc<TarFiles>),
}

/// A manifest or an index, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its media type.
    pub(crate) media_type: String,
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its bytes, which have the digest.
    pub(crate) bytes: Vec<u8>,
}

/// A layer's blob.
pub(crate) type LayerReader = Box<dyn Read + Send>;

impl Blobs {
    /// What a tag or digest names in a place.
    pub(crate) async fn named(&self, named: &Named) -> anyhow::Result<Found> {
        match (self, named) {
            (Self::Place(reader), named) => {
                let found = reader.manifest(named).await?;
                let found = found.with_context(|| format!("`{}` has no `{named}`", reader.name()))?;
                let (media_type, digest) = (found.descriptor.media_type, found.descriptor.digest);
                Ok(Found { media_type, digest, bytes: found.bytes.to_vec() })
            }
            (Self::Archive(files), Named::Digest(digest)) => of_archive(files, digest),
            (Self::Archive(files), Named::Tag(tag)) => {
                anyhow::bail!("`{}` is asked for `{tag}` by digest only", files.name)
            }
        }
    }

    /// A small blob.
    pub(crate) async fn document(&self, descriptor: &Descriptor) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Place(reader) => Ok(reader.blob(descriptor, LARGEST_DOCUMENT as u64).await?),
            Self::Archive(files) => Ok(of_archive(files, &descriptor.digest)?.bytes),
        }
    }

    /// A layer, to be read and checked by whoever takes it.
    pub(crate) async fn open(&self, layer: &Descriptor) -> anyhow::Result<LayerReader> {
        match self {
            Self::Place(reader) => Ok(Box::new(reader.open_blob(layer).await?)),
            Self::Archive(files) => {
                let found = files.open_file(&blob_path(&layer.digest));
                let (_, reader) = found.with_context(|| missing(files, &layer.digest))?;
                Ok(Box::new(reader))
            }
        }
    }
}

fn of_archive(files: &TarFiles, digest: &Digest) -> anyhow::Result<Found> {
    let bytes = files.read(&blob_path(digest), LARGEST_DOCUMENT as u64)?.with_context(|| missing(files, digest))?;
    let mut verdict = Verdict::new(digest.clone(), bytes.len() as u64);
    let checked = verdict.update(&bytes).and_then(|()| verdict.finish());
    checked.with_context(|| format!("`{digest}` in `{}` is damaged: write the archive again", files.name))?;
    let is_index = ImageIndex::parse(&bytes).is_ok();
    let media_type = if is_index { MEDIA_TYPE_INDEX } else { MEDIA_TYPE_MANIFEST }.to_owned();
    ensure!(!bytes.is_empty(), "`{digest}` in `{}` is empty", files.name);
    Ok(Found { media_type, digest: digest.clone(), bytes })
}

fn missing(files: &TarFiles, digest: &Digest) -> String {
    format!("`{}` names the blob `{digest}` and does not have it: write the archive again, with every blob", files.name)
}
