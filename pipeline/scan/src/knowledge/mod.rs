//! Everything that is known about vulnerabilities: the readers of each feed, and their results together.

mod content;
mod cve;
mod cvss_vectors;
mod epss;
mod kev;
mod notices;
mod notices_reader;
mod shape;
mod support;

pub use content::{FeedContent, FeedError};
pub use cvss_vectors::CvssVectors;
pub use epss::{EpssError, EpssScores};
pub use kev::{KevCatalogue, KevError};
pub use notices::{NoticeFix, NoticeRecord, Notices};
pub use notices_reader::NoticesError;
pub use shape::{FeedShape, ShapeError, check_shape, read_feed};
pub use support::{SecuritySupport, Support, SupportError};

use crate::advisory::Advisories;
use crate::feed::FeedUse;

/// Everything known, out of all feeds. The default is to know nothing.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// What Debian's tracker says.
    pub advisories: Advisories,
    /// Debian's advisories (DSA and DLA).
    pub notices: Notices,
    /// Sources whose security support is limited or has ended.
    pub support: SecuritySupport,
    /// Exploited vulnerabilities.
    pub kev: KevCatalogue,
    /// Probabilities of exploitation.
    pub epss: EpssScores,
    /// CVSS vectors.
    pub cvss: CvssVectors,
    /// The files that this was read from.
    pub feeds: Vec<FeedUse>,
}
