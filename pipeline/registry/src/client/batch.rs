//! Manifests and blobs that are written together, such as all that is said about an image.
//!
//! In: a [`Place`] and a [`Batch`]. Out: everything in it is there. In the store and in a layout it becomes visible at one moment; a
//! registry gets blobs first, then manifests in their order, and last what is to go goes.

use std::collections::BTreeSet;

use blob::Digest;
use oci::{Descriptor, MEDIA_TYPE_MANIFEST, Tag};

use super::reader::{End, Place, Reader};
use super::{BlobSource, CopyError, Named, Remote};

/// What is written together. Equal batches may be written again: the end is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Blobs that the manifests name, each once.
    pub blobs: BTreeSet<Vec<u8>>,
    /// Image manifests.
    pub manifests: Vec<BatchManifest>,
    /// Manifests whose place the new ones take.
    pub removed: Vec<Digest>,
}

/// One manifest of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchManifest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The tag that leads to it, if any.
    pub tag: Option<BatchTag>,
}

/// A tag that a batch moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTag {
    /// The tag.
    pub tag: Tag,
    /// What it led to when the batch was made: where it leads elsewhere by now, the store writes nothing.
    pub former: Option<Digest>,
}

impl Batch {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.manifests.is_empty() && self.removed.is_empty()
    }

    /// Adds what another one holds.
    pub fn extend(&mut self, other: Self) {
        self.blobs.extend(other.blobs);
        self.manifests.extend(other.manifests);
        self.removed.extend(other.removed);
    }

    /// Writes everything to a place.
    pub async fn write(self, place: &Place) -> Result<(), CopyError> {
        match Reader::of_target(place, false).await?.end {
            End::Remote(remote) => Box::pin(self.push(&remote)).await,
            End::Local(local) => local.run(move |store, repository| store.put_batch(repository, &self)).await,
        }
    }

    async fn push(self, remote: &Remote) -> Result<(), CopyError> {
        for blob in self.blobs {
            let descriptor = Descriptor::of("", &blob);
            remote.push_blob(&descriptor, &BlobSource::Bytes(blob.into()), &[], &|_| ()).await?;
        }
        for manifest in self.manifests {
            let name = manifest.tag.map(|moved| Named::Tag(moved.tag));
            let name = name.unwrap_or_else(|| Named::Digest(Digest::of(&manifest.bytes)));
            remote.push_manifest(&manifest.bytes, MEDIA_TYPE_MANIFEST, &name).await?;
        }
        for digest in self.removed {
            // Many registries let nobody delete: then the old one stays beside the new one.
            if let Err(error) = remote.delete(&Named::Digest(digest.clone())).await {
                tracing::warn!(%digest, to = %remote, "what was replaced could not be removed: {error}");
            }
        }
        Ok(())
    }
}
