//! The grade of an image: how long the oldest fix that it lacks has been in the archive.
//!
//! In: reports, what was first seen when, the time. Out: [`Graded`], a grade and its reason in words.
//!
//! | grade | the oldest fix that the archive has and the image lacks |
//! |---|---|
//! | A | there is none |
//! | B | is younger than 24 hours |
//! | C | younger than 7 days |
//! | D | younger than 30 days |
//! | F | 30 days or older |
//! | unknown | nobody can say: the data are stale or absent |
//!
//! Where nobody knows since when a fix is there, what is proven counts: that a fix is missing at all, which is B. The reason says so.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingStatus};
use crate::first_seen::{FirstSeen, known_since};
use crate::report::Report;
use crate::standing::Standing;
use crate::words;

/// A grade; the later, the worse. Unknown is the worst: stale and absent data are unknown on every surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Every fix that the archive has is in the image.
    A,
    /// The oldest missing fix is younger than 24 hours.
    B,
    /// Younger than 7 days.
    C,
    /// Younger than 30 days.
    D,
    /// 30 days or older.
    F,
    /// Nobody can say: the data are stale or absent.
    #[serde(rename = "unknown")]
    Unknown,
}

/// A grade with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// Why, in words; begins with the grade, such as `B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 5 hours`.
    pub reason: String,
}

/// The grade of one platform's image at `now`.
pub fn grade(report: &Report, first_seen: &FirstSeen, now: Timestamp) -> Graded {
    let missing: Vec<Missing<'_>> = report
        .findings
        .iter()
        .filter(|finding| finding.status == FindingStatus::Fixable)
        .map(|finding| Missing {
            finding,
            age: known_since(finding, first_seen).map(|since| now.duration_since(since)),
        })
        .collect();
    let proven = missing.iter().filter(|it| it.age.is_some()).max_by_key(|it| it.age);
    let grade = proven.or(missing.first()).map_or(Grade::A, Missing::grade);
    let reason = reason(proven.or(missing.first()), missing.len());
    match report.standing {
        Standing::Current { .. } => Graded::of(grade, &reason),
        Standing::Absent => Graded::of(Grade::Unknown, &report.standing.to_string()),
        Standing::Stale { .. } => {
            Graded::of(Grade::Unknown, &format!("{}; as of then {grade}, {reason}", report.standing))
        }
    }
}

/// The grade of an image index: that of its worst platform, which the reason names. Without a report it is unknown.
pub fn grade_all(reports: &[Report], first_seen: &FirstSeen, now: Timestamp) -> Graded {
    let graded = reports.iter().map(|report| (grade(report, first_seen, now), report));
    let worst = graded.reduce(|worst, other| if other.0.grade > worst.0.grade { other } else { worst });
    let Some((mut graded, report)) = worst else {
        return Graded::of(Grade::Unknown, "the image was not scanned");
    };
    if let Some(platform) = report.subject.platform.as_ref().filter(|_| reports.len() > 1 && graded.grade != Grade::A) {
        graded.reason = format!("{} ({platform})", graded.reason);
    }
    graded
}

/// A fix that the image lacks.
struct Missing<'a> {
    finding: &'a Finding,
    age: Option<SignedDuration>,
}

impl Missing<'_> {
    fn grade(&self) -> Grade {
        let Some(age) = self.age else { return Grade::B };
        match age.as_hours() {
            ..24 => Grade::B,
            24..168 => Grade::C,
            168..720 => Grade::D,
            _ => Grade::F,
        }
    }

    fn words(&self) -> String {
        let finding = self.finding;
        let suite = finding.fix.as_ref().map_or("the archive", |fix| fix.suite.as_str());
        let version = finding.fix.as_ref().map(|fix| fix.version.as_str()).or(finding.fixed_version.as_deref());
        let notice = finding.notices.last().map_or(finding.id.as_str(), |notice| notice.id.as_str());
        let fix = format!("{} {} ({notice}) is in {suite}", finding.source, version.unwrap_or("with a fix"));
        match self.age {
            Some(age) => format!("{fix} for {}", words::span(age)),
            None => format!("{fix}, unknown since when; older than that is not proven"),
        }
    }
}

fn reason(worst: Option<&Missing<'_>>, count: usize) -> String {
    let Some(worst) = worst else { return "no fix of the archive is missing".to_owned() };
    let others = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    format!("{}{others}", worst.words())
}

