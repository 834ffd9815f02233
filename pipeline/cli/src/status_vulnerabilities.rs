//! The vulnerabilities of one image: what Debian says, where the fix is, severities side by side, and what is not affected with its evidence.
//!
//! In: [`ImageFindings`]. Out: a section of the image's page.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use maud::{Markup, html};
use scan::{Finding, FindingStatus, Remark, evidence, in_words, status_word, tracker_page};

use crate::findings::{FindingRow, ImageFindings, Known};
use crate::status_findings::{counts, grade};
use crate::status_parts::{day, day_text, time};

/// A description is cut after so many characters; the tracker has all of it.
const DESCRIPTION: usize = 160;

/// Rows of one source package.
type Group<'r> = (&'r str, Vec<&'r FindingRow>);

/// The section.
pub(crate) fn section(known: &Known, name: &str, now: Timestamp) -> Markup {
    let image = known.images.get(name);
    html! {
        section #vulnerabilities {
            h2 { "Vulnerabilities" }
            p.graded { (grade(&known.graded(name))) }
            (counts(image, now))
            @if let Some(image) = image { (found(image, now)) }
            p { a href={ "/api/v1/images/" (name) "/vulnerabilities" } { "as JSON" } " · "
                a href={ "/vex/" (name) ".openvex.json" } { "as OpenVEX" } " · " a href="/vex/" { "all VEX documents" } }
        }
    }
}

/// What a reader should know, each once; folded where it is much.
fn remarks(image: &ImageFindings) -> Markup {
    let all: BTreeSet<&Remark> = image.reports.iter().flat_map(|report| &report.remarks).collect();
    let listed = html! { @for remark in &all { p.message { (remark) } } };
    if all.len() <= 2 {
        return listed;
    }
    html! { details { summary { (all.len()) " remarks" } (listed) } }
}

fn found(image: &ImageFindings, now: Timestamp) -> Markup {
    let rows = |keep: fn(FindingStatus) -> bool| {
        image.rows.iter().filter(move |row| keep(row.finding.status)).collect::<Vec<_>>()
    };
    let open = rows(|status| !matches!(status, FindingStatus::Negligible | FindingStatus::NotAffected));
    let negligible = rows(|status| status == FindingStatus::Negligible);
    let not_affected = rows(|status| status == FindingStatus::NotAffected);
    html! {
        @if let Some(at) = image.scanned { p { "Scanned " (time(at, now)) ": " (image.standing) "." } }
        (remarks(image))
        @if !open.is_empty() { (table(image, &open, now)) }
        @if !negligible.is_empty() {
            details { summary { (negligible.len()) " that Debian calls unimportant" } (table(image, &negligible, now)) }
        }
        @if !not_affected.is_empty() {
            details.unaffected { summary { (not_affected.len()) " not affected, with evidence" } (table(image, &not_affected, now)) }
        }
    }
}

/// The source with the worst finding comes first.
fn groups<'r>(rows: &[&'r FindingRow]) -> Vec<Group<'r>> {
    let mut groups: BTreeMap<&str, Vec<&FindingRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.finding.source).or_default().push(row);
    }
    let mut groups: Vec<Group<'r>> = groups.into_iter().collect();
    for (_, rows) in &mut groups {
        rows.sort_by_key(|row| (row.finding.status, &row.finding.id));
    }
    groups.sort_by_key(|(source, rows)| (rows.first().map(|row| row.finding.status), *source));
    groups
}

fn table(image: &ImageFindings, rows: &[&FindingRow], now: Timestamp) -> Markup {
    html! {
        table.dense.findings {
            thead { tr {
                th { "Vulnerability" } th { "What it comes to" } th { "Fixed in" } th { "Debian's urgency" } th.number { "CVSS" }
                th { "Exploited" } th.number { "EPSS" } th { "Seen since" }
            } }
            @for (source, rows) in groups(rows) {
                tbody {
                    tr.group { th colspan="8" scope="rowgroup" { (heading(source, &rows)) } }
                    @for row in rows { (line(image, row, now)) }
                }
            }
        }
    }
}

fn heading(source: &str, rows: &[&FindingRow]) -> Markup {
    let mut packages: Vec<String> = rows
        .iter()
        .flat_map(|row| row.finding.packages.iter().map(|package| (package, &row.finding.source_version)))
        .map(|(package, source)| {
            if package.version == *source {
                package.name.clone()
            } else {
                format!("{} {}", package.name, package.version)
            }
        })
        .collect();
    packages.sort();
    packages.dedup();
    let version = rows.first().map_or("", |row| row.finding.source_version.as_str());
    html! { strong { (source) } " " code { (version) } " " small { "installed as " (packages.join(", ")) } }
}

