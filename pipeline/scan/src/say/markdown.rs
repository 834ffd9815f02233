//! A report as Markdown, for a pull request or a job's summary: headline, one table, details.
//!
//! In: a [`Report`]. Out: text in GitHub's Markdown. Whatever comes from feeds is escaped.

use std::fmt::Write as _;

use crate::counts::headline;
use crate::finding::FindingStatus;
use crate::report::Report;
use crate::say::table::{TableRow, table};
use crate::words::tracker_page;

/// What is folded away: it asks nothing of the reader.
const QUIET: [(FindingStatus, &str); 3] = [
    (FindingStatus::UnderInvestigation, "Under investigation"),
    (FindingStatus::Negligible, "Unimportant"),
    (FindingStatus::NotAffected, "Not affected"),
];

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("### {}\n\n**{}**\n", title(report), escape(&headline(report)));
    let loud = rows(report, |status| QUIET.iter().all(|(quiet, _)| *quiet != status));
    if !loud.is_empty() {
        let _ = write!(text, "\n{loud}");
    }
    for (status, name) in QUIET {
        let rows = rows(report, |it| it == status);
        if !rows.is_empty() {
            let count = report.findings.iter().filter(|finding| finding.status == status).count();
            let _ = write!(text, "\n<details><summary>{name}: {count}</summary>\n\n{rows}\n</details>\n");
        }
    }
    text + &remarks(report) + &data(report)
}

fn title(report: &Report) -> String {
    let platform = report.subject.platform.as_ref().map_or_else(String::new, |platform| format!(" ({platform})"));
    escape(&format!("{}{platform}", report.subject.name))
}

/// The table of the findings with these statuses; empty where there are none.
fn rows(report: &Report, wanted: impl Fn(FindingStatus) -> bool) -> String {
    let mut lines = String::new();
    for group in table(report) {
        for row in group.rows.iter().filter(|row| wanted(row.status)) {
            lines += &line(&format!("{} {}", group.source, group.source_version), row);
        }
    }
    if lines.is_empty() {
        lines
    } else {
        format!("| Source | Vulnerability | Severity | Status |\n|---|---|---|---|\n{lines}")
    }
}

fn line(source: &str, row: &TableRow) -> String {
    let id = escape(&row.id);
    let page = tracker_page(&row.id);
    format!("| {} | [{id}]({page}) | {} | {} |\n", escape(source), escape(&row.severity), escape(&row.words))
}

fn remarks(report: &Report) -> String {
    if report.remarks.is_empty() {
        return String::new();
    }
    let lines = report.remarks.iter().map(|remark| format!("- {}\n", escape(&remark.to_string())));
    format!("\nTo be known before believing it:\n\n{}", lines.collect::<String>())
}

fn data(report: &Report) -> String {
    let feeds = report.feeds.iter().map(|feed| format!("{} of {} ({})", feed.name, feed.date, feed.digest.short()));
    let feeds: Vec<String> = feeds.collect();
    let feeds = if feeds.is_empty() { "none".to_owned() } else { feeds.join(", ") };
    format!("\n<sub>{} packages. Data: {}.</sub>\n", report.packages, escape(&feeds))
}

/// Text that cannot become a cell, a link, markup or a mention of somebody.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => escaped.extend(['\\', character]),
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};
    use crate::{Remark, Standing};

    #[test]
    fn a_report_reads_well_in_a_pull_request() {
        let mut minor = finding("CVE-2026-8", "glibc", FindingStatus::NoDsa);
        minor.debian.reason = Some("Minor | issue <b>".into());
        let findings = vec![
            minor,
            fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z"),
            finding("CVE-2026-5", "glibc", FindingStatus::Negligible),
        ];
        let mut report = report(findings);
        report.remarks = vec![Remark { about: "a".into(), text: "has no source".into() }];
        let expected = "\
### images.example/python (linux/amd64)

**1 fixable; 1 known to be exploited; 1 open with Debian's reason; 1 unimportant**

| Source | Vulnerability | Severity | Status |
|---|---|---|---|
| openssl 1.0-1 | [CVE-2026-2](https://security-tracker.debian.org/tracker/CVE-2026-2) | CVSS 7.5, Debian: high, \
exploited since 2026-11-21, EPSS 12.3 % | fixed in 3.5.7-1\\~deb13u4 (trixie-security since 2026-11-20, DSA-6531-1) |
| glibc 1.0-1 | [CVE-2026-8](https://security-tracker.debian.org/tracker/CVE-2026-8) |  | \
no advisory planned: Minor \\| issue &lt;b&gt; |

<details><summary>Unimportant: 1</summary>

| Source | Vulnerability | Severity | Status |
|---|---|---|---|
| glibc 1.0-1 | [CVE-2026-5](https://security-tracker.debian.org/tracker/CVE-2026-5) |  | Debian calls it unimportant |

</details>

To be known before believing it:

- a: has no source

<sub>40 packages. Data: tracker.json of 2026-11-23T12:00:00Z (2d711642b726).</sub>
";
        assert_eq!(markdown(&report), expected);
    }

    #[test]
    fn without_data_it_says_unknown_and_no_table() {
        let mut report = report(Vec::new());
        (report.standing, report.feeds) = (Standing::Absent, Vec::new());
        let text = markdown(&report);
        assert!(text.contains("**unknown: there are no vulnerability data**") && !text.contains("|---"), "{text}");
        assert!(text.ends_with("<sub>40 packages. Data: none.</sub>\n"));
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("a|b\n[x](y) @team <img>"), "a\\|b \\[x\\](y) &#64;team &lt;img&gt;");
    }
}
