//! `bedplate catalog`: what images there are, whether the catalogue is right, and what was reviewed.

use anyhow::{Context as _, bail};
use assemble::{Catalogue, Definition, moving_tags};
use serde::Serialize;
use worker::architecture_of;

use crate::arguments::{Arguments, Catalog, Review};
use crate::context::Context;
use crate::output::{self, Table};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Catalog) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    match command {
        Catalog::Check => check(&context.catalogue()?),
        Catalog::List => list(arguments, &context.catalogue()?),
        Catalog::Review(review) => record(&context, review),
    }
}

/// Fills in every definition for every platform and looks for what only then shows.
fn check(catalogue: &Catalogue) -> anyhow::Result<u8> {
    let mut problems = Vec::new();
    for (name, definition) in &catalogue.definitions {
        for platform in &definition.platforms {
            let expanded = architecture_of(name, platform)
                .map_err(|error| error.to_string())
                .and_then(|it| catalogue.expanded_chain(name, it).map_err(|error| error.to_string()));
            problems.extend(expanded.err());
        }
        problems.extend(moving_tags(definition, "1.2.3").err().map(|error| error.to_string()));
        if definition.smoke.is_empty() {
            problems.push(format!("definition `{name}` has no smoke test: add one under `smoke`"));
        }
    }
    problems.dedup();
    let text = format!(
        "{} images, {} cuts, {} drop rules, {} packages with reviewed scripts: {} problems\n",
        catalogue.definitions.len(),
        catalogue.cuts.len(),
        catalogue.drops.len(),
        catalogue.reviewed.packages.len(),
        problems.len()
    );
    output::print_text(&(problems.iter().map(|problem| format!("{problem}\n")).collect::<String>() + &text))?;
    Ok(u8::from(!problems.is_empty()))
}

#[derive(Serialize)]
struct Line<'c> {
    name: &'c str,
    repository: &'c str,
    parent: Option<&'c str>,
    release: &'c str,
    platforms: Vec<String>,
    end_of_life: String,
    summary: &'c str,
}

fn list(arguments: &Arguments, catalogue: &Catalogue) -> anyhow::Result<u8> {
    let lines: Vec<Line<'_>> = catalogue.definitions.values().map(line).collect();
    let mut table = Table::new(["IMAGE", "REPOSITORY", "PARENT", "RELEASE", "PLATFORMS", "END OF LIFE", "SUMMARY"]);
    for line in &lines {
        table.row([
            line.name,
            line.repository,
            line.parent.unwrap_or_default(),
            line.release,
            &line.platforms.join(" "),
            &line.end_of_life,
            line.summary,
        ]);
    }
    output::print(arguments.format, &table, &lines)?;
    Ok(0)
}

fn line(definition: &Definition) -> Line<'_> {
    Line {
        name: &definition.name,
        repository: definition.repository(),
        parent: definition.parent.as_deref(),
        release: &definition.release,
        platforms: definition.platforms.iter().map(ToString::to_string).collect(),
        end_of_life: definition.end_of_life.to_string(),
        summary: &definition.summary,
    }
}

/// Adds a review to `reviewed.yaml`, below the package's name; everything else in the file stays as it is.
fn record(context: &Context, review: &Review) -> anyhow::Result<u8> {
    let Some(folder) = &context.settings.catalog else {
        bail!("the built-in catalogue cannot be changed: set `catalog` to a folder with a copy of it");
    };
    let path = folder.join("reviewed.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let changed = insert_review(&text, review).with_context(|| format!("in `{}`", path.display()))?;
    worker::write_atomically(&path, changed.as_bytes())?;
    output::print_text(&format!("recorded {} for {} in {}\n", review.digest, review.package, path.display()))?;
    Ok(0)
}

fn insert_review(text: &str, review: &Review) -> anyhow::Result<String> {
    let entry = format!("    - {{ digest: \"{}\", note: {} }}\n", review.digest, serde_json::to_string(&review.note)?);
    let heading = format!("  {}:\n", review.package);
    let changed = if let Some(at) = text.find(&format!("\n{heading}")) {
        let after = at + 1 + heading.len();
        format!("{}{entry}{}", &text[..after], &text[after..])
    } else {
        let packages = "packages:\n";
        let at = text.find(packages).context("expected a line `packages:`")? + packages.len();
        format!("{}{heading}{entry}{}", &text[..at], &text[at..])
    };
    let reviewed: assemble::Reviewed = assemble::read_yaml("reviewed.yaml", &changed)?;
    let known = reviewed.packages.get(&review.package).into_iter().flatten();
    anyhow::ensure!(known.into_iter().any(|one| one.digest == review.digest), "the review could not be added by hand");
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(package: &str) -> Review {
        Review { package: package.into(), digest: blob::Digest::of("new"), note: "makes \"links\"".into() }
    }

    #[test]
    fn adds_a_review_and_leaves_the_rest() {
        let old = blob::Digest::of("old");
        let text =
            format!("# by hand\ntriggers: {{}}\npackages:\n  libc6:\n    - {{ digest: \"{old}\", note: \"n\" }}\n");
        let more = insert_review(&text, &review("libc6")).unwrap();
        assert!(more.starts_with("# by hand\n") && more.matches("digest").count() == 2, "{more}");
        let new = insert_review(&text, &review("zlib1g")).unwrap();
        assert!(new.contains("  zlib1g:\n    - { digest: \"sha256:"), "{new}");
    }
}
