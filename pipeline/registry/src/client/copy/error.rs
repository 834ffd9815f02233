//! Why a copy came to nothing.

use std::path::PathBuf;

use blob::Digest;
use oci::DocumentError;

use crate::{ClientError, StoreError};

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
}
