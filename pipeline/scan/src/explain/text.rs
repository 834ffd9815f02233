//! An explanation as text of at most 25 lines: what there is more of is counted.

use std::fmt;

use crate::explain::{ExplainedImage, ExplainedRow, Explanation};
use crate::finding::{ArchiveFix, Evidence, Finding, FindingStatus, Severities};

/// Lines of advisories, rows and findings.
const NOTICES: usize = 3;
const ROWS: usize = 8;
const FINDINGS: usize = 2;
const EVIDENCE: usize = 2;

/// Letters of a line that comes from others.
const LONGEST: usize = 160;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = self.description.as_deref().unwrap_or("no description is known");
        write!(f, "{}: {}", self.id, short(description))?;
        if !self.is_known() {
            return write!(f, "\nNothing is known about it: it is in no row and no advisory of the data.");
        }
        severity(&self.severity, f)?;
        for it in self.notices.iter().take(NOTICES) {
            write!(f, "\n{} of {}: {}", it.notice.id, it.notice.date, short(&it.title))?;
        }
        more(self.notices.len(), NOTICES, "advisories", f)?;
        for row in self.rows.iter().take(ROWS) {
            write!(f, "\n{} {}: {}", row.release, row.source, row_words(row))?;
        }
        more(self.rows.len(), ROWS, "rows", f)?;
        self.image.iter().try_for_each(|image| image_words(self, image, f))
    }
}

fn short(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(LONGEST).collect()
}

fn more(count: usize, shown: usize, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if count > shown { write!(f, "\n… and {} more {what}", count - shown) } else { Ok(()) }
}

fn severity(severity: &Severities, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut parts = Vec::new();
    parts.extend(severity.urgency.as_ref().map(|urgency| format!("Debian's urgency {urgency}")));
    parts.extend(severity.cvss.as_ref().map(|cvss| format!("CVSS {:.1} ({})", cvss.score, short(&cvss.vector))));
    parts.extend(severity.epss.map(|epss| format!("EPSS {:.2} %", epss.probability * 100.0)));
    parts.extend(severity.kev.map(|since| format!("known to be exploited since {since}")));
    if parts.is_empty() { write!(f, "\nNobody gives a severity.") } else { write!(f, "\n{}", parts.join(", ")) }
}

fn row_words(row: &ExplainedRow) -> String {
    let debian = &row.debian;
    if row.fixed_version.as_deref() == Some("0") {
        return "not affected, by Debian's own row".into();
    }
    let mut words = short(&debian.status);
    if let Some(fixed) = &row.fixed_version {
        words += " in ";
        words += &short(fixed);
    }
    words += &row.fix.as_ref().map(|fix| format!(", {}", fix_words(fix))).unwrap_or_default();
    words += &debian.no_dsa.as_ref().map(|word| format!(", {}", short(word))).unwrap_or_default();
    words += &debian.reason.as_ref().map(|reason| format!(" ({})", short(reason))).unwrap_or_default();
    if matches!(row.urgency.as_str(), "unimportant" | "end-of-life") {
        words += ", ";
        words += &row.urgency;
    }
    if debian.next_point_update { words + ", the fix waits for the next point release" } else { words }
}

fn fix_words(fix: &ArchiveFix) -> String {
    let since = fix.since.map(|since| format!(" since {since}")).unwrap_or_default();
    format!("{} has {}{since}", fix.suite, fix.version)
}

fn image_words(explanation: &Explanation, image: &ExplainedImage, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = short(&image.subject.name);
    if !image.standing.is_current() {
        write!(f, "\n{name}: {}", image.standing)?;
    }
    if image.findings.is_empty() {
        let sources: Vec<&str> = explanation.sources().into_iter().take(5).collect();
        return write!(
            f,
            "\n{name}: not among its findings. No package of it is built of {} in a version that has it.",
            sources.join(", ")
        );
    }
    for finding in image.findings.iter().take(FINDINGS) {
        write!(f, "\n{name}: {} {}: {}", finding.source, finding.source_version, status_words(finding))?;
        for evidence in finding.evidence.iter().take(EVIDENCE) {
            write!(f, "\n  {}", evidence_words(evidence))?;
        }
    }
    more(image.findings.len(), FINDINGS, "versions of its sources", f)
}

fn status_words(finding: &Finding) -> String {
    let fixed = finding.fixed_version.as_deref().unwrap_or("no version");
    let place = finding.fix.as_ref().map(|fix| format!(", and {}", fix_words(fix))).unwrap_or_default();
    match finding.status {
        FindingStatus::Fixable => format!("fixable. It is below {fixed}{place}: a rebuild brings the fix."),
        FindingStatus::FixAnnounced => {
            format!("fix announced. It is below {fixed}, which the archive does not have yet.")
        }
        FindingStatus::FixPending => {
            "fix pending. The fix waits in proposed-updates for the next point release.".into()
        }
        FindingStatus::Affected => "affected. No suite of its release has a version without it.".into(),
        FindingStatus::NoDsa => "affected. Debian plans no advisory of its own for it.".into(),
        FindingStatus::Postponed => "affected. Debian fixes it together with something else.".into(),
        FindingStatus::Ignored => "affected. Debian will not fix it in this release.".into(),
        FindingStatus::EndOfLife => "affected. The source has no security support any more.".into(),
        FindingStatus::UnderInvestigation => "under investigation. Debian did not look yet.".into(),
        FindingStatus::Negligible => format!("negligible. Debian calls it unimportant{place}."),
        FindingStatus::Unknown => "unknown. The data cannot be read for this version; it counts as affected.".into(),
        FindingStatus::NotAffected => "not affected, with evidence:".into(),
    }
}

