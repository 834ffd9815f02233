//! How long a fix took from the archive to the tag.
//!
//! In: what an image's tags held of one source over time, what fixes a vulnerability, and when the archive had which version.
//! Out: a [`FixRecord`] for each stretch of time in which the tags held an affected version.
//!
//! A stretch begins when the tags move to a version below the fixed one, and ends when they move to one at or above it. The lag is the tag
//! move that ended it, less the `Date` of the first `InRelease` that had any version at or above the fixed one; after a regression, less the
//! moment when the tags went back. An image that never held a lower version has no record: it was never affected by what we published.

mod record;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twice;

use blob::Digest;
use debian::Version;

use crate::archive_versions::{ArchiveVersion, ArchiveVersions};
use crate::finding::Notice;

pub use record::{ArchiveMoment, FixEvidence, FixRecord, FixState, Moments, Turn};

/// What the tags of one image's platform held of one source, over time.
#[derive(Debug, Clone, Copy)]
pub struct SourceHistory<'h> {
    /// The image.
    pub image: &'h str,
    /// Its platform.
    pub platform: &'h str,
    /// The source.
    pub source: &'h str,
    /// Every publication, by the time of its tag move, the oldest first.
    pub publications: &'h [PublishedVersion],
    /// What keeps the image from being published, if anything does.
    pub hindrance: Option<&'h Turn>,
}

/// What one publication held of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVersion {
    /// Digest of the image index.
    pub index: Digest,
    /// When its steps happened.
    pub moments: Moments,
    /// The source's version, the lowest if there are several; none where the image has no package of that source.
    pub version: Option<Version>,
}

/// What fixes a vulnerability in a release.
#[derive(Debug, Clone, Copy)]
pub struct KnownFix<'f> {
    /// `CVE-…`, `TEMP-…`, `DSA-…`.
    pub id: &'f str,
    /// First version without it, and who says so; none where nobody names one. Version `0` says that the release never had it.
    pub fixed: Option<(&'f Version, FixEvidence)>,
    /// First version without it in sid.
    pub sid_fixed: Option<&'f Version>,
    /// Debian's advisory: the oldest, where several name it.
    pub notice: Option<&'f Notice>,
}

/// When the archive had which version of the source.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveHistory<'a> {
    /// In the release's suites.
    pub release: &'a [ArchiveMoment],
    /// In sid.
    pub sid: &'a [ArchiveMoment],
}

impl ArchiveMoment {
    /// The moments of a source; what only the ledger knows is none.
    pub fn of(archive: &ArchiveVersions, source: &str) -> Vec<Self> {
        let moment = |ArchiveVersion { version, suite, since }: &ArchiveVersion| Self {
            version: version.clone(),
            suite: suite.clone(),
            since: *since,
            after: None,
            observed: None,
        };
        archive.of(source).iter().map(moment).collect()
    }

    /// The first that had a version at or above `fixed`: one that nobody saw come is before all others.
    fn first<'a>(moments: &'a [Self], fixed: &Version) -> Option<&'a Self> {
        let with_fix = moments.iter().filter(|it| it.version >= *fixed);
        with_fix.min_by(|one, other| {
            (one.since, &one.version, &one.suite).cmp(&(other.since, &other.version, &other.suite))
        })
    }
}

/// One record for each stretch of time in which the tags held an affected version, the oldest first; none if they never did.
pub fn fix_records(history: &SourceHistory<'_>, fix: &KnownFix<'_>, archive: &ArchiveHistory<'_>) -> Vec<FixRecord> {
    let is_affected = |it: &PublishedVersion| match (&it.version, fix.fixed) {
        (Some(version), Some((fixed, _))) => version < fixed,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let mut records: Vec<FixRecord> = Vec::new();
    let mut is_open = false;
    for published in history.publications {
        match (is_open, is_affected(published)) {
            (false, true) => {
                let occurrence = u32::try_from(records.len() + 1).unwrap_or(u32::MAX);
                records.extend(opened(history, fix, archive, published, occurrence));
                is_open = true;
            }
            (true, false) => {
                records.last_mut().into_iter().for_each(|record| close(record, published));
                is_open = false;
            }
            _ => {}
        }
    }
    records
}

/// A record as it begins.
fn opened(
    history: &SourceHistory<'_>,
    fix: &KnownFix<'_>,
    archive: &ArchiveHistory<'_>,
    published: &PublishedVersion,
    occurrence: u32,
) -> Option<FixRecord> {
    let first = fix.fixed.and_then(|(fixed, _)| ArchiveMoment::first(archive.release, fixed));
    let sid = fix.sid_fixed.and_then(|fixed| ArchiveMoment::first(archive.sid, fixed));
    Some(FixRecord {
        image: history.image.to_owned(),
        platform: history.platform.to_owned(),
        id: fix.id.to_owned(),
        source: history.source.to_owned(),
        occurrence,
        state: FixState::Open,
        affected_version: published.version.as_ref()?.to_string(),
        affected_at: published.moments.tagged,
        fixed_version: fix.fixed.map(|(version, _)| version.to_string()),
        evidence: fix.fixed.map(|(_, evidence)| evidence),
        archive_version: first.map(|it| it.version.to_string()),
        archive_suite: first.map(|it| it.suite.clone()),
        archive_at: first.and_then(|it| it.since),
        archive_after: first.and_then(|it| it.after),
        sid_at: sid.and_then(|it| it.since),
        notice: fix.notice.map(|it| it.id.clone()),
        notice_date: fix.notice.map(|it| it.date),
        observed_at: first.and_then(|it| it.observed),
        decided_at: None,
        built_at: None,
        scanned_at: None,
        signed_at: None,
        tagged_at: None,
        index: None,
        published_version: None,
        lag_seconds: None,
        turn: Some(turn(first.is_some(), history.hindrance)),
    })
}

fn turn(is_in_archive: bool, hindrance: Option<&Turn>) -> Turn {
    match (is_in_archive, hindrance) {
        (true, Some(hindrance)) => hindrance.clone(),
        (true, None) => Turn::Ours,
        (false, _) => Turn::Debian,
    }
}

/// The tags moved to a version without it.
fn close(record: &mut FixRecord, published: &PublishedVersion) {
    let Moments { decided, built, scanned, signed, tagged } = published.moments;
    (record.decided_at, record.built_at, record.scanned_at, record.signed_at) = (decided, built, scanned, signed);
    record.tagged_at = Some(tagged);
    record.index = Some(published.index.clone());
    record.published_version = published.version.as_ref().map(ToString::to_string);
    record.turn = None;
    record.state = if published.version.is_some() { FixState::Fixed } else { FixState::Removed };
    let is_fixed = record.state == FixState::Fixed;
    let since = record.archive_at.filter(|_| is_fixed).map(|at| at.max(record.counted_from()));
    // A tag cannot move before its fix is in the archive: a clock is wrong, and the lag is not known.
    record.lag_seconds = since.map(|since| tagged.duration_since(since).as_secs()).filter(|lag| *lag >= 0);
}
