//! The documents of a published image index, wherever it is.
//!
//! In: a place and a tag or digest. Out: a [`PublishedImage`], every document checked against its digest. A manifest that is missing is left out: the
//! comparison then says less about it.

use std::collections::BTreeMap;

use oci::{Descriptor, ImageIndex, ImageManifest, is_index};
use registry::{Named, Reader, StoredManifest};

use crate::rebuild_comparison::PublishedImage;
use crate::{Failure, Whose};

/// No image of ours has so many platforms.
const MOST_PLATFORMS: usize = 64;

/// Why there is nothing to build again.
#[derive(Debug, thiserror::Error)]
enum NoIndex {
    #[error("`{place}` has no `{what}`: expected a tag or digest that it has")]
    NotThere { place: String, what: String },
    #[error("`{what}` in `{place}` is no image index, but `{found}`: expected what the tag of an image points to")]
    Other { place: String, what: String, found: String },
}

/// Reads an image index and the manifests of its platforms; with the index's descriptor.
pub async fn read_published(reader: &Reader, named: &Named) -> Result<(PublishedImage, Descriptor), Failure> {
    let stored = index(reader, named).await?;
    let index = ImageIndex::parse(&stored.bytes).map_err(|error| Failure::new(Whose::Policy, error))?;
    let mut manifests = BTreeMap::new();
    let images = index.manifests.iter().filter(|entry| entry.platform.as_ref().is_none_or(|it| it.os != "unknown"));
    for entry in images.take(MOST_PLATFORMS) {
        let found = reader.manifest(&Named::Digest(entry.digest.clone())).await.map_err(upstream)?;
        let manifest = found.and_then(|found| ImageManifest::parse(&found.bytes).ok());
        manifests.extend(manifest.map(|manifest| (entry.digest.clone(), manifest)));
    }
    let published = PublishedImage { digest: stored.descriptor.digest.clone(), index, manifests };
    Ok((published, stored.descriptor))
}

async fn index(reader: &Reader, named: &Named) -> Result<StoredManifest, Failure> {
    let (place, what) = (reader.name(), named.to_string());
    match reader.manifest(named).await.map_err(upstream)? {
        None => Err(Failure::new(Whose::Policy, NoIndex::NotThere { place, what })),
        Some(stored) if !is_index(&stored.descriptor.media_type) => {
            let found = stored.descriptor.media_type;
            Err(Failure::new(Whose::Policy, NoIndex::Other { place, what, found }))
        }
        Some(stored) => Ok(stored),
    }
}

fn upstream(error: registry::CopyError) -> Failure {
    Failure::new(Whose::Upstream, error)
}