impl Graded {
    fn of(grade: Grade, reason: &str) -> Self {
        Self { grade, reason: format!("{grade}: {reason}") }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::Unknown => "unknown",
            Self::F => "F",
        })
    }
}

impl fmt::Display for Graded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn at(report: &Report, first_seen: &FirstSeen) -> String {
        grade(report, first_seen, NOW.parse().unwrap()).reason
    }

    fn with_since(since: Option<&str>) -> Finding {
        let mut finding = fixable("CVE-2026-2", "openssl", NOW);
        finding.fix.as_mut().unwrap().since = since.map(|since| since.parse().unwrap());
        finding
    }

    #[test]
    fn the_oldest_missing_fix_decides() {
        for (since, expected) in [
            ("2026-11-23T07:00:00Z", "B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 5 hours"),
            ("2026-11-22T12:00:01Z", "B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 23 hours"),
            ("2026-11-22T12:00:00Z", "C: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 24 hours"),
            ("2026-11-16T12:00:01Z", "C: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 6 days"),
            ("2026-11-16T12:00:00Z", "D: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 7 days"),
            ("2026-10-24T12:00:01Z", "D: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 29 days"),
            ("2026-10-24T12:00:00Z", "F: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 30 days"),
            ("2026-11-24T00:00:00Z", "B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 0 minutes"),
        ] {
            assert_eq!(at(&report(vec![with_since(Some(since))]), &FirstSeen::new()), expected);
        }
        let both = report(vec![with_since(Some("2026-11-23T07:00:00Z")), with_since(Some("2026-11-20T07:00:00Z"))]);
        assert!(at(&both, &FirstSeen::new()).ends_with("for 3 days, and 1 more"));
    }

    #[test]
    fn what_has_no_fix_lowers_nothing() {
        let findings = [FindingStatus::Affected, FindingStatus::NoDsa, FindingStatus::FixAnnounced];
        let report = report(findings.map(|status| finding("CVE-2026-1", "glibc", status)).into());
        assert_eq!(at(&report, &FirstSeen::new()), "A: no fix of the archive is missing");
    }

    #[test]
    fn what_is_not_proven_is_said() {
        let report = report(vec![with_since(None)]);
        let expected = "B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security, unknown since when; \
                        older than that is not proven";
        assert_eq!(at(&report, &FirstSeen::new()), expected);
        let seen = "2026-11-01T00:00:00Z".parse().unwrap();
        let first_seen = FirstSeen::from([(("openssl".to_owned(), "CVE-2026-2".to_owned()), seen)]);
        assert!(at(&report, &first_seen).starts_with("D: ") && at(&report, &first_seen).ends_with("for 22 days"));
    }

    #[test]
    fn stale_and_absent_data_are_unknown() {
        let mut one = report(Vec::new());
        one.standing = Standing::Stale { date: "2026-11-01T00:00:00Z".parse().unwrap() };
        let expected = "unknown: vulnerability data are stale: of 2026-11-01T00:00:00Z; \
                        as of then A, no fix of the archive is missing";
        assert_eq!(at(&one, &FirstSeen::new()), expected);
        one.findings = vec![with_since(Some("2026-09-01T00:00:00Z"))];
        assert!(at(&one, &FirstSeen::new()).contains("; as of then F, openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in"));
        one.standing = Standing::Absent;
        assert_eq!(at(&one, &FirstSeen::new()), "unknown: there are no vulnerability data");
    }

    #[test]
    fn the_worst_platform_decides() {
        let now = NOW.parse().unwrap();
        let mut arm = report(vec![with_since(Some("2026-11-20T07:00:00Z"))]);
        arm.subject.platform = Some("linux/arm64".into());
        let said = grade_all(&[report(Vec::new()), arm], &FirstSeen::new(), now);
        assert!(said.grade == Grade::C && said.reason.ends_with("for 3 days (linux/arm64)"), "{said}");
        let mut blind = report(Vec::new());
        blind.standing = Standing::Absent;
        assert_eq!(grade_all(&[report(Vec::new()), blind], &FirstSeen::new(), now).grade, Grade::Unknown);
        assert_eq!(
            grade_all(&[report(Vec::new())], &FirstSeen::new(), now).reason,
            "A: no fix of the archive is missing"
        );
        assert_eq!(grade_all(&[], &FirstSeen::new(), now).reason, "unknown: the image was not scanned");
        assert_eq!(serde_json::to_string(&Grade::Unknown).unwrap(), "\"unknown\"");
    }
}
