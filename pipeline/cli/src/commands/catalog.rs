//! `bedplate catalog`: what images there are, whether the catalogue is right, and what a person has read.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use assemble::{Catalogue, Definition};
use serde::Serialize;
use worker::architecture_of;

use crate::arguments::{Arguments, Catalog, Format, Review};
use crate::catalogue_check::{Problem, Report, check};
use crate::context::Context;
use crate::output::{self, Table};
use crate::review_file::{Added, add_review};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Catalog) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    match command {
        Catalog::Check => print_check(arguments.format, &checked(&context)?),
        Catalog::List => list(arguments.format, &context.catalogue()?),
        Catalog::Review(review) => record(&context, review),
    }
}

/// A catalogue that cannot be read has one problem, the first.
fn checked(context: &Context) -> anyhow::Result<Report> {
    let files = match &context.settings.catalog {
        Some(folder) => files_below(folder, folder)?,
        None => catalog::files().into_iter().map(|(path, _)| path.to_owned()).collect(),
    };
    Ok(match context.judging().and_then(|_| context.catalogue()) {
        Ok(catalogue) => check(&catalogue, &files),
        Err(error) => Report {
            schema: "bedplate.catalog-check/v1",
            problems: vec![Problem { place: "catalogue".into(), problem: format!("{error:#}") }],
            ..Report::default()
        },
    })
}

fn files_below(root: &Path, folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    for path in worker::list(folder).context("cannot read the catalogue folder")? {
        if path.is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.insert(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

fn print_check(format: Format, checked: &Report) -> anyhow::Result<u8> {
    let mut table = Table::new(["PLACE", "PROBLEM"]);
    for it in &checked.problems {
        table.row([&it.place, &it.problem]);
    }
    match format {
        Format::Json => output::print(format, &table, checked)?,
        _ if checked.problems.is_empty() => {}
        _ => output::print(format, &table, checked)?,
    }
    if format != Format::Json {
        output::print_text(&summary(checked))?;
    }
    Ok(u8::from(!checked.problems.is_empty()))
}

fn summary(checked: &Report) -> String {
    let verdict = match checked.problems.len() {
        0 => "nothing is wrong".into(),
        1 => "1 problem".into(),
        count => format!("{count} problems"),
    };
    let counts: Vec<String> = checked.checked.iter().map(|(what, count)| format!("{count} {what}")).collect();
    if counts.is_empty() {
        return format!("{verdict}: nothing else was checked, because the catalogue cannot be read\n");
    }
    format!("checked {}: {verdict}\n", counts.join(", "))
}

/// One image, as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'c> {
    name: &'c str,
    repository: &'c str,
    tags: &'c [String],
    parent: Option<&'c str>,
    release: &'c str,
    packages: Vec<String>,
    platforms: Vec<String>,
    end_of_life: jiff::civil::Date,
    summary: &'c str,
}

fn list(format: Format, catalogue: &Catalogue) -> anyhow::Result<u8> {
    let lines: Vec<Line<'_>> = catalogue.definitions.values().map(|it| line(catalogue, it)).collect();
    let headings = ["IMAGE", "TAGS", "PARENT", "ROOT PACKAGES", "PLATFORMS", "END OF LIFE", "SUMMARY"];
    let mut table = Table::new(headings);
    for line in &lines {
        table.row([
            line.name,
            &format!("{}:{}", line.repository, line.tags.join(" ")),
            line.parent.unwrap_or("–"),
            &line.packages.join(" "),
            &line.platforms.join(" "),
            &line.end_of_life.to_string(),
            line.summary,
        ]);
    }
    output::print(format, &table, &lines)?;
    Ok(0)
}

fn line<'c>(catalogue: &'c Catalogue, definition: &'c Definition) -> Line<'c> {
    Line {
        name: &definition.name,
        repository: definition.repository(),
        tags: &definition.tags,
        parent: definition.parent.as_deref(),
        release: &definition.release,
        packages: packages(catalogue, definition),
        platforms: definition.platforms.iter().map(ToString::to_string).collect(),
        end_of_life: definition.end_of_life,
        summary: &definition.summary,
    }
}

/// The root packages with their variables filled in; as written where that cannot be done.
fn packages(catalogue: &Catalogue, definition: &Definition) -> Vec<String> {
    let platform = definition.platforms.first();
    let architecture = platform.and_then(|platform| architecture_of(&definition.name, platform).ok());
    let chain = architecture.and_then(|it| catalogue.expanded_chain(&definition.name, it).ok());
    let filled = chain.and_then(|chain| chain.into_iter().next_back());
    filled.unwrap_or_else(|| definition.clone()).packages
}

/// Adds a review to `reviewed.yaml` of the catalogue's folder.
fn record(context: &Context, review: &Review) -> anyhow::Result<u8> {
    let Some(folder) = &context.settings.catalog else {
        bail!(
            "the built-in catalogue cannot be changed: put a copy of it into a folder, \
             and name that folder as `catalog` in the settings file"
        );
    };
    let path = folder.join("reviewed.yaml");
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let added = add_review(&text, &review.package, &review.digest, &review.note)
        .with_context(|| format!("`{}` stays as it is", path.display()))?;
    let said = match added {
        Added::Known => format!("{} of {} is reviewed already\n", review.digest, review.package),
        Added::Text(text) => {
            worker::write_atomically(&path, text.as_bytes())?;
            format!("recorded {} of {} in {}\n", review.digest, review.package, path.display())
        }
    };
    output::print_text(&said)?;
    Ok(0)
}
