//! Why a copy came to nothing.

use std::path::PathBuf;

use blob::{Digest, VerifyError};
use oci::DocumentError;

use crate::{ClientError, ClientFault, StoreError};

/// Why a copy came to nothing. What was copied until then is whole, and no tag has moved; the same copy can be run again.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A registry.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store, or a layout.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source does not have what is to be copied.
    #[error("`{place}` has no `{what}`: expected a tag or digest that it has; list its tags to see which")]
    NotThere {
        /// The source.
        place: String,
        /// The tag or digest.
        what: String,
    },
    /// The source has a manifest that names a blob that it does not have.
    #[error(
        "`{place}` has the manifest `{manifest}` but not its blob `{blob}`: the image there is damaged; push it there again"
    )]
    NoBlob {
        /// The source.
        place: String,
        /// The manifest.
        manifest: Digest,
        /// The blob that it names.
        blob: Digest,
    },
    /// A folder that is no image layout.
    #[error("`{}` is no image layout: expected a folder with `oci-layout` and `index.json`", path.display())]
    NoLayout {
        /// The folder.
        path: PathBuf,
    },
    /// A manifest that cannot be read.
    #[error("the manifest `{digest}` in `{place}` cannot be copied: {reason}")]
    Document {
        /// The source.
        place: String,
        /// Which manifest.
        digest: Digest,
        /// What is wrong with it.
        reason: DocumentError,
    },
    /// More manifests than memory should hold.
    #[error(
        "what belongs to these tags of `{place}` is more than {manifests} manifests or {megabytes} MB of them: copy fewer tags at a time"
    )]
    TooMuch {
        /// The source.
        place: String,
        /// The bound on their number.
        manifests: usize,
        /// The bound on their size together.
        megabytes: u64,
    },
    /// A blob that is to be held in memory and is too large for it.
    #[error("the blob `{blob}` in `{place}` is said to have {size} bytes: expected at most {largest}")]
    BlobTooLarge {
        /// Where it is.
        place: String,
        /// Which blob.
        blob: Digest,
        /// Its size by its descriptor.
        size: u64,
        /// The bound.
        largest: u64,
    },
    /// A blob that is named and not there, or not in the size that is named.
    #[error("`{place}` does not have the blob `{blob}`, or not whole: push it there again, or take it from elsewhere")]
    BlobMissing {
        /// Where it should be.
        place: String,
        /// Which blob.
        blob: Digest,
    },
    /// A blob whose bytes are others.
    #[error("the blob `{blob}` in `{place}` is damaged: {reason}; push it there again, or take it from elsewhere")]
    BlobWrong {
        /// Where it is.
        place: String,
        /// Which blob.
        blob: Digest,
        /// The difference.
        reason: VerifyError,
    },
}

impl CopyError {
    /// Whether the same may succeed in a moment: a connection failed, or a registry is in trouble.
    pub fn is_transient(&self) -> bool {
        let Self::Client(error) = self else { return false };
        matches!(error.fault(), ClientFault::GaveUp { .. }) || error.fault().is_transient()
    }
}
