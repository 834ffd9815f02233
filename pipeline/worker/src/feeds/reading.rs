//! Turns a feed's bytes into what is known.
//!
//! In: bytes as they came, plain, in gzip or in zstd. Out: a [`Part`] of the knowledge, or what is wrong with them. The first bytes tell the
//! compression; names and headers may lie.

use std::io::Read;

use debian::Compression;
use scan::{
    Advisories, EpssScores, FeedError, FeedKind, KevCatalogue, Knowledge, Notices, OsvImport, SecuritySupport, read_osv,
};

use super::error::FeedsError;
use super::source::FeedSource;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What one feed adds.
#[derive(Debug)]
pub(crate) enum Part {
    Advisories(Box<Advisories>),
    Notices(Notices),
    Support(SecuritySupport),
    Kev(KevCatalogue),
    Epss(EpssScores),
    Osv(Box<OsvImport>),
}

impl Part {
    /// Reads a feed's inflated bytes.
    pub(crate) fn read(source: &FeedSource, plain: &[u8]) -> Result<Self, FeedError> {
        Ok(match source.kind {
            FeedKind::Tracker => Self::Advisories(Box::new(Advisories::read_tracker(plain)?)),
            FeedKind::Dsa | FeedKind::Dla => Self::Notices(Notices::read(text(plain)?)?),
            FeedKind::Support => Self::Support(SecuritySupport::read(text(plain)?, source.release_version())?),
            FeedKind::Kev => Self::Kev(KevCatalogue::read(plain)?),
            FeedKind::Epss => Self::Epss(EpssScores::read(plain)?),
            FeedKind::Osv => Self::Osv(Box::new(read_osv(plain)?)),
        })
    }

    /// Adds it to the rest.
    pub(crate) fn join(self, knowledge: &mut Knowledge) {
        match self {
            Self::Advisories(advisories) => knowledge.advisories = *advisories,
            Self::Notices(notices) => knowledge.notices.extend(notices),
            Self::Support(support) => knowledge.support.extend(support),
            Self::Kev(kev) => knowledge.kev = kev,
            Self::Epss(epss) => knowledge.epss = epss,
            Self::Osv(import) => {
                knowledge.cvss = import.cvss;
                // It knows less than the tracker: it stands in where there is none.
                if knowledge.advisories.is_empty() {
                    knowledge.advisories = import.advisories;
                }
            }
        }
    }
}

fn text(plain: &[u8]) -> Result<&str, FeedError> {
    std::str::from_utf8(plain).map_err(|error| FeedError::Encoding(error.valid_up_to()))
}

/// The plain bytes of a feed, at most as many as it may have.
pub(crate) fn inflate(source: &FeedSource, bytes: Vec<u8>) -> Result<Vec<u8>, FeedsError> {
    let compression = match &bytes {
        bytes if bytes.starts_with(GZIP) => Compression::Gzip,
        bytes if bytes.starts_with(ZSTD) => Compression::Zstd,
        _ => return Ok(bytes),
    };
    let (limit, address) = (source.limit(), source.address());
    let mut plain = Vec::new();
    let reader = compression.reader(bytes.as_slice());
    let inflated = reader.and_then(|reader| reader.take(limit + 1).read_to_end(&mut plain));
    match inflated {
        Err(cause) => Err(FeedsError::Damaged { address, source: cause }),
        Ok(_) if plain.len() as u64 > limit => Err(FeedsError::TooLarge { address, limit }),
        Ok(_) => Ok(plain),
    }
}
