//! What is in one file of a feed.
//!
//! In: its kind and plain bytes. Out: a [`FeedContent`], which joins what else is known, or what is wrong and where.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{
    EpssError, EpssScores, KevCatalogue, KevError, Knowledge, Notices, NoticesError, SecuritySupport, SupportError,
};
use crate::advisory::Advisories;
use crate::feed::FeedKind;
use crate::osv::{OsvError, OsvImport, read_osv};
use crate::tracker::TrackerError;

/// What is wrong inside a file.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The tracker's JSON.
    #[error(transparent)]
    Tracker(#[from] TrackerError),
    /// A list of advisories.
    #[error(transparent)]
    Notices(#[from] NoticesError),
    /// A list of security support.
    #[error(transparent)]
    Support(#[from] SupportError),
    /// CISA's catalogue.
    #[error(transparent)]
    Kev(#[from] KevError),
    /// FIRST's scores.
    #[error(transparent)]
    Epss(#[from] EpssError),
    /// OSV records.
    #[error(transparent)]
    Osv(#[from] OsvError),
    /// A list that is no text.
    #[error("reading a list: byte {0} is not UTF-8; fetch it again")]
    Encoding(usize),
}

/// What one file adds.
#[derive(Debug)]
pub enum FeedContent {
    /// The tracker's rows.
    Advisories(Box<Advisories>),
    /// Debian's advisories.
    Notices(Notices),
    /// Support of sources in one release.
    Support(SecuritySupport),
    /// Exploited vulnerabilities.
    Kev(KevCatalogue),
    /// Probabilities of exploitation.
    Epss(EpssScores),
    /// OSV records.
    Osv(Box<OsvImport>),
}

impl FeedContent {
    /// Reads a whole file; `release` is the number of the release that a list of support is about.
    pub fn read(kind: FeedKind, release: &str, bytes: &[u8]) -> Result<Self, FeedError> {
        Ok(match kind {
            FeedKind::Tracker => Self::Advisories(Box::new(Advisories::read_tracker(bytes)?)),
            FeedKind::Dsa | FeedKind::Dla => Self::Notices(Notices::read(text(bytes)?)?),
            FeedKind::Support => Self::Support(SecuritySupport::read(text(bytes)?, release)?),
            FeedKind::Kev => Self::Kev(KevCatalogue::read(bytes)?),
            FeedKind::Epss => Self::Epss(EpssScores::read(bytes)?),
            FeedKind::Osv => Self::Osv(Box::new(read_osv(bytes)?)),
        })
    }

    /// Adds it to the rest.
    pub fn join(self, knowledge: &mut Knowledge) {
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

    /// How many entries it has, and its date: its own, or that of its newest entry.
    pub(crate) fn extent(&self) -> (usize, Option<Timestamp>) {
        match self {
            Self::Advisories(advisories) => (advisories.len(), None),
            Self::Notices(notices) => {
                let newest = notices.all().map(|record| record.notice.date).max();
                let date = newest.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|date| date.timestamp());
                (notices.len(), date)
            }
            Self::Support(support) => (support.len(), None),
            Self::Kev(kev) => (kev.len(), kev.released()),
            Self::Epss(epss) => (epss.len(), epss.date()),
            Self::Osv(osv) => (osv.counts.records, osv.modified),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, FeedError> {
    str::from_utf8(bytes).map_err(|error| FeedError::Encoding(error.valid_up_to()))
}