fn evidence_words(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Changelog { version, line } => format!("its changelog names it in {version}: {}", short(line)),
        Evidence::NeverAffected => "Debian's row says that the release never had it".into(),
        Evidence::ComponentNotPresent { component, reason } => {
            format!("the image has no {}: {}", short(component), short(reason))
        }
        Evidence::Statement { author, reason, status, expires, .. } => {
            let until = expires.map(|day| format!(", until {day}")).unwrap_or_default();
            format!("{} says {status}: {}{until}", short(author), short(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::explain;
    use crate::knowledge::Notices;
    use crate::matching::fixture::{World, no_dsa, resolved, row};
    use crate::row::{AdvisoryRow, NoDsaKind};

    #[test]
    fn says_what_debian_knows_where_the_fix_is_and_why() {
        let id = "CVE-2026-1001";
        let bookworm = AdvisoryRow { release: "bookworm", ..no_dsa("zlib", id, NoDsaKind::Plain) };
        let trixie = AdvisoryRow { description: Some("Overflow"), ..resolved("zlib", id, "1-2") };
        let mut world = World::new(&[bookworm, trixie], &[("zlib", "1-1")]).has("zlib", "1-2", "trixie-security");
        let list = "[21 Nov 2026] DSA-6531-1 zlib - security update\n\t{CVE-2026-1001}\n\t[trixie] - zlib 1-2\n";
        world.knowledge.notices = Notices::read(list).unwrap();
        let report = world.report(None);
        let explanation = explain("cve-2026-1001", &world.knowledge, &world.archive, Some(&report));
        let expected = "\
CVE-2026-1001: Overflow
Nobody gives a severity.
DSA-6531-1 of 2026-11-21: zlib - security update
trixie zlib: resolved in 1-2, trixie-security has 1-2
bookworm zlib: open, no-dsa (Minor issue)
images.example/team/python: zlib 1-1: fixable. It is below 1-2, and trixie-security has 1-2: a rebuild brings the fix.";
        assert_eq!(explanation.to_string(), expected);
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
        let by_notice = explain("DSA-6531-1", &world.knowledge, &world.archive, None);
        assert!(by_notice.to_string().starts_with("DSA-6531-1: zlib - security update"), "{by_notice}");
    }

    #[test]
    fn what_nobody_knows_or_the_image_lacks_is_said() {
        let world = World::new(&[row("zlib", "CVE-2026-1001"), resolved("a", "CVE-2026-1001", "0")], &[("curl", "1")]);
        let explain = |id: &str| explain(id, &world.knowledge, &world.archive, Some(&world.report(None))).to_string();
        assert!(explain("CVE-2026-9999").ends_with("it is in no row and no advisory of the data."));
        let text = explain("CVE-2026-1001");
        assert!(text.contains("trixie a: not affected, by Debian's own row"), "{text}");
        assert!(
            text.ends_with("not among its findings. No package of it is built of a, zlib in a version that has it."),
            "{text}"
        );
    }

    #[test]
    fn never_has_more_than_25_lines() {
        let sources: Vec<String> = (0..40).map(|at| format!("source{at:02}")).collect();
        let rows: Vec<_> = sources.iter().map(|source| row(source, "CVE-2026-1001")).collect();
        let installed: Vec<(&str, &str)> = sources.iter().map(|source| (source.as_str(), "1")).collect();
        let mut world = World::new(&rows, &installed);
        let statement = r#"{"ids": ["CVE-2026-1001"], "author": "A\nB", "reason": "r", "status": "affected"}"#;
        let all = [statement; 5].join(",");
        world.rules = serde_json::from_str(&format!("{{\"statements\": [{all}]}}")).unwrap();
        let list: String = (0..9)
            .map(|at| format!("[21 Nov 2026] DSA-65{at}0-1 x - update\n\t{{CVE-2026-1001}}\n\t[trixie] - x 1\n"))
            .collect();
        world.knowledge.notices = Notices::read(&list).unwrap();
        let report = world.report(None);
        let text = explain("CVE-2026-1001", &world.knowledge, &world.archive, Some(&report)).to_string();
        assert!(text.lines().count() <= 25, "{text}");
        for words in ["… and 6 more advisories", "… and 32 more rows", "… and 38 more versions of its sources"] {
            assert!(text.contains(words), "{words} in {text}");
        }
    }
}
