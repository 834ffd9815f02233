//! Whether what is remembered as published can really be pulled: every tag leads to it, and every blob is there.
//!
//! In: a store and a publication. Out: yes or no. Sizes are looked at and bytes are not: damage is found by who reads them.

use blob::Digest;
use oci::{Descriptor, ManifestDocument, Repository};
use plan::Publication;
use registry::Store;

/// Whether a publication is served as it was published.
pub(crate) fn is_served(store: &Store, published: &Publication) -> bool {
    let Ok(repository) = published.repository.parse() else { return false };
    let tags = published.tags.iter().chain([&published.fixed_tag]);
    let leads_there = |tag: &String| {
        let found = tag.parse().ok().and_then(|tag| store.resolve(&repository, &tag).ok()).flatten();
        found.filter(|found| found.digest == published.index)
    };
    let found: Option<Vec<Descriptor>> = tags.map(leads_there).collect();
    found.is_some_and(|found| found.first().is_some_and(|index| is_complete(store, &repository, index)))
}

/// Whether everything that was said about it is there.
pub(crate) fn is_attached(store: &Store, published: &Publication) -> bool {
    let Ok(repository) = published.repository.parse() else { return false };
    let there = |digest: &Digest| {
        let found = store.manifest(&repository, digest).ok().flatten();
        found.is_some_and(|found| is_complete(store, &repository, &found.descriptor))
    };
    !published.attested.manifests.is_empty() && published.attested.manifests.iter().all(there)
}

/// Whether a manifest, those that it names and their blobs are there. Ours are one index deep.
fn is_complete(store: &Store, repository: &Repository, descriptor: &Descriptor) -> bool {
    let Ok(Some(stored)) = store.manifest(repository, &descriptor.digest) else { return false };
    let Ok(document) = ManifestDocument::parse(&stored.descriptor.media_type, &stored.bytes) else { return false };
    let has =
        |blob: &Descriptor| matches!(store.blob_size(repository, &blob.digest), Ok(Some(size)) if size == blob.size);
    document.blobs().all(has) && document.manifests().iter().all(|child| is_complete(store, repository, child))
}