fn line(image: &ImageFindings, row: &FindingRow, now: Timestamp) -> Markup {
    let finding = &row.finding;
    html! {
        tr {
            td { (id(&finding.id)) @if let Some(text) = &finding.description { br; small { (cut(text)) } } }
            td { (status(finding)) @if !image.is_everywhere(row) { br; small { "only " (row.platforms.join(", ")) } } }
            td { (fix(finding)) }
            td { (finding.severity.urgency.as_deref().unwrap_or("–")) }
            td.number { @match &finding.severity.cvss {
                Some(cvss) => { span title=(cvss.vector) { (format!("{:.1}", cvss.score)) } }
                None => { "–" }
            } }
            td { @match finding.severity.kev { Some(since) => { strong.bad { "since " (since) } } None => { "–" } } }
            td.number { @match finding.severity.epss {
                Some(epss) => { (format!("{:.1} %", epss.probability * 100.0)) }
                None => { "–" }
            } }
            td { @match row.since { Some(at) => { (day(at, now)) } None => { "–" } } }
        }
    }
}

/// A vulnerability with our page about it and Debian's.
pub(crate) fn id(id: &str) -> Markup {
    html! {
        a.id href={ "/vulnerabilities/" (address(id)) } { (id) } " "
        a.outside href=(tracker_page(id)) rel="noreferrer" title="in Debian's security tracker" { "Debian" }
    }
}

/// The status in a word, then in Debian's words or by its evidence.
pub(crate) fn status(finding: &Finding) -> Markup {
    let class = match finding.status {
        FindingStatus::Fixable => "badge bad",
        FindingStatus::NotAffected | FindingStatus::Negligible => "badge unknown",
        _ => "badge late",
    };
    // What is not affected says in words what its evidence is; for all others evidence stands beside.
    let beside = finding.evidence.iter().filter(|_| finding.status != FindingStatus::NotAffected);
    html! {
        span class=(class) { (status_word(finding.status)) } " " (in_words(finding))
        @if let Some(bug) = finding.debian.bug { " " small { "bug #" (bug) } }
        @for one in beside { br; small { (evidence(one)) } }
    }
}

fn fix(finding: &Finding) -> Markup {
    html! {
        @match (&finding.fix, &finding.fixed_version) {
            (Some(fix), _) => {
                code { (fix.version) } br;
                small { (fix.suite) @if let Some(since) = fix.since { " since " (day_text(since)) } }
            }
            (None, Some(version)) => { code { (version) } }
            (None, None) => { "–" }
        }
        @for notice in &finding.notices { br; small { (notice.id) " of " (notice.date) } }
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION).chain(['…']).collect()
}

/// An id as one part of an address.
pub(crate) fn address(id: &str) -> String {
    tracker_page(id).rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known};

    #[test]
    fn says_what_debian_says_and_what_stands_against_it() {
        let text = section(&known(NOW), "python", at(NOW)).into_string();
        for expected in [
            "<a class=\"id\" href=\"/vulnerabilities/CVE-2026-2\">CVE-2026-2</a>",
            "href=\"https://security-tracker.debian.org/tracker/CVE-2026-2\" rel=\"noreferrer\"",
            "<strong>openssl</strong> <code>1.0-1</code> <small>installed as openssl</small>",
            "fixed in 3.5.7-1~deb13u4 (trixie-security since 2026-11-23, DSA-6531-1)",
            "<code>3.5.7-1~deb13u4</code><br><small>trixie-security since 2026-11-23</small><br><small>DSA-6531-1 of 2026-11-23",
            "<td>high</td><td class=\"number\"><span title=\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\">7.5</span></td>",
            "<strong class=\"bad\">since 2026-11-21</strong>",
            "<td class=\"number\">12.3 %</td>",
            "no advisory planned: Minor &lt;i&gt;issue&lt;/i&gt;",
            "2026-11-10</time>",
            "<summary>1 that Debian calls unimportant</summary>",
            "<details class=\"unaffected\"><summary>1 not affected, with evidence</summary>",
            "`minizip` is not in the image: minizip is &lt;not&gt; built",
            "A &lt;script&gt;alert(2)&lt;/script&gt; in the parser",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        assert!(text.find("<strong>openssl</strong>") < text.find("<strong>glibc</strong>"), "the worst first");
    }

    #[test]
    fn what_was_not_scanned_is_unknown() {
        let text = section(&Known::default(), "python", at(NOW)).into_string();
        assert!(text.contains(">?</span>") && text.contains("not scanned") && !text.contains("<table"), "{text}");
    }

    #[test]
    fn long_descriptions_are_cut_between_characters() {
        assert_eq!(cut(&"ä".repeat(161)).chars().count(), 161);
        assert!(cut(&"ä".repeat(200)).ends_with('…') && cut("short") == "short");
        assert_eq!(address("x)/../y"), "x%29%2F..%2Fy");
    }
}
