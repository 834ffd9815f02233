//! Why a feed was not taken.
//!
//! In: what the network, the disk or the checks found. Out: a [`FeedsError`], and whose it is.

use std::path::PathBuf;
use std::time::Duration;

use plan::Whose;
use scan::ShapeError;

use crate::{ClientError, DiskError};

/// Why a feed could not be read, or was refused. What was kept before stays in use.
#[derive(Debug, thiserror::Error)]
pub enum FeedsError {
    /// The server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It took too long.
    #[error("`{address}` took longer than {} s: try again later, or raise `feeds.timeout` in the settings file", .allowed.as_secs())]
    Slow {
        /// Where.
        address: String,
        /// How long it may take.
        allowed: Duration,
    },
    /// There is no such file.
    #[error("there is no file {}: put it there, or set the feed to `off` in the settings file", names(paths))]
    NoFile {
        /// Where it was looked for.
        paths: Vec<PathBuf>,
    },
    /// A file that is too large.
    #[error("`{address}` has more than the {limit} bytes that a feed of this kind may have")]
    TooLarge {
        /// Where.
        address: String,
        /// The bound.
        limit: u64,
    },
    /// Bytes that cannot be inflated.
    #[error("what `{address}` gave cannot be inflated: it is damaged or cut off")]
    Damaged {
        /// Where.
        address: String,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// It is older than what is kept.
    #[error("what `{address}` gave is of {got}, older than what is kept, of {kept}: check the server; to start anew remove `{}`", record.display())]
    Older {
        /// Where.
        address: String,
        /// Its date.
        got: String,
        /// The date of what is kept.
        kept: String,
        /// What to remove where this is wanted.
        record: PathBuf,
    },
    /// It is not what such a feed is.
    #[error("what `{address}` gave is refused: check the server; to start anew remove `{}`", record.display())]
    Shape {
        /// Where.
        address: String,
        /// What is wrong with it.
        source: Box<ShapeError>,
        /// What to remove where this is wanted.
        record: PathBuf,
    },
    /// The state folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl FeedsError {
    /// Whose it is.
    pub fn whose(&self) -> Whose {
        match self {
            Self::Client(error) => error.whose(),
            Self::NoFile { .. } | Self::Disk(_) => Whose::Policy,
            _ => Whose::Upstream,
        }
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(" or ")
}
