//! What `up` prints after a wave: what became of each image, its grade and findings, how the data stand, and lines to copy.

use std::collections::BTreeMap;

use plan::{Outcome, Publication, WaveSummary};
use scan::{Counts, Grade, Standing};
use serde::Serialize;
use worker::Sent;

use crate::arguments::Format;
use crate::findings::{Known, reason};
use crate::output::{self, Table, bytes};
use crate::sent_text;
use crate::status::View;
use crate::status_findings::letter;
use crate::status_findings_api::Summary;

/// What programs read.
#[derive(Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    summary: &'r WaveSummary,
    /// What the vulnerabilities of each published image come to.
    findings: BTreeMap<&'r str, Summary<'r>>,
    /// How the vulnerability data stand.
    data: Standing,
    #[serde(skip_serializing_if = "<[Sent]>::is_empty")]
    sent: &'r [Sent],
}

/// Prints the table, the summary, the lines to copy, and what became of images at other registries.
pub(crate) fn print(
    format: Format,
    url: &str,
    view: &View,
    summary: &WaveSummary,
    sent: &[Sent],
) -> anyhow::Result<()> {
    output::print(format, &table(view, summary), &report(view, summary, sent))?;
    if format == Format::Json {
        return Ok(());
    }
    output::print_text(&(lines(url, view, summary).join("\n") + "\n"))?;
    if sent.is_empty() {
        return Ok(());
    }
    output::print_text("\n")?;
    output::print(format, &sent_text::table(sent, false), &())?;
    output::print_text(&format!("\n{}", sent_text::summary(sent)))
}

fn report<'r>(view: &'r View, summary: &'r WaveSummary, sent: &'r [Sent]) -> Report<'r> {
    let published = summary.images.iter().filter(|one| publication(view, &one.image).is_some());
    let findings = published.map(|one| (one.image.as_str(), Summary::of(&view.known, &one.image))).collect();
    Report { summary, findings, data: view.known.data.standing, sent }
}

fn publication<'v>(view: &'v View, image: &str) -> Option<&'v Publication> {
    view.image(image)?.publication.as_ref()
}

fn table(view: &View, summary: &WaveSummary) -> Table {
    let headings = ["IMAGE", "TAGS", "PLATFORM", "SIZE", "PACKAGES", "GRADE", "FINDINGS", "DIGEST", "OUTCOME"];
    let mut table = Table::new(headings);
    for one in &summary.images {
        add_rows(&mut table, &one.image, publication(view, &one.image), &view.known, &outcome(&one.outcome));
    }
    table
}

/// What stands below the table.
fn lines(url: &str, view: &View, summary: &WaveSummary) -> Vec<String> {
    let (published, up_to_date, failed) = summary.counts();
    let mut lines = vec![String::new(), format!("{published} published, {up_to_date} up to date, {failed} failed")];
    for one in &summary.images {
        if let Outcome::Failed { whose, message } = &one.outcome {
            lines.push(format!("  {} failed [{whose}]: {message}", one.image));
        }
    }
    lines.push(String::new());
    lines.extend(known_lines(view, summary));
    lines.extend([String::new(), format!("Status page: {url}/"), format!("Keys to verify with: {url}/keys/")]);
    let pull = summary.images.iter().filter_map(|one| publication(view, &one.image));
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    lines.extend(pull.map(|it| format!("  docker pull {host}/{}", reference(it))));
    lines
}

/// How the data stand, why a grade is not A, and overrides in force.
fn known_lines(view: &View, summary: &WaveSummary) -> Vec<String> {
    let known = &view.known;
    let mut lines = vec![known.data.line()];
    lines.extend(known.unreadable.as_ref().map(|reason| format!("Every grade is unknown: {reason}")));
    let graded = summary.images.iter().filter(|one| publication(view, &one.image).is_some());
    for one in graded.filter(|_| known.unreadable.is_none()) {
        let graded = known.graded(&one.image);
        if graded.grade != Grade::A {
            lines.push(format!("  {} {}: {}", one.image, letter(graded.grade), reason(&graded)));
        }
    }
    for (image, one) in known.overrides(view.now) {
        let by = &one.by;
        lines.push(format!(
            "OVERRIDE in force for {image} until {}, by {}: {}: {}",
            by.expires, by.name, by.reason, one.reason
        ));
    }
    lines
}

