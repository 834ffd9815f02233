//! Reports as text for people: what stands first, then each source with the worst first, then what to know before believing it.
//!
//! In: [`Judged`] reports, and how wide the screen is. Out: text. What is not affected is counted and not listed: there is nothing to do about it.

use std::fmt::Write as _;
use std::io::IsTerminal;

use scan::{Counts, FindingStatus, Report, Standing, TableGroup, TableRow, headline, table};

use crate::scan_bar::{Judged, subject};

/// So narrow a column of words is put below its row.
const NARROWEST: usize = 36;
/// The urgency of what Debian has not rated.
const UNRATED: &str = "Debian: not yet assigned";
/// Where words below their row begin.
const INDENT: usize = 6;
/// So many hexadecimal digits tell a digest from others.
const SHORT_DIGEST: usize = 12;

/// All reports, one after the other.
pub(crate) fn text(all: &[Judged], width: Option<usize>) -> String {
    let texts: Vec<String> = all.iter().map(|judged| one(judged, width)).collect();
    texts.join("\n")
}

/// How wide standard output is; none where it is no terminal: then nothing is wrapped, so that lines can be searched.
pub(crate) fn width() -> Option<usize> {
    let output = std::io::stdout();
    if !output.is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(&output).ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0)
}

fn one(judged: &Judged, width: Option<usize>) -> String {
    let report = &judged.report;
    let mut text = head(judged);
    let mut hidden = 0;
    for mut group in table(report) {
        let all = group.rows.len();
        group.rows.iter_mut().for_each(shorten);
        group.rows.retain(|row| row.status != FindingStatus::NotAffected);
        hidden += all - group.rows.len();
        if !group.rows.is_empty() {
            text += &self::group(&group, width);
        }
    }
    if hidden > 0 {
        let _ = writeln!(text, "\n{hidden} not affected, with evidence: `--format json` lists them");
    }
    if !report.remarks.is_empty() {
        text += "\nTo be known before this is believed:\n";
        for remark in &report.remarks {
            text += &wrapped(&remark.to_string(), 2, width);
        }
    }
    text
}

/// That Debian has not rated something yet is said of almost everything.
fn shorten(row: &mut TableRow) {
    let parts = row.severity.split(", ").filter(|part| *part != UNRATED);
    row.severity = parts.collect::<Vec<_>>().join(", ");
}

fn head(judged: &Judged) -> String {
    let report = &judged.report;
    let digest = report.subject.digest.as_ref().map(|digest| {
        let hex: String = digest.hex().chars().take(SHORT_DIGEST).collect();
        format!(" {hex}")
    });
    let mut text = format!("{}{}\n", subject(report), digest.unwrap_or_default());
    let _ = writeln!(text, "{}, {} packages", distribution(report), report.packages);
    let counts = Counts::of(report).sentence();
    let _ = match (judged.unknown.join("; "), report.standing) {
        (reasons, _) if reasons.is_empty() => writeln!(text, "{}", headline(report)),
        (reasons, Standing::Absent) if report.findings.is_empty() => writeln!(text, "unknown: {reasons}"),
        (reasons, _) => writeln!(text, "unknown: {reasons}; as far as is known: {counts}"),
    };
    let feeds: Vec<String> = report.feeds.iter().map(|feed| format!("{} of {}", feed.name, feed.date)).collect();
    if !feeds.is_empty() {
        let _ = writeln!(text, "Data: {}", feeds.join(", "));
    }
    text
}

fn distribution(report: &Report) -> String {
    let it = &report.distribution;
    let id = match it.id.as_str() {
        "" => "Of no distribution that is named",
        "debian" => "Debian",
        other => other,
    };
    let version = it.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{id}{version}{}", it.codename.as_ref().map(|name| format!(" ({name})")).unwrap_or_default())
}

