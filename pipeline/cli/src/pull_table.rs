//! What `up` prints after a wave: what became of each image, and lines to copy.

use plan::{Outcome, Publication, WaveSummary};
use serde::Serialize;
use worker::{Sent, Wave};

use crate::arguments::Format;
use crate::output::{self, Table, bytes};
use crate::sent_text;

/// Said wherever images are offered, until scanning is part of a wave.
pub(crate) const UNSCANNED: &str = "These images are signed, and nothing looks for known vulnerabilities in them: this version of bedplate does not scan.";

/// What programs read.
#[derive(Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    summary: &'r WaveSummary,
    #[serde(skip_serializing_if = "<[Sent]>::is_empty")]
    sent: &'r [Sent],
}

/// Prints the table, the summary, the lines to copy, and what became of images at other registries.
pub(crate) fn print(
    format: Format,
    url: &str,
    wave: &Wave,
    summary: &WaveSummary,
    sent: &[Sent],
) -> anyhow::Result<()> {
    let mut table = Table::new(["IMAGE", "TAGS", "PLATFORM", "SIZE", "PACKAGES", "DIGEST", "OUTCOME"]);
    for one in &summary.images {
        let published = wave.publications.get(&one.image);
        add_rows(&mut table, &one.image, published.as_ref(), &outcome(&one.outcome));
    }
    output::print(format, &table, &Report { summary, sent })?;
    if format == Format::Json {
        return Ok(());
    }
    let (published, up_to_date, failed) = summary.counts();
    let mut lines = vec![String::new(), format!("{published} published, {up_to_date} up to date, {failed} failed")];
    for one in &summary.images {
        if let Outcome::Failed { whose, message } = &one.outcome {
            lines.push(format!("  {} failed [{whose}]: {message}", one.image));
        }
    }
    lines.extend([
        String::new(),
        UNSCANNED.to_owned(),
        String::new(),
        format!("Status page: {url}/"),
        format!("Keys to verify with: {url}/keys/"),
    ]);
    let pull = summary.images.iter().filter_map(|one| wave.publications.get(&one.image));
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    lines.extend(pull.map(|it| format!("  docker pull {host}/{}", reference(&it))));
    output::print_text(&(lines.join("\n") + "\n"))?;
    if sent.is_empty() {
        return Ok(());
    }
    output::print_text("\n")?;
    output::print(format, &sent_text::table(sent, false), &())?;
    output::print_text(&format!("\n{}", sent_text::summary(sent)))
}

/// Repository and first tag.
fn reference(publication: &Publication) -> String {
    format!("{}:{}", publication.repository, publication.tags.first().unwrap_or(&publication.fixed_tag))
}

fn add_rows(table: &mut Table, image: &str, published: Option<&Publication>, outcome: &str) {
    let Some(published) = published else {
        table.row([image, "", "", "", "", "", outcome]);
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
            first(format!("sha256:{}", published.index.short())),
            first(outcome.to_owned()),
        ]);
    }
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
