//! What was found in one published image, over all of its platforms.
//!
//! In: the newest report of each platform, since when findings are known, the moment. Out: [`ImageFindings`]. A platform that nobody scanned
//! makes the whole image unknown.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use scan::{
    Counts, FeedKind, FeedUse, Finding, FindingStatus, FirstSeen, Graded, Report, Standing, Verdict, grade_all,
    headline,
};

use crate::findings::unknown;

/// One platform and its newest report.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// The platform.
    pub(crate) platform: String,
    /// When it was scanned and what was found; none where it was not.
    pub(crate) report: Option<(Timestamp, Report)>,
}

/// The moment that findings are judged at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'j> {
    /// This moment.
    pub(crate) now: Timestamp,
    /// How old data may be.
    pub(crate) stale_after: Duration,
    /// How the data that are there stand: without any, nothing is known, whatever a report stood on.
    pub(crate) data: Standing,
    /// What the last finished rescan stood on: it found nothing new in the images that it left alone.
    pub(crate) rescanned: &'j [FeedUse],
}

/// What is known of one image.
#[derive(Debug, Clone)]
pub(crate) struct ImageFindings {
    /// Its reports, with the standing of this moment.
    pub(crate) reports: Vec<Report>,
    /// How many platforms it has.
    pub(crate) platforms: usize,
    /// When it was scanned; the oldest of its platforms counts.
    pub(crate) scanned: Option<Timestamp>,
    /// How its data stand at this moment; the worst of its platforms counts.
    pub(crate) standing: Standing,
    /// Its findings, by source and id.
    pub(crate) rows: Vec<FindingRow>,
    /// How many of each kind.
    pub(crate) counts: Counts,
    /// The counts in one sentence; unknown comes first.
    pub(crate) headline: String,
    /// Its grade.
    pub(crate) graded: Graded,
    /// What the gate made of it.
    pub(crate) verdict: Option<Verdict>,
}

/// One vulnerability in one source, on all platforms that have it.
#[derive(Debug, Clone)]
pub(crate) struct FindingRow {
    /// The finding; where platforms differ, the worst.
    pub(crate) finding: Finding,
    /// The platforms that have it.
    pub(crate) platforms: Vec<String>,
    /// Since when it is known to be there.
    pub(crate) since: Option<Timestamp>,
}

impl ImageFindings {
    /// What these reports come to.
    pub(crate) fn of(scans: Vec<Scan>, first_seen: &FirstSeen, verdict: Option<Verdict>, judged: &Judged<'_>) -> Self {
        let platforms = scans.len();
        let missing = scans.iter().find(|it| it.report.is_none()).map(|it| it.platform.clone());
        let scanned = scans.iter().filter_map(|it| it.report.as_ref()).map(|(at, _)| *at).min();
        let reports: Vec<Report> =
            scans.into_iter().filter_map(|it| it.report).map(|(_, it)| judged.report(it)).collect();
        let rows = rows(&reports, first_seen);
        let standing = match missing {
            Some(_) => Standing::Absent,
            None => reports.iter().map(|it| it.standing).max_by_key(badness).unwrap_or(Standing::Absent),
        };
        let (counts, headline) = counted(&reports, &rows, standing);
        let graded = match missing {
            Some(platform) if !reports.is_empty() => unknown(&format!("{platform} was not scanned")),
            _ => grade_all(&reports, first_seen, judged.now),
        };
        Self { reports, platforms, scanned, standing, rows, counts, headline, graded, verdict }
    }

    /// Whether a row is about every platform.
    pub(crate) fn is_everywhere(&self, row: &FindingRow) -> bool {
        row.platforms.len() >= self.platforms
    }
}

impl Judged<'_> {
    fn report(&self, report: Report) -> Report {
        let tracker = |feeds: &[FeedUse]| feeds.iter().find(|feed| feed.kind == FeedKind::Tracker).cloned();
        let newest = tracker(&report.feeds).into_iter().chain(tracker(self.rescanned)).max_by_key(|feed| feed.date);
        // A rescan says nothing of a report that never had data.
        let newest = newest.filter(|_| tracker(&report.feeds).is_some());
        let standing = match self.data {
            Standing::Absent => Standing::Absent,
            _ => Standing::of(newest.as_slice(), self.now, self.stale_after),
        };
        Report { standing, ..report }
    }
}

fn badness(standing: &Standing) -> u8 {
    match standing {
        Standing::Current { .. } => 0,
        Standing::Stale { .. } => 1,
        Standing::Absent => 2,
    }
}

/// The smaller, the worse; a status that is not known counts as affected.
pub(crate) fn rank(status: FindingStatus) -> (bool, FindingStatus) {
    (!status.is_vulnerable(), status)
}