fn group(group: &TableGroup, width: Option<usize>) -> String {
    let binaries = group.packages.iter().filter(|name| **name != group.source).cloned().collect::<Vec<_>>().join(", ");
    let binaries = if binaries.is_empty() { binaries } else { format!(" ({binaries})") };
    let mut text = String::from("\n");
    text += &wrapped(&format!("{} {}{binaries}", group.source, group.source_version), 0, width);
    let widest = |cell: fn(&TableRow) -> &str| group.rows.iter().map(|row| length(cell(row))).max().unwrap_or(0);
    let columns = [widest(|row| &row.id), widest(|row| row.status_word), widest(|row| &row.severity)];
    let begins = 2 + columns.iter().filter(|column| **column > 0).map(|column| column + 2).sum::<usize>();
    for row in &group.rows {
        let cells = [row.id.as_str(), row.status_word, row.severity.as_str()];
        let cells = cells.iter().zip(columns).filter(|(_, column)| *column > 0);
        let line: String =
            cells.map(|(cell, column)| format!("{cell}{}  ", " ".repeat(column - length(cell)))).collect();
        let line = match width {
            Some(width) if begins + NARROWEST > width => {
                format!("  {}\n{}", line.trim_end(), wrapped(&row.words, INDENT, Some(width)))
            }
            width => format!("  {line}{}", wrapped(&row.words, begins, width).trim_start()),
        };
        text.push_str(&line);
    }
    text
}

/// Lines of at most `width` characters, each with an indent; a word that is longer stays whole.
fn wrapped(text: &str, indent: usize, width: Option<usize>) -> String {
    let most = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(1));
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let begun = lines.last().map_or(0, |line| length(line));
        if begun > 0 && begun + 1 + length(word) > most {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            *line += if line.is_empty() { "" } else { " " };
            *line += word;
        }
    }
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use scan::{ArchiveFix, Evidence, Remark};

    use super::*;
    use crate::scan_fixtures::{finding, report};

    fn example() -> Judged {
        let mut fixable = finding("CVE-2026-1", "openssl", FindingStatus::Fixable);
        fixable.fix = Some(ArchiveFix { version: "1.0-2".into(), suite: "trixie-security".into(), since: None });
        fixable.severity.urgency = Some("high".into());
        let mut ignored = finding("CVE-2025-10000", "openssl", FindingStatus::Ignored);
        ignored.severity.urgency = Some("not yet assigned".into());
        ignored.debian.reason = Some("Too intrusive to backport".into());
        let mut never = finding("CVE-2020-1", "zlib", FindingStatus::NotAffected);
        never.evidence.push(Evidence::NeverAffected);
        let minor = finding("CVE-2024-2", "zlib", FindingStatus::Negligible);
        let mut report = report(vec![ignored, fixable, never, minor]);
        report.remarks.push(Remark { about: "layer sha256:1".into(), text: "is no part of what was read".into() });
        Judged { report, whole: None, unknown: Vec::new() }
    }

    #[test]
    fn a_report_is_read_from_the_top() {
        let expected = "\
images.example/python (linux/amd64)
Debian 13 (trixie), 2 packages
1 fixable; 1 open with Debian's reason; 1 unimportant; 1 not affected

openssl 1.0-1 (libopenssl)
  CVE-2026-1      fixable       Debian: high  fixed in 1.0-2 (trixie-security)
  CVE-2025-10000  will not fix                Debian will not fix it in this release: Too intrusive to backport

zlib 1.0-1 (libzlib)
  CVE-2024-2  unimportant  Debian calls it unimportant

1 not affected, with evidence: `--format json` lists them

To be known before this is believed:
  layer sha256:1: is no part of what was read
";
        assert_eq!(text(&[example()], None), expected);
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for width in [60, 90] {
            let text = text(&[example()], Some(width));
            let head = 3;
            for line in text.lines().skip(head) {
                assert!(length(line) <= width, "{width}: {line}");
            }
            let words: Vec<&str> = text.split_whitespace().collect();
            assert!(words.join(" ").contains("in this release: Too intrusive to backport"), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_stands_first_and_nothing_is_called_clean() {
        let mut judged = Judged { report: report(Vec::new()), whole: None, unknown: vec!["a layer is missing".into()] };
        assert!(
            text(&[judged.clone()], None).contains("\nunknown: a layer is missing; as far as is known: 0 fixable\n")
        );
        judged.report.standing = Standing::Absent;
        assert!(text(&[judged], None).contains("\nunknown: a layer is missing\n"));
    }
}
