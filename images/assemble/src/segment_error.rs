//! Why a package cannot become part of a layer, in words that name the package and the path.

use std::io;

use debian::DebError;

use crate::content::ContentError;
use crate::path::{PathError, RootPath};

/// Why a package cannot become part of a layer.
#[derive(Debug, thiserror::Error)]
#[error("package {package}")]
pub struct SegmentError {
    /// Name and version.
    pub package: String,
    /// What is wrong with it.
    #[source]
    pub problem: SegmentProblem,
}

/// What can be wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum SegmentProblem {
    /// The .deb itself is damaged or hostile.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// A path that no image may have.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A file whose content cannot be used.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A path that stands twice.
    #[error("data.tar has `{0}` twice")]
    Twice(RootPath),
    /// Something below a path that is a link.
    #[error("data.tar has `{path}`, which lies below the link `{link}`")]
    BelowLink {
        /// The entry.
        path: RootPath,
        /// The link.
        link: RootPath,
    },
    /// A device, pipe or socket.
    #[error("data.tar has `{path}`, a {kind}: an image holds only files, folders and links")]
    Special {
        /// The entry.
        path: RootPath,
        /// What it is.
        kind: String,
    },
    /// A set-user-id or set-group-id file.
    #[error("data.tar has `{path}` with mode {mode:04o}: no file of an image may be setuid or setgid")]
    SetId {
        /// The entry.
        path: RootPath,
        /// Its mode.
        mode: u32,
    },
    /// Extended attributes, such as file capabilities.
    #[error("data.tar has extended attributes on `{0}`: an image must not carry capabilities")]
    Attributes(RootPath),
    /// A hard link to something that is not there.
    #[error("data.tar has `{path}`, a hard link to `{target}`, which the image does not keep")]
    LostTarget {
        /// The link.
        path: RootPath,
        /// What it points to.
        target: RootPath,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}