fn rows(reports: &[Report], first_seen: &FirstSeen) -> Vec<FindingRow> {
    let mut rows: BTreeMap<(String, String), FindingRow> = BTreeMap::new();
    for report in reports {
        let platform = report.subject.platform.clone().unwrap_or_default();
        for finding in &report.findings {
            let key = (finding.source.clone(), finding.id.clone());
            let since = first_seen.get(&key).copied();
            let new = || FindingRow { finding: finding.clone(), platforms: Vec::new(), since };
            let row = rows.entry(key).or_insert_with(new);
            if rank(finding.status) < rank(row.finding.status) {
                row.finding = finding.clone();
            }
            if row.platforms.last() != Some(&platform) {
                row.platforms.push(platform.clone());
            }
        }
    }
    rows.into_values().collect()
}

/// Each vulnerability counts once, whatever the number of platforms.
fn counted(reports: &[Report], rows: &[FindingRow], standing: Standing) -> (Counts, String) {
    let Some(first) = reports.first() else {
        return (Counts::default(), "unknown: the image was not scanned".to_owned());
    };
    let findings = rows.iter().map(|row| row.finding.clone()).collect();
    let whole = Report { findings, standing, feeds: Vec::new(), remarks: Vec::new(), ..first.clone() };
    (Counts::of(&whole), headline(&whole))
}

#[cfg(test)]
mod tests {
    use scan::Grade;

    use super::*;
    use crate::findings::fixtures::{NOW, at, finding, fixable, report};

    const DAY: Duration = Duration::from_hours(24);

    fn scan(platform: &str, findings: Vec<Finding>) -> Scan {
        Scan { platform: platform.into(), report: Some((at("2026-11-23T12:30:00Z"), report(platform, findings))) }
    }

    fn found(scans: Vec<Scan>, now: &str, rescanned: &[FeedUse]) -> ImageFindings {
        let judged = Judged { now: at(now), stale_after: DAY, data: Standing::Current { date: at(now) }, rescanned };
        ImageFindings::of(scans, &FirstSeen::new(), None, &judged)
    }

    #[test]
    fn platforms_are_one_image_and_the_worst_counts() {
        let affected = finding("CVE-2026-1", "glibc", FindingStatus::NoDsa);
        let fixable = fixable("CVE-2026-1", "glibc");
        let image = found(vec![scan("linux/amd64", vec![affected]), scan("linux/arm64", vec![fixable])], NOW, &[]);
        assert_eq!((image.counts.fixable, image.counts.reasoned, image.rows.len()), (1, 0, 1));
        assert!(image.is_everywhere(&image.rows[0]));
        assert_eq!((image.graded.grade, image.headline.as_str()), (Grade::B, "1 fixable; 1 known to be exploited"));
    }

    #[test]
    fn is_unknown_once_its_data_have_become_old_and_where_a_platform_was_not_scanned() {
        let clean = || scan("linux/amd64", Vec::new());
        assert_eq!(found(vec![clean()], NOW, &[]).graded.grade, Grade::A);
        let later = found(vec![clean()], "2026-11-24T14:00:00Z", &[]);
        assert_eq!((later.graded.grade, later.standing.is_current()), (Grade::Unknown, false));
        assert!(later.headline.starts_with("unknown: "), "{}", later.headline);
        let missing = Scan { platform: "linux/arm64".into(), report: None };
        let partly = found(vec![clean(), missing.clone()], NOW, &[]);
        assert_eq!(partly.graded.reason, "unknown: linux/arm64 was not scanned");
        assert!(partly.headline.starts_with("unknown: "), "{}", partly.headline);
        assert_eq!(found(vec![missing], NOW, &[]).graded.reason, "unknown: the image was not scanned");
    }

    #[test]
    fn a_rescan_that_found_nothing_new_keeps_a_report_current() {
        let newer = FeedUse { date: at("2026-11-24T13:00:00Z"), ..report("linux/amd64", Vec::new()).feeds[0].clone() };
        let later = |scan| found(vec![scan], "2026-11-24T14:00:00Z", std::slice::from_ref(&newer)).graded.grade;
        assert_eq!(later(scan("linux/amd64", Vec::new())), Grade::A);
        let mut blind = scan("linux/amd64", Vec::new());
        blind.report.as_mut().unwrap().1.feeds.clear();
        assert_eq!(later(blind), Grade::Unknown);
    }

    #[test]
    fn is_unknown_where_the_data_are_gone() {
        let judged = Judged { now: at(NOW), stale_after: DAY, data: Standing::Absent, rescanned: &[] };
        let image = ImageFindings::of(vec![scan("linux/amd64", Vec::new())], &FirstSeen::new(), None, &judged);
        assert_eq!(image.graded.reason, "unknown: there are no vulnerability data");
    }
}
