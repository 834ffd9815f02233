//! One statement beside an image: put there, or taken away.
//!
//! In: a place, a manifest with a subject and its small blobs. Out: the manifest in the place, listed for its subject. Tags do not move.

use axum::body::Bytes;
use blob::Digest;
use oci::{Descriptor, MEDIA_TYPE_MANIFEST};

use super::CopyError;
use crate::client::reader::{End, Place, Reader};
use crate::{BlobSource, Named, StoredManifest};

/// Puts a manifest and the blobs that it names into a place.
pub async fn attach(place: &Place, manifest: &[u8], blobs: &[&[u8]]) -> Result<Descriptor, CopyError> {
    let end = Reader::of_target(place, false).await?.end;
    for blob in blobs {
        put_blob(&end, Bytes::copy_from_slice(blob)).await?;
    }
    let descriptor = Descriptor::of(MEDIA_TYPE_MANIFEST, manifest);
    match &end {
        End::Remote(remote) => {
            let named = Named::Digest(descriptor.digest.clone());
            Ok(Box::pin(remote.push_manifest(manifest, MEDIA_TYPE_MANIFEST, &named)).await?)
        }
        End::Local(local) => {
            let stored = StoredManifest { descriptor: descriptor.clone(), bytes: Bytes::copy_from_slice(manifest) };
            local.put_manifest(&stored).await?;
            Ok(descriptor)
        }
    }
}

/// Takes a manifest away; where it is not there, nothing is to be done. `false` where a registry does not allow it: a list that we keep under the
/// fallback tag does not name it any more even then.
pub async fn detach(place: &Place, digest: &Digest) -> Result<bool, CopyError> {
    match Reader::of_target(place, false).await?.end {
        End::Remote(remote) => match Box::pin(remote.delete(&Named::Digest(digest.clone()))).await {
            Err(error) if error.status().is_some_and(|status| status.is_client_error()) => Ok(false),
            deleted => Ok(deleted.map(|()| true)?),
        },
        End::Local(local) => {
            let digest = digest.clone();
            local.run(move |store, repository| store.remove_manifest(repository, &digest).map(|_| true)).await
        }
    }
}

async fn put_blob(end: &End, bytes: Bytes) -> Result<(), CopyError> {
    // The manifest says what kind of blob it is; here only its digest and size count.
    let descriptor = Descriptor::of("application/octet-stream", &bytes);
    match end {
        End::Remote(remote) => {
            let source = BlobSource::Bytes(bytes);
            Box::pin(remote.push_blob(&descriptor, &source, &[], &|_| ())).await?;
            Ok(())
        }
        End::Local(local) => local.put_bytes(&descriptor, bytes).await,
    }
}