/// Repository and first tag.
fn reference(publication: &Publication) -> String {
    format!("{}:{}", publication.repository, publication.tags.first().unwrap_or(&publication.fixed_tag))
}

fn add_rows(table: &mut Table, image: &str, published: Option<&Publication>, known: &Known, outcome: &str) {
    let Some(published) = published else {
        table.row([image, "", "", "", "", "", "", "", outcome]);
        return;
    };
    for (position, (name, platform)) in published.platforms.iter().enumerate() {
        let first = |text: String| if position == 0 { text } else { String::new() };
        table.row([
            first(published.repository.clone()),
            first(published.tags.join(" ")),
            name.clone(),
            bytes(platform.size),
            platform.packages.to_string(),
            first(letter(known.graded(image).grade).to_owned()),
            first(findings(known, image)),
            first(format!("sha256:{}", published.index.short())),
            first(outcome.to_owned()),
        ]);
    }
}

/// The counts in a few words; unknown where they are not those of this moment.
fn findings(known: &Known, image: &str) -> String {
    let current = known.images.get(image).filter(|it| it.standing.is_current());
    current.map_or_else(|| "unknown".to_owned(), |it| short(&it.counts))
}

fn short(counts: &Counts) -> String {
    let open = counts.open + counts.reasoned + counts.pending + counts.unknown + counts.under_investigation;
    format!("{} fixable, {open} open, {} unimportant", counts.fixable, counts.negligible)
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::UpToDate { .. } => "up to date".into(),
        Outcome::Published { reasons, milliseconds, .. } => {
            let more = if reasons.len() > 1 { format!(" and {} more", reasons.len() - 1) } else { String::new() };
            let first = reasons.first().map_or("changed", String::as_str);
            format!("published in {}.{} s: {first}{more}", milliseconds / 1000, milliseconds % 1000 / 100)
        }
        Outcome::Failed { whose, .. } => format!("failed [{whose}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known, override_of};
    use crate::status_fixtures::{up_to_date, view};

    fn shown(view: &View) -> String {
        let summary = WaveSummary { images: vec![up_to_date("python")] };
        format!("{}{}", table(view, &summary).to_text(), lines("http://images.example", view, &summary).join("\n"))
    }

    #[test]
    fn shows_grades_findings_and_the_date_of_the_data() {
        let text = shown(&view(known(NOW)));
        for expected in [
            "B      1 fixable, 2 open, 1 unimportant",
            "Vulnerability data of 2026-11-23 12:00 UTC (sha256:",
            "  python B: openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 8 hours",
            "docker pull images.example/python:3.13",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        assert!(!text.contains("OVERRIDE"), "{text}");
    }

    #[test]
    fn says_why_grades_are_unknown_and_what_is_overridden() {
        let mut known = known("2026-11-25T00:00:00Z");
        let verdict = known.images.get_mut("python").unwrap().verdict.as_mut().unwrap();
        verdict.overridden.push(override_of("2026-12-24"));
        let text = shown(&View { now: at("2026-11-25T00:00:00Z"), ..view(known) });
        for expected in [
            "?      unknown ",
            "older than 24 hours: every grade is unknown until newer ones come.",
            "OVERRIDE in force for python until 2026-12-24, by Ann <b>Example</b>: the fix breaks TLS: CVE-2026-2 in openssl is fixable",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        let summary = WaveSummary { images: vec![up_to_date("python")] };
        let nothing = view(Known::default());
        let report = serde_json::to_value(report(&nothing, &summary, &[])).unwrap();
        assert_eq!(
            (&report["findings"]["python"]["grade"], &report["data"]["standing"]),
            (&"unknown".into(), &"absent".into())
        );
    }
}
