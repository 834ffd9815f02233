//! Why the store cannot do what it was asked to.

use std::io;
use std::path::PathBuf;

use blob::{Digest, VerifyError};
use oci::{DocumentError, Repository, Tag};

/// Why the store cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refuses.
    #[error("`{}` cannot be {action}: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A file of the store is not the document that it should be.
    #[error("`{}` is damaged: {reason}; mend it by hand, or remove the repository's folder and push again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: DocumentError,
    },
    /// A document to be put into the store is none.
    #[error("`{place}`: {reason}")]
    Document {
        /// Its digest.
        place: String,
        /// What is wrong with it.
        reason: DocumentError,
    },
    /// Bytes to be stored are not those of the digest.
    #[error("`{digest}` is not stored: {reason}; build or fetch it again")]
    Wrong {
        /// The digest promised.
        digest: Digest,
        /// What came.
        reason: VerifyError,
    },
    /// Something names a blob that is not in the repository, or has another size there.
    #[error("`{repository}` has no `{digest}` of {size} bytes: expected it to be put before what names it")]
    Missing {
        /// The repository.
        repository: Repository,
        /// The blob that is named.
        digest: Digest,
        /// The size by which it is named.
        size: u64,
    },
    /// A tag does not point to what the writer saw there.
    #[error("`{repository}:{tag}` was moved by somebody else: look at it again, then repeat the change")]
    Moved {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// A repository's name is too long to be the name of a folder.
    #[error("`{repository}` is too long a name: expected at most 255 characters, where each `/` counts as three")]
    TooLong {
        /// The repository.
        repository: Repository,
    },
    /// Something is to be deleted that a manifest needs.
    #[error("`{digest}` in `{repository}` is needed by `{owner}`: delete that first")]
    Needed {
        /// The repository.
        repository: Repository,
        /// What was to be deleted.
        digest: Digest,
        /// What needs it.
        owner: Digest,
    },
}

impl StoreError {
    /// Whether there was no room for it.
    pub(crate) fn is_full_disk(&self) -> bool {
        matches!(self, Self::File { reason, .. }
            if matches!(reason.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Whether the folder is only read.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self, Self::File { reason, .. }
            if matches!(reason.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied))
    }
}
